// What the parser's cases are made of.
import type { Packet } from '../../../orchestrator/net/packet.ts';
import type { Sctp, Tcp, Transport, Udp } from '../../../orchestrator/net/transport.ts';
import type { Offload } from './machine.ts';

export interface ParseCase {
  readonly name: string;
  readonly packet: Packet | Uint8Array;
  readonly offload?: Offload;
  /** FORWARDED when the packet is well formed. */
  readonly invalid: string;
  /** Facts that the case is about; ports and ids in host order. */
  readonly facts?: Readonly<Record<string, number>>;
}

export const four = { source: '10.0.0.1', destination: '10.0.0.2' };
export const six = { source: 'fd00::1', destination: 'fd00::2' };
export const ends = { sourcePort: 40000, destinationPort: 80 };
export const ports = { ...ends };
export const tcp: Tcp = { protocol: 'tcp', ...ends, flags: 'SA' };
export const udp: Udp = { protocol: 'udp', ...ends, payload: 'datagram' };
export const sctp: Sctp = { protocol: 'sctp', ...ends, payload: 'chunkchunk' };
export const options = Uint8Array.of(0x94, 4, 0, 0, 1, 1, 1, 0);

export const long: Udp = { ...udp, payload: new Uint8Array(64) };

export function both(
  name: string,
  transport: Transport,
  invalid: string,
  facts: ParseCase['facts'],
  rest: Partial<Packet> = {},
): ParseCase[] {
  return [
    { name: `ipv4 ${name}`, packet: { ...four, transport, ...rest }, invalid, facts },
    { name: `ipv6 ${name}`, packet: { ...six, transport, ...rest }, invalid, facts },
  ];
}
