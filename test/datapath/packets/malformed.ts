// Cases: packets that no honest stack sends. Each is dropped with a reason, told and counted, whatever policy says.

import type { Packet } from '../../../orchestrator/net/packet.ts';
import { type CasePacket, icmp, ping, sctp, tcp, udp } from '../../support/packet.ts';
import type { Family } from '../../support/world.ts';
import type { PacketCase } from './case.ts';
import type { State } from './state.ts';

const open: State = { endpoints: { client: { identity: 100 }, server: { identity: 200 } } };
const segment = 'client:40000 > server:80';

/** What `change` makes of a packet. */
const changed =
  (packet: CasePacket, change: (packet: Packet) => Partial<Packet>): CasePacket =>
  (family) => ({ ...packet(family), ...change(packet(family)) });

function refused(name: string, packet: CasePacket, reason: string, families?: readonly Family[]): PacketCase {
  return {
    name,
    ...(families && { families }),
    state: open,
    steps: [{ port: 'client', packet, verdict: `drop ${reason}`, event: 'drop', flow: { absent: true } }],
  };
}

function accepted(name: string, packet: CasePacket, families?: readonly Family[]): PacketCase {
  return { name, ...(families && { families }), state: open, steps: [{ packet, verdict: 'local server' }] };
}

const cut = (packet: CasePacket, present: number): CasePacket => changed(packet, () => ({ present }));
const ipv4 = (fields: Packet['ipv4']): CasePacket => tcp(segment, 'S', { ipv4: fields });
const ipv6 = (fields: Packet['ipv6']): CasePacket => tcp(segment, 'S', { ipv6: fields });
/** A length in the family's own header. */
const statedLength = (v4: number, v6: number): CasePacket => tcp(segment, 'S', { ipv4: { totalLength: v4 }, ipv6: { payloadLength: v6 } });

/** Packets that end within their fixed IP header. */
const stubs: PacketCase[] = [
  refused('an empty packet', cut(tcp(segment, 'S'), 0), 'invalid packet'),
  ...[1, 10, 19].map((present) =>
    refused(`an IPv4 header of ${present} bytes`, cut(tcp(segment, 'S'), present), 'invalid packet', ['ipv4']),
  ),
  ...[1, 20, 39].map((present) =>
    refused(`an IPv6 header of ${present} bytes`, cut(tcp(segment, 'S'), present), 'invalid packet', ['ipv6']),
  ),
].map((stub) => ({ ...stub, notInKernel: 'a test run refuses a frame without a whole IP header' }));

const network: PacketCase[] = [
  refused('a version that is neither', tcp(segment, 'S', { ipv4: { version: 5 }, ipv6: { version: 7 } }), 'unsupported l3'),
  refused('an IPv4 header that says it is shorter than any', ipv4({ headerLength: 4 }), 'invalid packet', ['ipv4']),
  refused('an IPv4 header that says it is longer than its packet', ipv4({ headerLength: 15 }), 'invalid packet', ['ipv4']),
  refused('a length that says more than there is', statedLength(41, 21), 'invalid packet'),
  refused('a length that says far more than there is', statedLength(65535, 65535), 'invalid packet'),
  refused('an IPv4 length shorter than its header', ipv4({ totalLength: 19 }), 'invalid packet', ['ipv4']),
  refused('a length that leaves half a transport header', statedLength(30, 10), 'invalid packet'),
  refused('a length that leaves no transport header', statedLength(20, 0), 'invalid packet'),
  accepted('bytes behind the packet are ignored', tcp(segment, 'S', { trailer: new Uint8Array(6) })),
  accepted('IPv4 options are skipped', ipv4({ options: new Uint8Array(12).fill(1) }), ['ipv4']),
  refused(
    'an IPv6 packet between IPv4 addresses',
    changed(tcp(segment, 'S'), () => ({ source: '::ffff:10.0.0.10' })),
    'invalid packet',
    ['ipv6'],
  ),
  refused(
    'an IPv6 packet to an IPv4 address',
    changed(tcp(segment, 'S'), () => ({ destination: '::ffff:10.0.0.20' })),
    'invalid packet',
    ['ipv6'],
  ),
];

const routing = (type: number): CasePacket => ipv6({ extensions: [{ kind: 'routing', data: Uint8Array.of(type, 0, 0, 0, 0, 0) }] });

