// Cases: what translation does to the bytes of a packet: headers of every kind, and checksums in every state.

import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import type { Transport } from '../../../orchestrator/net/transport.ts';
import { type CasePacket, sctp, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, Step } from './case.ts';
import { web, withServices } from './services.ts';
import { egress } from './two-pods.ts';

const dns = { number: 8, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 80, at: 'server:5353' }] } as const;
const state = withServices(web, dns);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** The same packet with what `change` says of its transport header. */
function withTransport(packet: CasePacket, change: (packet: Packet) => Partial<Transport>): CasePacket {
  return (family) => {
    const before = packet(family);
    return { ...before, transport: { ...before.transport, ...change(before) } as Transport };
  };
}

/** Asked at the frontend and answered by it, with the same details both ways. */
function roundTrip(details: Parameters<typeof tcp>[2]): Step[] {
  return [
    {
      packet: tcp('client:40000 > vip:80', 'S', details),
      verdict: 'local server',
      output: tcp('client:40000 > server:8080', 'S', details),
    },
    {
      packet: tcp('server:8080 > client:40000', 'SA', details),
      verdict: 'local client',
      output: tcp('vip:80 > client:40000', 'SA', details),
    },
  ];
}

/** One's complement addition, for checksums that were wrong before and shall be wrong by as much after. */
function add(a: number, b: number): number {
  const sum = a + b;
  return (sum & 0xffff) + (sum >>> 16);
}

/** Offset of the transport checksum in a packet without options. */
function checksumOf(packet: Packet): number {
  const built = buildPacket(packet);
  const at = ((built[0] ?? 0) >> 4 === 4 ? 20 : 40) + (packet.transport.protocol === 'udp' ? 6 : 16);
  return new DataView(built.buffer).getUint16(at);
}

const wrongBy = (packet: CasePacket, error: number): CasePacket =>
  withTransport(packet, (before) => ({ checksum: add(checksumOf(before), error) }));

/** A datagram whose last two bytes make its checksum come out as `checksum`. */
function withPayloadFor(packet: CasePacket, checksum: number): CasePacket {
  return withTransport(packet, (before) => {
    const withTail = (tail: number): Packet => ({
      ...before,
      transport: { ...before.transport, payload: bytes(1, 2, tail >> 8, tail & 0xff) } as Transport,
    });
    const built = withTail(add(checksum ^ 0xffff, checksumOf(withTail(0))));
    if (checksumOf(built) !== checksum) throw new Error('the payload does not give this checksum');
    return built.transport;
  });
}

const payloadOf = (packet: Packet): Uint8Array => packet.transport.payload as Uint8Array;
const asksDns = udp('client:5000 > vip:53');
const askedDns = udp('client:5000 > server:5353');
/** A question whose checksum is 0xffff once translated, and the translated one. */
const comesOutAsZero = withPayloadFor(askedDns, 0xffff);
const goesInForZero = withTransport(asksDns, () => ({}));

const headers: PacketCase[] = [
  { name: 'a payload of odd length', state, steps: roundTrip({ payload: 'odd' }) },
  { name: 'TCP options are kept', state, steps: roundTrip({ options: bytes(2, 4, 5, 180, 1, 3, 3, 7), payload: 'data' }) },
  {
    name: 'a hop limit, a traffic class and a sequence number are kept',
    state,
    steps: roundTrip({ hopLimit: 3, trafficClass: 0xb9, sequence: 0xffffffff }),
  },
  { name: 'IPv4 options are kept', families: ['ipv4'], state, steps: roundTrip({ ipv4: { options: bytes(0x94, 4, 0, 0, 1, 1, 1, 0) } }) },
  {
    name: 'the longest IPv4 header is kept',
    families: ['ipv4'],
    state,
    steps: roundTrip({ ipv4: { options: new Uint8Array(40).fill(1) } }),
  },
  { name: 'the flow label is kept', families: ['ipv6'], state, steps: roundTrip({ ipv6: { flowLabel: 0xabcde } }) },
  {
    name: 'the transport header is found behind extension headers',
    families: ['ipv6'],
    state,
    steps: roundTrip({ ipv6: { extensions: [{ kind: 'hop-by-hop' }, { kind: 'destination', data: new Uint8Array(22) }] } }),
  },
  {
    name: 'bytes behind the packet are no part of its checksum',
    state,
    steps: [
      {
        packet: tcp('client:40000 > vip:80', 'S', { trailer: bytes(0xde, 0xad, 0xbe) }),
        verdict: 'local server',
        output: tcp('client:40000 > server:8080', 'S', { trailer: bytes(0xde, 0xad, 0xbe) }),
      },
    ],
  },
  { name: 'a packet of 1500 bytes', state, steps: roundTrip({ payload: new Uint8Array(1440).map((_, index) => index * 7) }) },
];

