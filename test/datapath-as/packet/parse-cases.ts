// Packets of every kind that the parser tells apart, and what it says of them: the reason to refuse, and the facts worth a look.
import { buildPacket, type Extension, type Fragment, type Packet } from '../../../orchestrator/net/packet.ts';
import type { Transport } from '../../../orchestrator/net/transport.ts';
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

const FIRST = 2;
const LATER = 4;
const ERROR = 1;
const NEIGHBOUR = 8;

const four = { source: '10.0.0.1', destination: '10.0.0.2' };
const six = { source: 'fd00::1', destination: 'fd00::2' };
const ends = { sourcePort: 40000, destinationPort: 80 };
const ports = { ...ends };
const tcp: Transport = { protocol: 'tcp', ...ends, flags: 'SA' };
const udp: Transport = { protocol: 'udp', ...ends, payload: 'datagram' };
const sctp: Transport = { protocol: 'sctp', ...ends, payload: 'chunkchunk' };
const options = Uint8Array.of(0x94, 4, 0, 0, 1, 1, 1, 0);

function both(name: string, transport: Transport, invalid: string, facts: ParseCase['facts'], rest: Partial<Packet> = {}): ParseCase[] {
  return [
    { name: `ipv4 ${name}`, packet: { ...four, transport, ...rest }, invalid, facts },
    { name: `ipv6 ${name}`, packet: { ...six, transport, ...rest }, invalid, facts },
  ];
}

const transports: ParseCase[] = [
  ...both('tcp', tcp, 'FORWARDED', { ...ports, tcpFlags: 0x12, protocol: 6, flags: 0 }),
  ...both('tcp with options', { ...tcp, options: new Uint8Array(40) }, 'FORWARDED', ports),
  ...both('tcp with a header shorter than 20 bytes', { ...tcp, dataOffset: 4 }, 'INVALID_PACKET', { sourcePort: 0, tcpFlags: 0 }),
  ...both('tcp with a header longer than the packet', { ...tcp, dataOffset: 6 }, 'INVALID_PACKET', { sourcePort: 0 }),
  ...both('udp', udp, 'FORWARDED', { ...ports, protocol: 17, tcpFlags: 0 }),
  ...both('udp without payload', { ...udp, payload: '' }, 'FORWARDED', ports),
  ...both('udp shorter than its header', { ...udp, length: 7 }, 'INVALID_PACKET', { sourcePort: 0 }),
  ...both('udp longer than the packet', { ...udp, length: 17 }, 'INVALID_PACKET', { sourcePort: 0 }),
  ...both('udp shorter than the packet', { ...udp, length: 9 }, 'FORWARDED', ports),
  ...both('sctp', sctp, 'FORWARDED', { ...ports, protocol: 132 }),
  ...both('bytes behind the packet are ignored', tcp, 'FORWARDED', ports, { trailer: new Uint8Array(9) }),
  ...both('gre', { protocol: 47, payload: 'anything' }, 'UNSUPPORTED_L4', { protocol: 47, sourcePort: 0 }),
  { name: 'ipv6 no next header', packet: { ...six, transport: { protocol: 59 } }, invalid: 'UNSUPPORTED_L4' },
  { name: 'icmpv6 in ipv4', packet: { ...four, transport: { protocol: 'icmpv6', type: 128 } }, invalid: 'UNSUPPORTED_L4' },
  { name: 'icmp in ipv6', packet: { ...six, transport: { protocol: 'icmp', type: 8 } }, invalid: 'UNSUPPORTED_L4' },
  ...[...Array(20).keys()].flatMap((rest) => cut('tcp', { ...tcp, payload: '' }, rest)),
  ...[...Array(8).keys()].flatMap((rest) => cut('udp', { ...udp, payload: '' }, rest)),
  ...[...Array(12).keys()].flatMap((rest) => cut('sctp', { ...sctp, payload: '' }, rest)),
];

/** An honest IP header around a transport header of which only `rest` bytes exist. */
function cut(name: string, transport: Transport, rest: number): ParseCase[] {
  const fragment: Fragment = { id: 7, length: rest, more: false };
  return [
    { name: `ipv4 ${name} header of ${rest} bytes`, packet: { ...four, transport, fragment }, invalid: 'INVALID_PACKET' },
    { name: `ipv6 ${name} header of ${rest} bytes`, packet: { ...six, transport, fragment }, invalid: 'INVALID_PACKET' },
  ];
}

