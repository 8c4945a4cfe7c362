// The key under which the datapath keeps a message's flow: the side with the lower address and port comes first.

import type { FlowKey } from '../datapath/generated/layouts.ts';
import { swapPort } from '../net/words.ts';
import { type Message, protocolNumbers } from './message.ts';

const echoRequests: readonly number[] = [8, 128];
const echoReplies: readonly number[] = [0, 129];

/** An echo has its identifier on the asking side; every other ICMP message its type on the answering side. */
function portsOf({ form, sourcePort, destinationPort }: Message): [source: number, destination: number] {
  if (form === 'tcp' || form === 'udp' || form === 'sctp') return [swapPort(sourcePort), swapPort(destinationPort)];
  if (form === 'icmp' && echoRequests.includes(destinationPort)) return [swapPort(sourcePort), 0];
  if (form === 'icmp' && echoReplies.includes(destinationPort)) return [0, swapPort(sourcePort)];
  return [0, swapPort(destinationPort)];
}

export function flowKey(message: Message): FlowKey {
  const { form, family, source, destination } = message;
  const [sourcePort, destinationPort] = portsOf(message);
  const protocol = protocolNumbers[form === 'tcp' || form === 'udp' || form === 'sctp' ? form : family === 4 ? 'icmp' : 'icmpv6'];
  const [from, to] = [source.key, destination.key];
  const isHigh = from.hi !== to.hi ? from.hi > to.hi : from.lo !== to.lo ? from.lo > to.lo : sourcePort > destinationPort;
  return isHigh
    ? { lowHi: to.hi, lowLo: to.lo, highHi: from.hi, highLo: from.lo, lowPort: destinationPort, highPort: sourcePort, protocol }
    : { lowHi: from.hi, lowLo: from.lo, highHi: to.hi, highLo: to.lo, lowPort: sourcePort, highPort: destinationPort, protocol };
}
