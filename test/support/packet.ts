// Packets of cases, told in one line between names of the world: tcp('client:40000 > vip:80', 'S') is a packet of either family.

import { buildPacket, type Packet } from '../../orchestrator/net/packet.ts';
import type { Icmp, Sctp, Tcp, Udp } from '../../orchestrator/net/transport.ts';
import { type Family, hostAddress } from './world.ts';

/** A packet once the family is known. */
export type CasePacket = (family: Family) => Packet;

/** What a line may leave to the defaults of the builder. */
export type Details = Partial<Omit<Packet, 'source' | 'destination' | 'transport'>>;

type TcpDetails = Details & Partial<Omit<Tcp, 'protocol' | 'flags'>>;
type UdpDetails = Details & Partial<Omit<Udp, 'protocol'>>;
type SctpDetails = Details & Partial<Omit<Sctp, 'protocol'>>;
type IcmpDetails = Details & Partial<Omit<Icmp, 'protocol'>>;

interface Ends {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** Echo and error types by what they say, in each family: [type, code]. */
export const icmpTypes = {
  echo: { ipv4: [8, 0], ipv6: [128, 0] },
  'echo reply': { ipv4: [0, 0], ipv6: [129, 0] },
  'port unreachable': { ipv4: [3, 3], ipv6: [1, 4] },
  'host unreachable': { ipv4: [3, 1], ipv6: [1, 3] },
  'too big': { ipv4: [3, 4], ipv6: [2, 0] },
  'time exceeded': { ipv4: [11, 0], ipv6: [3, 0] },
  'parameter problem': { ipv4: [12, 0], ipv6: [4, 0] },
} as const satisfies Record<string, Record<Family, readonly [number, number]>>;

export type IcmpKind = keyof typeof icmpTypes;

/** `name[:port] > name[:port]`. */
export function parseEnds(line: string, family: Family): Ends {
  const match = /^(\w+)(?::(\d+))? > (\w+)(?::(\d+))?$/.exec(line);
  if (match === null) throw new TypeError(`case packet: not "name[:port] > name[:port]": "${line}"`);
  const [, source = '', sourcePort, destination = '', destinationPort] = match;
  return {
    source: hostAddress(source, family),
    sourcePort: Number(sourcePort ?? 0),
    destination: hostAddress(destination, family),
    destinationPort: Number(destinationPort ?? 0),
  };
}

export function tcp(line: string, flags = 'A', details: TcpDetails = {}): CasePacket {
  return (family) => assemble(line, family, details, { protocol: 'tcp', flags });
}

export function udp(line: string, details: UdpDetails = {}): CasePacket {
  return (family) => assemble(line, family, { payload: 'datagram', ...details }, { protocol: 'udp' });
}

export function sctp(line: string, details: SctpDetails = {}): CasePacket {
  return (family) => assemble(line, family, { payload: 'a chunk.', ...details }, { protocol: 'sctp' });
}

/** An ICMP or ICMPv6 message by what it says. */
export function icmp(line: string, kind: IcmpKind, details: IcmpDetails = {}): CasePacket {
  return (family) => {
    const [type, code] = icmpTypes[kind][family];
    return assemble(line, family, { code, ...details }, { protocol: family === 'ipv4' ? 'icmp' : 'icmpv6', type });
  };
}

export function ping(line: string, id: number, details: IcmpDetails = {}): CasePacket {
  return icmp(line, 'echo', { id, sequence: 1, payload: 'ping', ...details });
}

export function pong(line: string, id: number, details: IcmpDetails = {}): CasePacket {
  return icmp(line, 'echo reply', { id, sequence: 1, payload: 'ping', ...details });
}

/** An ICMP error about a packet, of which `quoted` bytes are quoted (all by default). */
export function icmpError(line: string, kind: IcmpKind, about: CasePacket, details: IcmpDetails & { quoted?: number } = {}): CasePacket {
  const { quoted, ...rest } = details;
  return (family) => {
    const bytes = buildPacket(about(family));
    return icmp(line, kind, { payload: bytes.subarray(0, quoted ?? bytes.length), ...rest })(family);
  };
}

const transportFields = [
  'sourcePort',
  'destinationPort',
  'payload',
  'checksum',
  'sequence',
  'acknowledgement',
  'window',
  'options',
  'dataOffset',
];
const otherTransportFields = ['length', 'tag', 'type', 'code', 'id'];
const transportFieldNames = new Set([...transportFields, ...otherTransportFields]);

/** Sorts the details into those of the transport header and those of the packet. */
function assemble(line: string, family: Family, details: object, transport: { protocol: string; [field: string]: unknown }): Packet {
  const ends = parseEnds(line, family);
  const packet: Record<string, unknown> = { source: ends.source, destination: ends.destination };
  const header: Record<string, unknown> = { ...transport };
  if (!transport.protocol.startsWith('icmp')) Object.assign(header, { sourcePort: ends.sourcePort, destinationPort: ends.destinationPort });
  for (const [name, value] of Object.entries(details)) (transportFieldNames.has(name) ? header : packet)[name] = value;
  packet.transport = header;
  return packet as unknown as Packet;
}