const ipv4: ParseCase[] = [
  { name: 'nothing', packet: new Uint8Array(0), invalid: 'INVALID_PACKET', facts: { family: 0, length: 0 } },
  { name: 'neither 4 nor 6', packet: { ...four, transport: tcp, ipv4: { version: 5 } }, invalid: 'UNSUPPORTED_L3', facts: { family: 0 } },
  ...[1, 10, 19].map((present) => ({
    name: `ipv4 cut to ${present} bytes`,
    packet: { ...four, transport: tcp, present },
    invalid: 'INVALID_PACKET',
    facts: { family: 0, sourceLo: 0, length: present },
  })),
  { name: 'ipv4 cut behind the header', packet: { ...four, transport: tcp, present: 20 }, invalid: 'INVALID_PACKET', facts: { family: 4, protocol: 0 } },
  { name: 'ipv4 with options', packet: { ...four, transport: tcp, ipv4: { options } }, invalid: 'FORWARDED', facts: { ...ports, length: 48 } },
  { name: 'ipv4 with 40 bytes of options', packet: { ...four, transport: udp, ipv4: { options: new Uint8Array(40) } }, invalid: 'FORWARDED', facts: ports },
  { name: 'ipv4 header of 16 bytes', packet: { ...four, transport: tcp, ipv4: { headerLength: 4 } }, invalid: 'INVALID_PACKET' },
  { name: 'ipv4 header longer than the packet', packet: { ...four, transport: udp, ipv4: { headerLength: 15 } }, invalid: 'INVALID_PACKET' },
  { name: 'ipv4 total length below the header', packet: { ...four, transport: tcp, ipv4: { totalLength: 19 } }, invalid: 'INVALID_PACKET' },
  { name: 'ipv4 total length above the bytes', packet: { ...four, transport: tcp, ipv4: { totalLength: 41 } }, invalid: 'INVALID_PACKET', facts: { length: 40 } },
  { name: 'ipv4 total length 0', packet: { ...four, transport: tcp, ipv4: { totalLength: 0 } }, invalid: 'INVALID_PACKET' },
  { name: 'ipv4 total length cuts the tcp header', packet: { ...four, transport: tcp, ipv4: { totalLength: 39 } }, invalid: 'INVALID_PACKET', facts: { length: 39, protocol: 6 } },
  { name: 'ipv4 do not fragment is no fragment', packet: { ...four, transport: tcp, ipv4: { dontFragment: true, id: 9 } }, invalid: 'FORWARDED', facts: { flags: 0, fragmentId: 0 } },
];

