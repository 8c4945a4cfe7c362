// Cases: fragments without ports follow the first one, and only it.

import { type CasePacket, ping, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, Step } from './case.ts';
import { guarded } from './conntrack.ts';
import { withServices } from './services.ts';

const payload = new Uint8Array(64).map((_, index) => index);
const service = { number: 8, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 80, at: 'server:5353' }] } as const;

/** One of three fragments of a datagram. */
const part = (line: string, number: 1 | 2 | 3, id = 77): CasePacket =>
  udp(line, { payload, fragment: number === 1 ? { id, length: 24 } : number === 2 ? { id, start: 24, length: 24 } : { id, start: 48 } });

const question = 'client:5000 > server:53';
const first: Step = { packet: part(question, 1), verdict: 'local server', direction: 'ingress' };

export const fragmentCases: readonly PacketCase[] = [
  {
    name: 'later fragments go where the first one went',
    state: guarded,
    steps: [
      first,
      { packet: part(question, 2), verdict: 'local server' },
      { packet: part(question, 3), verdict: 'local server', flow: { of: udp(question), packets: [3, 0] } },
    ],
  },
  {
    name: 'a later fragment without a first is dropped',
    state: guarded,
    steps: [{ packet: part(question, 2), verdict: 'drop fragment unknown', event: 'drop', flow: { of: udp(question), absent: true } }],
  },
  {
    name: 'a later fragment of another datagram is dropped',
    state: guarded,
    steps: [first, { packet: part(question, 2, 78), verdict: 'drop fragment unknown' }],
  },
  {
    name: 'a later fragment between other addresses is dropped',
    state: guarded,
    steps: [
      first,
      { packet: part('client:5000 > other:53', 2), verdict: 'drop fragment unknown' },
      { packet: part('server:5000 > client:53', 2), verdict: 'drop fragment unknown' },
    ],
  },
  {
    name: 'a later fragment of another protocol is dropped',
    state: guarded,
    steps: [
      first,
      { packet: tcp('client:5000 > server:53', 'A', { payload, fragment: { id: 77, start: 24 } }), verdict: 'drop fragment unknown' },
    ],
  },
  {
    name: 'after a first fragment that policy drops the later ones are dropped too',
    state: guarded,
    steps: [
      { packet: part('client:5000 > server:54', 1), verdict: 'drop policy denied' },
      { packet: part('client:5000 > server:54', 2), verdict: 'drop fragment unknown' },
    ],
  },
  {
    name: 'a first fragment is forgotten after 5 s',
    state: guarded,
    steps: [first, { seconds: 6 }, { packet: part(question, 2), verdict: 'drop fragment unknown' }],
  },
  {
    name: 'a first fragment is remembered for 4 s',
    state: guarded,
    steps: [first, { seconds: 4 }, { packet: part(question, 2), verdict: 'local server' }],
  },
  {
    name: 'fragments of an answer are an answer',
    state: guarded,
    steps: [
      { packet: udp(question), verdict: 'local server', direction: 'ingress' },
      { packet: part('server:53 > client:5000', 1), verdict: 'local client', record: { reply: 1 } },
      {
        packet: part('server:53 > client:5000', 3),
        verdict: 'local client',
        record: { reply: 1 },
        flow: { of: udp(question), packets: [1, 2] },
      },
    ],
  },
  {
    name: 'a later fragment that comes back to a flow whose policy changed ends it',
    state: guarded,
    steps: [
      first,
      { change: { epochs: ['client'] }, remove: { policies: { 1: ['egress allow 200 udp 53'] } } },
      { packet: part(question, 2), verdict: 'drop policy denied', flow: { of: udp(question), absent: true } },
    ],
  },
  {
    name: 'of a fragmented datagram to a frontend the first is given address and port, the others the address',
    state: withServices(service),
    steps: [
      { packet: part('client:5000 > vip:53', 1), verdict: 'local server', output: part('client:5000 > server:5353', 1) },
      { packet: part('client:5000 > vip:53', 2), verdict: 'local server', output: part('client:5000 > server:5353', 2) },
      { packet: part('client:5000 > vip:53', 3), verdict: 'local server', output: part('client:5000 > server:5353', 3) },
    ],
  },
  {
    name: 'a fragmented answer of a backend comes from the frontend',
    state: withServices(service),
    steps: [
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353') },
      { packet: part('server:5353 > client:5000', 1), verdict: 'local client', output: part('vip:53 > client:5000', 1) },
      { packet: part('server:5353 > client:5000', 2), verdict: 'local client', output: part('vip:53 > client:5000', 2) },
    ],
  },
  {
    name: 'a fragmented ping follows its first fragment',
    state: guarded,
    steps: [
      { packet: ping('client > server', 9, { payload, fragment: { id: 5, length: 32 } }), verdict: 'local server', direction: 'ingress' },
      {
        packet: ping('client > server', 9, { payload, fragment: { id: 5, start: 32 } }),
        verdict: 'local server',
        flow: { of: ping('client > server', 9), packets: [2, 0] },
      },
    ],
  },
  {
    name: 'a first fragment without its whole transport header is refused',
    state: guarded,
    steps: [
      {
        packet: tcp('client:40000 > server:80', 'S', { payload, fragment: { id: 1, length: 16 } }),
        verdict: 'drop fragment unsupported',
        event: 'drop',
      },
      { packet: tcp('client:40000 > server:80', 'S', { payload, fragment: { id: 1, start: 16 } }), verdict: 'drop fragment unknown' },
    ],
  },
  {
    name: 'an atomic fragment is a whole packet',
    families: ['ipv6'],
    state: guarded,
    steps: [
      { packet: udp(question, { fragment: { id: 5, more: false } }), verdict: 'local server', direction: 'ingress' },
      { packet: part(question, 2, 5), verdict: 'drop fragment unknown' },
    ],
  },
  {
    name: 'a datagram longer than any datagram is refused',
    state: guarded,
    steps: [
      first,
      { packet: udp(question, { payload, fragment: { id: 77, start: 24, statedOffset: 65528 } }), verdict: 'drop invalid packet' },
    ],
  },
  {
    name: 'identifiers of 32 bits are told apart by all of them',
    families: ['ipv6'],
    state: guarded,
    steps: [
      { packet: part(question, 1, 0x10001), verdict: 'local server', direction: 'ingress' },
      { packet: part(question, 2, 1), verdict: 'drop fragment unknown' },
      { packet: part(question, 2, 0x10001), verdict: 'local server' },
    ],
  },
];
