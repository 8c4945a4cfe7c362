// Packets of every kind that the parser tells apart, and what it says of them.
import type { Extension, Fragment } from '../../../orchestrator/net/packet.ts';
import type { Transport } from '../../../orchestrator/net/transport.ts';
import { messages } from './parse-cases-icmp.ts';
import { offloads } from './parse-cases-offload.ts';
import { both, four, long, options, type ParseCase, ports, sctp, six, tcp, udp } from './parse-packets.ts';

const FIRST = 2;
const LATER = 4;

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
  {
    name: 'ipv4 cut behind the header',
    packet: { ...four, transport: tcp, present: 20 },
    invalid: 'INVALID_PACKET',
    facts: { family: 4, protocol: 0 },
  },
  {
    name: 'ipv4 with options',
    packet: { ...four, transport: tcp, ipv4: { options } },
    invalid: 'FORWARDED',
    facts: { ...ports, length: 48 },
  },
  {
    name: 'ipv4 with 40 bytes of options',
    packet: { ...four, transport: udp, ipv4: { options: new Uint8Array(40) } },
    invalid: 'FORWARDED',
    facts: ports,
  },
  ...[0, 3, 4].map((words) => ({
    name: `ipv4 header of ${words} words, an address in place of a message`,
    packet: { ...four, transport: { protocol: 'icmp', type: 8 } as const, ipv4: { headerLength: words } },
    invalid: 'INVALID_PACKET',
  })),
  { name: 'ipv4 header of 16 bytes', packet: { ...four, transport: tcp, ipv4: { headerLength: 4 } }, invalid: 'INVALID_PACKET' },
  {
    name: 'ipv4 header longer than the packet',
    packet: { ...four, transport: udp, ipv4: { headerLength: 15 } },
    invalid: 'INVALID_PACKET',
  },
  { name: 'ipv4 total length below the header', packet: { ...four, transport: tcp, ipv4: { totalLength: 19 } }, invalid: 'INVALID_PACKET' },
  {
    name: 'ipv4 total length above the bytes',
    packet: { ...four, transport: tcp, ipv4: { totalLength: 41 } },
    invalid: 'INVALID_PACKET',
    facts: { length: 40 },
  },
  { name: 'ipv4 total length 0', packet: { ...four, transport: tcp, ipv4: { totalLength: 0 } }, invalid: 'INVALID_PACKET' },
  {
    name: 'ipv4 total length cuts the tcp header',
    packet: { ...four, transport: tcp, ipv4: { totalLength: 39 } },
    invalid: 'INVALID_PACKET',
    facts: { length: 39, protocol: 6 },
  },
  {
    name: 'ipv4 do not fragment is no fragment',
    packet: { ...four, transport: tcp, ipv4: { dontFragment: true, id: 9 } },
    invalid: 'FORWARDED',
    facts: { flags: 0, fragmentId: 0 },
  },
];

const ipv6: ParseCase[] = [
  ...[1, 20, 39].map((present) => ({
    name: `ipv6 cut to ${present} bytes`,
    packet: { ...six, transport: tcp, present },
    invalid: 'INVALID_PACKET',
    facts: { family: 0 },
  })),
  {
    name: 'ipv6 payload length above the bytes',
    packet: { ...six, transport: tcp, ipv6: { payloadLength: 21 } },
    invalid: 'INVALID_PACKET',
    facts: { length: 60 },
  },
  {
    name: 'ipv6 payload length cuts the tcp header',
    packet: { ...six, transport: tcp, ipv6: { payloadLength: 19 } },
    invalid: 'INVALID_PACKET',
    facts: { length: 59 },
  },
  { name: 'ipv6 payload length 0', packet: { ...six, transport: tcp, ipv6: { payloadLength: 0 } }, invalid: 'INVALID_PACKET' },
  {
    name: 'ipv6 from a mapped address',
    packet: { ...six, source: '::ffff:10.0.0.1', transport: tcp },
    invalid: 'INVALID_PACKET',
    facts: { sourcePort: 0 },
  },
  { name: 'ipv6 to a mapped address', packet: { ...six, destination: '::ffff:10.0.0.1', transport: tcp }, invalid: 'INVALID_PACKET' },
  ...chains('hop-by-hop', [{ kind: 'hop-by-hop' }], 'FORWARDED'),
  ...chains(
    'hop-by-hop, destination options, routing 2, AH',
    [{ kind: 'hop-by-hop' }, { kind: 'destination' }, { kind: 'routing', data: Uint8Array.of(2, 0, 0, 0, 0, 0) }, { kind: 'ah' }],
    'FORWARDED',
  ),
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
  {
    name: 'ipv6 chain that ends before its next header',
    packet: { ...six, transport: { protocol: 60, payload: Uint8Array.of(60, 0, 0, 0, 0, 0, 0, 0) } },
    invalid: 'INVALID_EXTENSION_HEADER',
  },
  ...[...Array(8).keys()].map((rest) => ({
    name: `ipv6 extension header of ${rest} bytes`,
    packet: { ...six, transport: { protocol: 60, payload: new Uint8Array(rest) } },
    invalid: 'INVALID_EXTENSION_HEADER',
  })),
];