const ipv6: ParseCase[] = [
  ...[1, 20, 39].map((present) => ({ name: `ipv6 cut to ${present} bytes`, packet: { ...six, transport: tcp, present }, invalid: 'INVALID_PACKET', facts: { family: 0 } })),
  { name: 'ipv6 payload length above the bytes', packet: { ...six, transport: tcp, ipv6: { payloadLength: 21 } }, invalid: 'INVALID_PACKET', facts: { length: 60 } },
  { name: 'ipv6 payload length cuts the tcp header', packet: { ...six, transport: tcp, ipv6: { payloadLength: 19 } }, invalid: 'INVALID_PACKET', facts: { length: 59 } },
  { name: 'ipv6 payload length 0', packet: { ...six, transport: tcp, ipv6: { payloadLength: 0 } }, invalid: 'INVALID_PACKET' },
  { name: 'ipv6 from a mapped address', packet: { ...six, source: '::ffff:10.0.0.1', transport: tcp }, invalid: 'INVALID_PACKET', facts: { sourcePort: 0 } },
  { name: 'ipv6 to a mapped address', packet: { ...six, destination: '::ffff:10.0.0.1', transport: tcp }, invalid: 'INVALID_PACKET' },
  ...chains('hop-by-hop', [{ kind: 'hop-by-hop' }], 'FORWARDED'),
  ...chains('hop-by-hop, destination options, routing 2, AH', [{ kind: 'hop-by-hop' }, { kind: 'destination' }, { kind: 'routing', data: Uint8Array.of(2, 0, 0, 0, 0, 0) }, { kind: 'ah' }], 'FORWARDED'),
  ...chains('destination options of 24 bytes', [{ kind: 'destination', data: new Uint8Array(22) }], 'FORWARDED'),
  ...chains('eight headers', new Array<Extension>(8).fill({ kind: 'destination' }), 'FORWARDED'),
  ...chains('nine headers', new Array<Extension>(9).fill({ kind: 'destination' }), 'INVALID_EXTENSION_HEADER'),
  ...chains('hop-by-hop second', [{ kind: 'destination' }, { kind: 'hop-by-hop' }], 'INVALID_EXTENSION_HEADER'),
  ...chains('hop-by-hop twice', [{ kind: 'hop-by-hop' }, { kind: 'hop-by-hop' }], 'INVALID_EXTENSION_HEADER'),
  ...chains('routing type 0', [{ kind: 'routing', data: new Uint8Array(6) }], 'INVALID_EXTENSION_HEADER'),
  ...chains('a header longer than the packet', [{ kind: 'destination', length: 255 }], 'INVALID_EXTENSION_HEADER'),
  ...chains('AH longer than the packet', [{ kind: 'ah', length: 255 }], 'INVALID_EXTENSION_HEADER'),
  ...chains('an unknown header', [{ kind: 140 }], 'UNSUPPORTED_L4'),
  ...chains('ESP', [{ kind: 50 }], 'UNSUPPORTED_L4'),
  { name: 'ipv6 chain that ends before its next header', packet: { ...six, transport: { protocol: 60, payload: Uint8Array.of(60, 0, 0, 0, 0, 0, 0, 0) } }, invalid: 'INVALID_EXTENSION_HEADER' },
  ...[...Array(8).keys()].map((rest) => ({ name: `ipv6 extension header of ${rest} bytes`, packet: { ...six, transport: { protocol: 60, payload: new Uint8Array(rest) } }, invalid: 'INVALID_EXTENSION_HEADER' })),
];

function chains(name: string, extensions: readonly Extension[], invalid: string): ParseCase[] {
  const facts = invalid === 'FORWARDED' ? { ...ports, protocol: 17 } : { sourcePort: 0 };
  return [{ name: `ipv6 with ${name}`, packet: { ...six, transport: udp, ipv6: { extensions } }, invalid, facts }];
}

const long = { ...udp, payload: new Uint8Array(64) };
const fragments: ParseCase[] = [
  ...both('first fragment', long, 'FORWARDED', { ...ports, flags: FIRST, fragmentId: 77 }, { fragment: { id: 77, length: 32 } }),
  ...both('later fragment', long, 'FORWARDED', { sourcePort: 0, flags: LATER, fragmentId: 77, protocol: 17 }, { fragment: { id: 77, start: 32, length: 16 } }),
  ...both('last fragment', long, 'FORWARDED', { sourcePort: 0, flags: LATER }, { fragment: { id: 77, start: 64 } }),
  ...both('later fragment of one byte', long, 'FORWARDED', { flags: LATER }, { fragment: { id: 77, start: 64, length: 1 } }),
  ...both('first fragment of tcp whose header is cut', tcp, 'FRAGMENT_UNSUPPORTED', { flags: FIRST, sourcePort: 0 }, { fragment: { id: 1, length: 16 } }),
  ...both('first fragment of udp whose header is cut', long, 'FRAGMENT_UNSUPPORTED', { flags: FIRST, sourcePort: 0 }, { fragment: { id: 1, length: 0, more: true } }),
  ...both('first fragment of sctp whose header is cut', sctp, 'FRAGMENT_UNSUPPORTED', { flags: FIRST }, { fragment: { id: 1, length: 8 } }),
  ...both('fragment at the largest offset', long, 'INVALID_PACKET', { sourcePort: 0 }, { fragment: { id: 1, start: 8, length: 16, statedOffset: 65528 } }),
  ...both('fragment that ends at 65,535', long, 'FORWARDED', { flags: LATER }, { fragment: { id: 1, start: 8, length: 7, statedOffset: 65528 } }),
  ...both('later fragment of gre', { protocol: 47, payload: new Uint8Array(32) }, 'UNSUPPORTED_L4', { protocol: 47 }, { fragment: { id: 1, start: 16 } }),
  { name: 'ipv6 atomic fragment is a whole packet', packet: { ...six, transport: udp, fragment: { id: 5, more: false } }, invalid: 'FORWARDED', facts: { ...ports, flags: 0, fragmentId: 0 } },
  { name: 'ipv6 fragmented twice', packet: { ...six, transport: udp, fragment: { id: 5, more: false }, ipv6: { extensions: [{ kind: 'fragment' }] } }, invalid: 'INVALID_EXTENSION_HEADER' },
  { name: 'ipv6 later fragment of an extension header', packet: { ...six, transport: long, fragment: { id: 5, start: 8 }, ipv6: { nextHeader: 60 } }, invalid: 'UNSUPPORTED_L4', facts: { flags: 0, protocol: 60 } },
];

