// The conntrack key of a packet, worked out a second time: the side with the lower address and port comes first.

import type { FlowKey } from '../../../orchestrator/datapath/generated/layouts.ts';
import type { Packet } from '../../../orchestrator/net/packet.ts';
import { protocolNumber } from '../../../orchestrator/net/transport.ts';
import { addressWords, swapPort } from '../../../orchestrator/net/words.ts';

interface Side {
  readonly hi: bigint;
  readonly lo: bigint;
  readonly port: number;
}

/** Key of the flow whose originator sends `packet`; of ICMP only echo requests. */
export function flowKeyOf(packet: Packet): FlowKey {
  const { transport } = packet;
  const ports = 'sourcePort' in transport ? transport : { sourcePort: 'id' in transport ? (transport.id ?? 0) : 0, destinationPort: 0 };
  const source: Side = { ...addressWords(packet.source), port: swapPort(ports.sourcePort) };
  const destination: Side = { ...addressWords(packet.destination), port: swapPort(ports.destinationPort) };
  const [low, high] = isHigher(source, destination) ? [destination, source] : [source, destination];
  return {
    lowHi: low.hi,
    lowLo: low.lo,
    highHi: high.hi,
    highLo: high.lo,
    lowPort: low.port,
    highPort: high.port,
    protocol: protocolNumber(transport),
  };
}

function isHigher(a: Side, b: Side): boolean {
  if (a.hi !== b.hi) return a.hi > b.hi;
  if (a.lo !== b.lo) return a.lo > b.lo;
  return a.port > b.port;
}