function chains(name: string, extensions: readonly Extension[], invalid: string): ParseCase[] {
  const facts = invalid === 'FORWARDED' ? { ...ports, protocol: 17 } : { sourcePort: 0 };
  return [{ name: `ipv6 with ${name}`, packet: { ...six, transport: udp, ipv6: { extensions } }, invalid, facts }];
}

const fragments: ParseCase[] = [
  ...both('first fragment', long, 'FORWARDED', { ...ports, flags: FIRST, fragmentId: 77 }, { fragment: { id: 77, length: 32 } }),
  ...both(
    'later fragment',
    long,
    'FORWARDED',
    { sourcePort: 0, flags: LATER, fragmentId: 77, protocol: 17 },
    { fragment: { id: 77, start: 32, length: 16 } },
  ),
  ...both('last fragment', long, 'FORWARDED', { sourcePort: 0, flags: LATER }, { fragment: { id: 77, start: 64 } }),
  ...both('later fragment of one byte', long, 'FORWARDED', { flags: LATER }, { fragment: { id: 77, start: 64, length: 1 } }),
  ...both(
    'first fragment of tcp whose header is cut',
    tcp,
    'FRAGMENT_UNSUPPORTED',
    { flags: FIRST, sourcePort: 0 },
    { fragment: { id: 1, length: 16 } },
  ),
  ...both(
    'first fragment of udp whose header is cut',
    long,
    'FRAGMENT_UNSUPPORTED',
    { flags: FIRST, sourcePort: 0 },
    { fragment: { id: 1, length: 0, more: true } },
  ),
  ...both('first fragment of sctp whose header is cut', sctp, 'FRAGMENT_UNSUPPORTED', { flags: FIRST }, { fragment: { id: 1, length: 8 } }),
  ...both(
    'fragment at the largest offset',
    long,
    'INVALID_PACKET',
    { sourcePort: 0 },
    { fragment: { id: 1, start: 8, length: 16, statedOffset: 65528 } },
  ),
  ...both(
    'fragment that ends at 65,535',
    long,
    'FORWARDED',
    { flags: LATER },
    { fragment: { id: 1, start: 8, length: 7, statedOffset: 65528 } },
  ),
  ...both(
    'later fragment of gre',
    { protocol: 47, payload: new Uint8Array(32) },
    'UNSUPPORTED_L4',
    { protocol: 47 },
    { fragment: { id: 1, start: 16 } },
  ),
  {
    name: 'ipv6 atomic fragment is a whole packet',
    packet: { ...six, transport: udp, fragment: { id: 5, more: false } },
    invalid: 'FORWARDED',
    facts: { ...ports, flags: 0, fragmentId: 0 },
  },
  {
    name: 'ipv6 fragmented twice',
    packet: { ...six, transport: udp, fragment: { id: 5, more: false }, ipv6: { extensions: [{ kind: 'fragment' }] } },
    invalid: 'INVALID_EXTENSION_HEADER',
  },
  {
    name: 'ipv6 later fragment of an extension header',
    packet: { ...six, transport: long, fragment: { id: 5, start: 8 }, ipv6: { nextHeader: 60 } },
    invalid: 'UNSUPPORTED_L4',
    facts: { flags: 0, protocol: 60 },
  },
];

export const parseCases: readonly ParseCase[] = [...transports, ...ipv4, ...ipv6, ...fragments, ...messages, ...offloads];