const echoes: ParseCase[] = [
  { name: 'echo request', packet: { ...four, transport: { protocol: 'icmp', type: 8, id: 4660 } }, invalid: 'FORWARDED', facts: { icmpType: 8, icmpId: 4660, sourcePort: 0, destinationPort: 0 } },
  { name: 'echo reply', packet: { ...four, transport: { protocol: 'icmp', type: 0, id: 4660 } }, invalid: 'FORWARDED', facts: { icmpType: 0, icmpId: 4660 } },
  { name: 'icmpv6 echo request', packet: { ...six, transport: { protocol: 'icmpv6', type: 128, id: 4660 } }, invalid: 'FORWARDED', facts: { icmpType: 128, icmpId: 4660 } },
  { name: 'icmpv6 echo reply', packet: { ...six, transport: { protocol: 'icmpv6', type: 129, id: 4660 } }, invalid: 'FORWARDED', facts: { icmpType: 129, icmpId: 4660 } },
  { name: 'timestamp has no identifier', packet: { ...four, transport: { protocol: 'icmp', type: 13, code: 1, id: 4660 } }, invalid: 'FORWARDED', facts: { icmpType: 13, icmpCode: 1, icmpId: 0 } },
  { name: 'icmp redirect', packet: { ...four, transport: { protocol: 'icmp', type: 5 } }, invalid: 'INVALID_PACKET', facts: { icmpType: 5 } },
  ...[...Array(8).keys()].map((length) => ({ name: `icmp of ${length} bytes`, packet: { ...four, transport: { protocol: 'icmp', type: 8 } as const, fragment: { id: 0, length, more: false } }, invalid: 'INVALID_PACKET' })),
];

const neighbours: ParseCase[] = [133, 134, 135, 136, 137].flatMap((type) => {
  const transport: Transport = { protocol: 'icmpv6', type, payload: new Uint8Array(16) };
  const well = type === 137 ? 'INVALID_NEIGHBOUR' : 'FORWARDED';
  return [
    { name: `neighbour discovery ${type}`, packet: { ...six, hopLimit: 255, transport }, invalid: well, facts: { flags: type === 137 ? 0 : NEIGHBOUR, icmpType: type } },
    { name: `neighbour discovery ${type} from afar`, packet: { ...six, hopLimit: 254, transport }, invalid: 'INVALID_NEIGHBOUR', facts: { flags: 0 } },
    { name: `neighbour discovery ${type} with a code`, packet: { ...six, hopLimit: 255, transport: { ...transport, code: 1 } }, invalid: 'INVALID_NEIGHBOUR' },
  ];
});

/** An error from a router about a packet from `destination` to `source`. */
function error(name: string, family: 4 | 6, type: number, payload: Uint8Array, invalid: string, facts: ParseCase['facts']): ParseCase {
  const packet: Packet =
    family === 4
      ? { source: '10.9.9.9', destination: four.source, transport: { protocol: 'icmp', type, code: 3, payload } }
      : { source: 'fd09::9', destination: six.source, transport: { protocol: 'icmpv6', type, code: 3, payload } };
  return { name: `${family === 4 ? 'icmp' : 'icmpv6'} error ${type} about ${name}`, packet, invalid, facts };
}

const quotedFacts = { ...ports, flags: ERROR, tcpFlags: 0 };
const unknown = { flags: 0, sourcePort: 0, outerSourceLo: 0 };

function errors(name: string, transport: Transport, cut: number, invalid: string, facts: ParseCase['facts'], rest: Partial<Packet> = {}): ParseCase[] {
  const quoted4 = buildPacket({ ...four, transport, ...rest });
  const quoted6 = buildPacket({ ...six, transport, ...rest });
  return [
    ...[3, 4, 11, 12].map((type) => error(name, 4, type, quoted4.subarray(0, quoted4.length - cut), invalid, facts)),
    ...[1, 2, 3, 4].map((type) => error(name, 6, type, quoted6.subarray(0, quoted6.length - cut), invalid, facts)),
  ];
}