const extensions: PacketCase[] = [
  accepted('hop-by-hop options first', ipv6({ extensions: [{ kind: 'hop-by-hop' }] }), ['ipv6']),
  accepted(
    'destination options and an authentication header',
    ipv6({ extensions: [{ kind: 'destination' }, { kind: 'ah' }, { kind: 'destination' }] }),
    ['ipv6'],
  ),
  accepted('a routing header of a type that is not 0', routing(4), ['ipv6']),
  accepted('eight extension headers', ipv6({ extensions: new Array(8).fill({ kind: 'destination' }) }), ['ipv6']),
  refused('nine extension headers', ipv6({ extensions: new Array(9).fill({ kind: 'destination' }) }), 'invalid extension header', ['ipv6']),
  refused(
    'hop-by-hop options that are not first',
    ipv6({ extensions: [{ kind: 'destination' }, { kind: 'hop-by-hop' }] }),
    'invalid extension header',
    ['ipv6'],
  ),
  refused('hop-by-hop options twice', ipv6({ extensions: [{ kind: 'hop-by-hop' }, { kind: 'hop-by-hop' }] }), 'invalid extension header', [
    'ipv6',
  ]),
  refused('a routing header of type 0', routing(0), 'invalid extension header', ['ipv6']),
  refused(
    'an extension header longer than its packet',
    ipv6({ extensions: [{ kind: 'destination', length: 40 }] }),
    'invalid extension header',
    ['ipv6'],
  ),
  refused(
    'an authentication header longer than its packet',
    ipv6({ extensions: [{ kind: 'ah', length: 255 }] }),
    'invalid extension header',
    ['ipv6'],
  ),
  refused(
    'an extension header of which one byte is there',
    cutTo(ipv6({ extensions: [{ kind: 'destination' }] }), 41),
    'invalid extension header',
    ['ipv6'],
  ),
  refused(
    'an extension header of which nothing is there',
    cutTo(ipv6({ extensions: [{ kind: 'destination' }] }), 40),
    'invalid extension header',
    ['ipv6'],
  ),
  refused(
    'a second fragment header',
    tcp(segment, 'S', { ipv6: { extensions: [{ kind: 'fragment' }] }, fragment: { id: 1, more: false } }),
    'invalid extension header',
    ['ipv6'],
  ),
  refused('no next header', ipv6({ nextHeader: 59 }), 'unsupported l4', ['ipv6']),
  refused('no next header behind an extension header', ipv6({ extensions: [{ kind: 'destination' }], nextHeader: 59 }), 'unsupported l4', [
    'ipv6',
  ]),
  refused('an encrypted payload', ipv6({ nextHeader: 50 }), 'unsupported l4', ['ipv6']),
];

/** As many bytes as `present`, and a length that says so. */
function cutTo(packet: CasePacket, present: number): CasePacket {
  return changed(packet, (before) => ({ present, ipv6: { ...before.ipv6, payloadLength: present - 40 } }));
}

export const withProtocol = (protocol: number, line = segment): CasePacket =>
  changed(tcp(line, 'S'), () => ({ transport: { protocol, payload: new Uint8Array(40) } }));
const sameFamily = (wrong: 'icmp' | 'icmpv6'): CasePacket =>
  changed(ping('client > server', 1), () => ({ transport: { protocol: wrong, type: wrong === 'icmp' ? 8 : 128, id: 1 } }));

const fromNetwork: PacketCase[] = [
  {
    name: 'what this datapath cannot read is the host’s when the network sends it to the host',
    state: open,
    steps: [
      { hook: 'from_network', packet: withProtocol(50, 'world > node1'), verdict: 'stack', event: 'none', flow: { absent: true } },
      { hook: 'from_network', packet: tcp('world:40000 > node1:22', 'S', { dataOffset: 4 }), verdict: 'stack', event: 'none' },
    ],
  },
  {
    name: 'what this datapath cannot read is refused when the network sends it to a pod',
    state: open,
    steps: [{ hook: 'from_network', packet: withProtocol(50, 'world > server'), verdict: 'drop unsupported l4', event: 'drop' }],
  },
];

const transport: PacketCase[] = [
  ...[4, 41, 47, 50, 89, 255].map((protocol) => refused(`protocol ${protocol}`, withProtocol(protocol), 'unsupported l4')),
  refused('ICMPv6 over IPv4', sameFamily('icmpv6'), 'unsupported l4', ['ipv4']),
  refused('ICMP over IPv6', sameFamily('icmp'), 'unsupported l4', ['ipv6']),
  refused('a TCP header that says it is shorter than any', tcp(segment, 'S', { dataOffset: 4 }), 'invalid packet'),
  refused('a TCP header that says it is longer than its packet', tcp(segment, 'S', { dataOffset: 6 }), 'invalid packet'),
  accepted('a TCP header that fills its packet', tcp(segment, 'S', { options: new Uint8Array(40).fill(1) })),
  refused('a UDP length that says more than there is', udp('client:1 > server:53', { length: 17 }), 'invalid packet'),
  refused('a UDP length shorter than its header', udp('client:1 > server:53', { length: 7 }), 'invalid packet'),
  accepted('a UDP length shorter than its packet', udp('client:1 > server:53', { length: 10 })),
  accepted('a UDP datagram without data', udp('client:1 > server:53', { payload: '' })),
  ...(
    [
      ['TCP', tcp(segment, 'S'), 19],
      ['UDP', udp('client:1 > server:53'), 7],
      ['SCTP', sctp('client:1 > server:53'), 11],
      ['ICMP', ping('client > server', 1), 7],
    ] as const
  ).map(([protocol, packet, bytes]) =>
    refused(
      `a ${protocol} header that lacks its last byte`,
      (family) => ({ ...packet(family), present: (family === 'ipv4' ? 20 : 40) + bytes, ...lengths(bytes) }),
      'invalid packet',
    ),
  ),
  accepted('an ICMP message without data', ping('client > server', 1, { payload: '' })),
  refused('an ICMPv6 message of the reserved type 0', icmp('client > server', 'echo', { type: 0 }), 'unsupported l4', ['ipv6']),
];

function lengths(bytes: number): Partial<Packet> {
  return { ipv4: { totalLength: 20 + bytes }, ipv6: { payloadLength: bytes } };
}

export const malformedCases: readonly PacketCase[] = [...stubs, ...network, ...extensions, ...transport, ...fromNetwork];