const checksums: PacketCase[] = [
  {
    name: 'a datagram without a checksum stays without one',
    families: ['ipv4'],
    state,
    steps: [
      {
        packet: udp('client:5000 > vip:53', { checksum: 0 }),
        verdict: 'local server',
        output: udp('client:5000 > server:5353', { checksum: 0 }),
      },
      {
        packet: udp('server:5353 > client:5000', { checksum: 0 }),
        verdict: 'local client',
        output: udp('vip:53 > client:5000', { checksum: 0 }),
      },
    ],
  },
  {
    name: 'a datagram whose new checksum is 0 is sent with 0xffff',
    state,
    steps: [
      {
        packet: (family) => withTransport(goesInForZero, () => ({ payload: payloadOf(comesOutAsZero(family)) }))(family),
        verdict: 'local server',
        output: comesOutAsZero,
      },
    ],
  },
  {
    name: 'a datagram whose checksum was 0xffff is translated like any other',
    state,
    steps: [
      {
        packet: withPayloadFor(asksDns, 0xffff),
        verdict: 'local server',
        output: (family) => withTransport(askedDns, () => ({ payload: payloadOf(withPayloadFor(asksDns, 0xffff)(family)) }))(family),
      },
    ],
  },
  ...[1, 0x100, 0x8000, 0xfffe].map(
    (error): PacketCase => ({
      name: `a TCP checksum that was wrong by ${error} is wrong by ${error} after: nothing is healed on the way`,
      state,
      steps: [
        {
          packet: wrongBy(tcp('client:40000 > vip:80', 'S'), error),
          verdict: 'local server',
          output: wrongBy(tcp('client:40000 > server:8080', 'S'), error),
        },
      ],
    }),
  ),
  {
    name: 'an IPv4 header checksum that was wrong is wrong by as much after',
    families: ['ipv4'],
    state,
    steps: [
      {
        packet: withHeaderError(tcp('client:40000 > vip:80', 'S'), 0x55),
        verdict: 'local server',
        output: withHeaderError(tcp('client:40000 > server:8080', 'S'), 0x55),
      },
    ],
  },
  {
    name: 'many ports and addresses, and the checksum is right every time',
    state,
    steps: [1, 255, 256, 1023, 32768, 65280, 65535].map(
      (port): Step => ({
        packet: tcp(`client:${port} > vip:80`, 'S', { sequence: port * 65537 }),
        verdict: 'local server',
        output: tcp(`client:${port} > server:8080`, 'S', { sequence: port * 65537 }),
      }),
    ),
  },
  {
    name: 'SCTP gets a new CRC with a new port',
    state: withServices({ number: 7, frontend: 'vip:36412', protocol: 'sctp', backends: [{ id: 70, at: 'server:9000' }] }),
    steps: [
      { packet: sctp('client:5000 > vip:36412'), verdict: 'local server', output: sctp('client:5000 > server:9000') },
      {
        packet: sctp('server:9000 > client:5000', { payload: new Uint8Array(1200).fill(7) }),
        verdict: 'local client',
        output: sctp('vip:36412 > client:5000', { payload: new Uint8Array(1200).fill(7) }),
      },
    ],
  },
  {
    name: 'SCTP keeps its CRC: addresses are no part of it',
    state: withServices({ number: 7, frontend: 'vip:36412', protocol: 'sctp', backends: [{ id: 70, at: 'server:36412' }] }),
    steps: [
      {
        packet: sctp('client:5000 > vip:36412', { checksum: 0x01020304 }),
        verdict: 'local server',
        output: sctp('client:5000 > server:36412', { checksum: 0x01020304 }),
      },
    ],
  },
];

function withHeaderError(packet: CasePacket, error: number): CasePacket {
  return (family) => {
    const before = packet(family);
    const right = new DataView(buildPacket(before).buffer).getUint16(10);
    return { ...before, ipv4: { ...before.ipv4, checksum: add(right, error) } };
  };
}

/** Larger than an interface sends at once: somebody behind us cuts them. */
const large = { payload: new Uint8Array(3000).fill(7) };
const datagrams = { payload: new Uint8Array(2500).fill(7), length: 1208 };
const lastOfThem = { payload: new Uint8Array(100).fill(7), length: 1208 };

const segments: PacketCase[] = [
  {
    name: 'TCP that is still to be cut into segments is one packet, translated both ways',
    state,
    steps: roundTrip(large).map((step) => ({ ...step, segment: 1000 })),
  },
  {
    name: 'UDP that is still to be cut keeps the length of its segments, both ways',
    state,
    steps: [
      {
        packet: udp('client:5000 > vip:53', datagrams),
        segment: 1200,
        verdict: 'local server',
        output: udp('client:5000 > server:5353', datagrams),
      },
      {
        packet: udp('server:5353 > client:5000', datagrams),
        segment: 1200,
        verdict: 'local client',
        output: udp('vip:53 > client:5000', datagrams),
      },
    ],
  },
  {
    name: 'only UDP that is still to be cut may claim more bytes than it has',
    state,
    steps: [
      { packet: udp('client:5000 > server:53', lastOfThem), verdict: 'drop invalid packet', event: 'drop' },
      { packet: udp('client:5000 > server:53', lastOfThem), segment: 1200, verdict: 'local server' },
    ],
  },
  {
    name: 'policy denies what is still to be cut like any packet, and counts all its bytes once',
    state: egress('#1 egress allow 200 tcp 80'),
    steps: [
      { packet: tcp('client:40000 > server:80', 'A', large), segment: 1000, verdict: 'local server', flow: { packets: [1, 0] } },
      {
        packet: tcp('client:40000 > server:81', 'A', large),
        segment: 1000,
        verdict: 'drop policy denied',
        event: 'drop',
        flow: { absent: true },
      },
    ],
  },
];

export const natCases: readonly PacketCase[] = [...headers, ...checksums, ...segments];