const embedded: ParseCase[] = [
  ...errors('tcp', tcp, 0, 'FORWARDED', { ...quotedFacts, protocol: 6 }),
  ...errors('tcp of which 8 bytes are quoted', tcp, 12, 'FORWARDED', quotedFacts),
  ...errors('tcp of which 7 bytes are quoted', tcp, 13, 'RELATED_UNKNOWN', unknown),
  ...errors('udp', udp, 0, 'FORWARDED', { ...quotedFacts, protocol: 17 }),
  ...errors('sctp of which 8 bytes are quoted', sctp, 14, 'FORWARDED', { ...quotedFacts, protocol: 132 }),
  ...errors('gre', { protocol: 47, payload: new Uint8Array(16) }, 0, 'RELATED_UNKNOWN', unknown),
  ...errors('a first fragment', long, 0, 'FORWARDED', quotedFacts, { fragment: { id: 1, length: 32 } }),
  ...errors('a later fragment', long, 0, 'RELATED_UNKNOWN', unknown, { fragment: { id: 1, start: 32 } }),
  error('half a header', 4, 3, buildPacket({ ...four, transport: tcp }).subarray(0, 19), 'RELATED_UNKNOWN', unknown),
  error('half a header', 6, 1, buildPacket({ ...six, transport: tcp }).subarray(0, 39), 'RELATED_UNKNOWN', unknown),
  error('nothing', 4, 3, new Uint8Array(0), 'RELATED_UNKNOWN', { ...unknown, icmpType: 3, icmpCode: 3 }),
  error('ipv6', 4, 3, buildPacket({ ...six, transport: tcp }), 'RELATED_UNKNOWN', unknown),
  error('ipv4', 6, 1, buildPacket({ ...four, transport: tcp }), 'RELATED_UNKNOWN', unknown),
  error('a header without transport', 4, 3, buildPacket({ ...four, transport: tcp, ipv4: { totalLength: 20 } }), 'RELATED_UNKNOWN', unknown),
  error('options', 4, 3, buildPacket({ ...four, transport: tcp, ipv4: { options } }), 'FORWARDED', quotedFacts),
  error('extension headers', 6, 1, buildPacket({ ...six, transport: tcp, ipv6: { extensions: [{ kind: 'hop-by-hop' }, { kind: 'destination' }] } }), 'FORWARDED', quotedFacts),
  error('bad extension headers', 6, 1, buildPacket({ ...six, transport: tcp, ipv6: { extensions: [{ kind: 'destination' }, { kind: 'hop-by-hop' }] } }), 'RELATED_UNKNOWN', unknown),
  error('a mapped address', 6, 1, buildPacket({ ...six, source: '::ffff:1.2.3.4', transport: tcp }), 'RELATED_UNKNOWN', unknown),
  error('an echo', 4, 3, buildPacket({ ...four, transport: { protocol: 'icmp', type: 8, id: 99 } }), 'FORWARDED', { flags: ERROR, icmpType: 8, icmpCode: 0, icmpId: 99, protocol: 1 }),
  error('an echo', 6, 1, buildPacket({ ...six, transport: { protocol: 'icmpv6', type: 128, id: 99 } }), 'FORWARDED', { flags: ERROR, icmpType: 128, icmpId: 99 }),
  error('an error', 4, 3, buildPacket({ ...four, transport: { protocol: 'icmp', type: 3 } }), 'RELATED_UNKNOWN', unknown),
  error('an error', 6, 1, buildPacket({ ...six, transport: { protocol: 'icmpv6', type: 1 } }), 'RELATED_UNKNOWN', unknown),
];

const big = { ...tcp, payload: new Uint8Array(4000), checksum: 'partial' as const };
const bigUdp = { ...udp, payload: new Uint8Array(4000), length: 1208, checksum: 'partial' as const };
const gso4 = { flags: 1, type: 1, headerLength: 40, segment: 1448, start: 20, offset: 16 };
const gso6 = { flags: 1, type: 4, headerLength: 60, segment: 1428, start: 40, offset: 16 };
const gsoUdp = { flags: 1, type: 5, headerLength: 28, segment: 1200, start: 20, offset: 6 };

