// The entry of `fragments` that a message's first fragment would have left.

import type { FragmentKey, FragmentPorts } from '../datapath/generated/layouts.ts';
import { swapPort } from '../net/words.ts';
import { fragmentId, type Message, protocolNumbers } from './message.ts';

/** The type of an ICMP message stands in the place of its destination port, in the first byte. */
export function fragmentEntry({ family, source, destination, destinationPort }: Message, expires: number): [FragmentKey, FragmentPorts] {
  const id = new DataView(Uint32Array.of(fragmentId).buffer).getUint32(0, false);
  const protocol = family === 4 ? protocolNumbers.icmp : protocolNumbers.icmpv6;
  const [from, to] = [source.key, destination.key];
  const key = { sourceHi: from.hi, sourceLo: from.lo, destinationHi: to.hi, destinationLo: to.lo, id, protocol };
  return [key, { sourcePort: 0, destinationPort: swapPort(destinationPort), expires }];
}