function offloaded(name: string, packet: Packet, offload: Offload, invalid = 'INVALID_PACKET'): ParseCase {
  return { name: `offload: ${name}`, packet, offload, invalid, facts: invalid === 'FORWARDED' && packet.fragment === undefined ? ports : {} };
}

const offloads: ParseCase[] = [
  offloaded('tcp over ipv4', { ...four, transport: big }, gso4, 'FORWARDED'),
  offloaded('tcp over ipv6', { ...six, transport: big }, gso6, 'FORWARDED'),
  offloaded('tcp over ipv4 with ECN', { ...four, transport: big }, { ...gso4, type: 0x81 }, 'FORWARDED'),
  offloaded('udp', { ...four, transport: bigUdp }, gsoUdp, 'FORWARDED'),
  offloaded('udp over ipv6', { ...six, transport: bigUdp }, { ...gsoUdp, headerLength: 48, start: 40 }, 'FORWARDED'),
  offloaded('segments with complete checksums', { ...four, transport: { ...big, checksum: 0 } }, { ...gso4, flags: 0, start: 0, offset: 0 }, 'FORWARDED'),
  offloaded('checksum verified by the device', { ...four, transport: tcp }, { flags: 2 }, 'FORWARDED'),
  offloaded('partial checksum, no segments', { ...four, transport: { ...tcp, checksum: 'partial' } }, { flags: 1, start: 20, offset: 16 }, 'FORWARDED'),
  offloaded('a tunnel whose inner checksum is open', { ...four, transport: { ...udp, payload: new Uint8Array(64) } }, { flags: 1, start: 44, offset: 16 }, 'FORWARDED'),
  offloaded('an unknown type', { ...four, transport: big }, { ...gso4, type: 2 }),
  offloaded('the old udp type', { ...four, transport: bigUdp }, { ...gsoUdp, type: 3 }),
  offloaded('ECN alone', { ...four, transport: big }, { ...gso4, type: 0x80 }),
  offloaded('ECN with udp', { ...four, transport: bigUdp }, { ...gsoUdp, type: 0x85 }),
  offloaded('ipv6 type over ipv4', { ...four, transport: big }, { ...gso4, type: 4 }),
  offloaded('ipv4 type over ipv6', { ...six, transport: big }, { ...gso6, type: 1 }),
  offloaded('tcp type over udp', { ...four, transport: { ...udp, payload: new Uint8Array(4000), checksum: 'partial' } }, { ...gsoUdp, type: 1 }),
  offloaded('udp type over tcp', { ...four, transport: big }, { ...gso4, type: 5 }),
  offloaded('segments of 0 bytes', { ...four, transport: big }, { ...gso4, segment: 0 }),
  offloaded('headers longer than the packet', { ...four, transport: tcp }, { headerLength: 41 }),
  offloaded('checksum start behind the packet', { ...four, transport: tcp }, { flags: 1, start: 40, offset: 16 }),
  offloaded('checksum field behind the packet', { ...four, transport: { ...udp, payload: '' } }, { flags: 1, start: 28, offset: 0 }),
  offloaded('checksum over the ip header', { ...four, transport: tcp }, { flags: 1, start: 0, offset: 16 }),
  offloaded('checksum written over the destination address', { ...four, transport: tcp }, { flags: 1, start: 12, offset: 4 }),
  offloaded('checksum written over the destination port', { ...four, transport: tcp }, { flags: 1, start: 20, offset: 2 }),
  offloaded('checksum start in a tcp payload', { ...four, transport: big }, { flags: 1, start: 60, offset: 16 }),
  offloaded('checksum start in the udp header', { ...four, transport: udp }, { flags: 1, start: 22, offset: 0 }),
  offloaded('segments whose checksum is elsewhere', { ...four, transport: bigUdp }, { ...gsoUdp, start: 44 }),
  offloaded('partial checksum of sctp', { ...four, transport: sctp }, { flags: 1, start: 20, offset: 8 }),
  offloaded('partial checksum of a first fragment', { ...four, transport: long, fragment: { id: 1, length: 32 } }, { flags: 1, start: 20, offset: 6 }),
  offloaded('segments of a later fragment', { ...four, transport: long, fragment: { id: 1, start: 32 } }, { ...gsoUdp, flags: 0 }),
];

export const parseCases: readonly ParseCase[] = [...transports, ...ipv4, ...ipv6, ...fragments, ...echoes, ...neighbours, ...embedded, ...offloads];
