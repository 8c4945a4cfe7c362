// Cases: the life of a flow, from its first packet to its end.

import { ping, pong, sctp, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, Step } from './case.ts';
import type { State } from './state.ts';

/** The client may ask the server on these ports; neither may begin anything else, so that an answer passes only as an answer. */
export const guarded: State = {
  endpoints: {
    client: { identity: 100, policySet: 1, enforced: 'both' },
    server: { identity: 200, policySet: 2, enforced: 'both' },
    other: { identity: 300 },
  },
  policies: {
    1: [
      '#1 egress allow 200 tcp 80',
      '#2 egress allow 200 udp 53',
      '#3 egress allow 200 sctp 36412',
      '#4 egress allow 200 icmp 8',
      '#5 egress allow 200 icmpv6 128',
    ],
    2: [
      '#11 ingress allow 100 tcp 80',
      '#12 ingress allow 100 udp 53',
      '#13 ingress allow 100 sctp 36412',
      '#14 ingress allow 100 icmp 8',
      '#15 ingress allow 100 icmpv6 128',
    ],
  },
};

const request = (flags: string) => tcp('client:40000 > server:80', flags);
const answer = (flags: string) => tcp('server:80 > client:40000', flags);
const opens: Step = { packet: request('S'), verdict: 'local server', direction: 'ingress' };
const handshake: Step[] = [opens, { packet: answer('SA'), verdict: 'local client' }, { packet: request('A'), verdict: 'local server' }];
const established = ['replied', 'origin non syn'];

const tcpLife: PacketCase[] = [
  {
    name: 'a SYN opens a flow that lives for a minute',
    state: guarded,
    steps: [{ ...opens, record: { reply: 0, egressRule: 1, ingressRule: 11 }, flow: { flags: [], expiresIn: 60, packets: [1, 0] } }],
  },
  {
    name: 'a SYN/ACK passes as an answer, whatever the policies of both sides',
    state: guarded,
    steps: [
      opens,
      {
        packet: answer('SA'),
        verdict: 'local client',
        event: 'none',
        record: { reply: 1, sourceIdentity: 200, destinationIdentity: 100 },
        flow: { of: request('S'), flags: ['replied'], expiresIn: 60, packets: [1, 1] },
      },
    ],
  },
  {
    name: 'the third segment makes the flow established for 8000 s',
    state: guarded,
    steps: [
      opens,
      { packet: answer('SA'), verdict: 'local client' },
      { packet: request('A'), verdict: 'local server', flow: { flags: established, expiresIn: 8000, packets: [2, 1] } },
    ],
  },
  {
    name: 'a SYN sent again changes nothing',
    state: guarded,
    steps: [
      opens,
      { packet: request('S'), verdict: 'local server', record: { reply: 0 }, flow: { flags: [], expiresIn: 60, packets: [2, 0] } },
    ],
  },
  {
    name: 'data both ways is counted on both sides',
    state: guarded,
    steps: [
      ...handshake,
      { packet: tcp('client:40000 > server:80', 'PA', { payload: 'GET /' }), verdict: 'local server' },
      { packet: tcp('server:80 > client:40000', 'PA', { payload: 'hello' }), verdict: 'local client' },
      {
        packet: answer('A'),
        verdict: 'local client',
        flow: { of: request('A'), flags: [...established, 'responder non syn'], packets: [3, 3] },
      },
    ],
  },
  {
    name: 'a FIN of one side leaves the flow established',
    state: guarded,
    steps: [
      ...handshake,
      { packet: request('FA'), verdict: 'local server', flow: { flags: [...established, 'origin closed'], expiresIn: 8000 } },
    ],
  },
  {
    name: 'after a FIN of both sides the flow has 10 s left, and the last ACK passes',
    state: guarded,
    steps: [
      ...handshake,
      { packet: request('FA'), verdict: 'local server' },
      {
        packet: answer('FA'),
        verdict: 'local client',
        flow: { of: request('A'), flags: [...established, 'responder non syn', 'origin closed', 'responder closed'], expiresIn: 10 },
      },
      { packet: request('A'), verdict: 'local server', flow: { expiresIn: 10 } },
    ],
  },
  {
    name: 'a reset by the server ends the flow in 10 s',
    state: guarded,
    steps: [
      ...handshake,
      {
        packet: answer('R'),
        verdict: 'local client',
        flow: { of: request('A'), flags: [...established, 'origin closed', 'responder closed', 'reset'], expiresIn: 10 },
      },
    ],
  },
  {
    name: 'a refused connection ends in 10 s',
    state: guarded,
    steps: [
      opens,
      {
        packet: answer('RA'),
        verdict: 'local client',
        flow: { of: request('S'), flags: ['replied', 'origin closed', 'responder closed', 'reset'], expiresIn: 10 },
      },
    ],
  },
  {
    name: 'a reset by the client ends the flow in 10 s',
    state: guarded,
    steps: [
      ...handshake,
      {
        packet: request('R'),
        verdict: 'local server',
        flow: { flags: [...established, 'origin closed', 'responder closed', 'reset'], expiresIn: 10 },
      },
    ],
  },
  {
    name: 'a SYN on a closed flow opens it anew',
    state: guarded,
    steps: [
      ...handshake,
      { packet: request('FA'), verdict: 'local server' },
      { packet: answer('FA'), verdict: 'local client' },
      { ...opens, record: { reply: 0, egressRule: 1, ingressRule: 11 }, flow: { flags: [], expiresIn: 60, packets: [1, 0] } },
    ],
  },
  {
    name: 'a SYN on a reset flow opens it anew',
    state: guarded,
    steps: [
      ...handshake,
      { packet: answer('R'), verdict: 'local client' },
      { ...opens, flow: { flags: [], expiresIn: 60, packets: [1, 0] } },
    ],
  },
  {
    name: 'a flow that is opened anew is asked of the policies, moved epochs or not',
    state: guarded,
    steps: [
      ...handshake,
      { packet: answer('R'), verdict: 'local client' },
      { change: {}, remove: { policies: { 1: ['egress allow 200 tcp 80'] } } },
      { packet: request('S'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'the server cannot turn a closed flow round without being asked',
    state: guarded,
    steps: [
      ...handshake,
      { packet: request('R'), verdict: 'local server' },
      { packet: answer('S'), verdict: 'drop policy denied', record: { sourceIdentity: 200 } },
    ],
  },
  {
    name: 'a segment in the middle of an unknown flow is asked like a first one',
    state: guarded,
    steps: [
      {
        packet: request('A'),
        verdict: 'local server',
        direction: 'ingress',
        record: { reply: 0, egressRule: 1 },
        flow: { flags: ['origin non syn'], expiresIn: 60 },
      },
      { packet: tcp('client:40000 > server:81', 'A'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'an answer to nothing is asked like a question',
    state: guarded,
    steps: [{ packet: answer('SA'), verdict: 'drop policy denied', flow: { absent: true } }],
  },
  {
    name: 'a reset of an unknown flow passes where policy lets it and opens nothing',
    state: guarded,
    steps: [{ packet: request('R'), verdict: 'local server', direction: 'ingress', flow: { absent: true } }],
  },
  {
    name: 'a reset of an unknown flow is dropped where policy does',
    state: guarded,
    steps: [{ packet: answer('R'), verdict: 'drop policy denied', flow: { absent: true } }],
  },
  {
    name: 'an answer later than a minute is none',
    state: guarded,
    steps: [opens, { seconds: 61 }, { packet: answer('SA'), verdict: 'drop policy denied' }],
  },
  {
    name: 'an answer within a minute is one',
    state: guarded,
    steps: [opens, { seconds: 58 }, { packet: answer('SA'), verdict: 'local client', flow: { of: request('S'), expiresIn: 60 } }],
  },
  {
    name: 'an established flow is silent for two hours and goes on',
    state: guarded,
    steps: [...handshake, { seconds: 7900 }, { packet: answer('A'), verdict: 'local client', flow: { of: request('A'), expiresIn: 8000 } }],
  },
  {
    name: 'an established flow is forgotten after 8000 s',
    state: guarded,
    steps: [...handshake, { seconds: 8001 }, { packet: answer('A'), verdict: 'drop policy denied' }],
  },
  {
    name: 'a flow that expired is opened anew in its own place',
    state: guarded,
    steps: [opens, { seconds: 61 }, { ...opens, flow: { flags: [], expiresIn: 60, packets: [1, 0] } }],
  },
];

const otherProtocols: PacketCase[] = [
  {
    name: 'a UDP flow lives for 60 s unanswered and for 180 s answered',
    state: guarded,
    steps: [
      { packet: udp('client:5000 > server:53'), verdict: 'local server', direction: 'ingress', flow: { flags: [], expiresIn: 60 } },
      {
        packet: udp('server:53 > client:5000'),
        verdict: 'local client',
        record: { reply: 1 },
        flow: { of: udp('client:5000 > server:53'), flags: ['replied'], expiresIn: 180, packets: [1, 1] },
      },
    ],
  },
  {
    name: 'a UDP answer later than a minute is none',
    state: guarded,
    steps: [
      { packet: udp('client:5000 > server:53'), verdict: 'local server', direction: 'ingress' },
      { seconds: 61 },
      { packet: udp('server:53 > client:5000'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'a UDP answer from another port is none',
    state: guarded,
    steps: [
      { packet: udp('client:5000 > server:53'), verdict: 'local server', direction: 'ingress' },
      { packet: udp('server:54 > client:5000'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'a UDP answer to another port is none',
    state: guarded,
    steps: [
      { packet: udp('client:5000 > server:53'), verdict: 'local server', direction: 'ingress' },
      { packet: udp('server:53 > client:5001'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'a TCP answer to a UDP question is none',
    state: guarded,
    steps: [
      { packet: udp('client:5000 > server:53'), verdict: 'local server', direction: 'ingress' },
      { packet: tcp('server:53 > client:5000', 'SA'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'an SCTP association lives for 60 s unanswered and for 8000 s answered',
    state: guarded,
    steps: [
      { packet: sctp('client:5000 > server:36412'), verdict: 'local server', direction: 'ingress', flow: { flags: [], expiresIn: 60 } },
      {
        packet: sctp('server:36412 > client:5000'),
        verdict: 'local client',
        record: { reply: 1 },
        flow: { of: sctp('client:5000 > server:36412'), flags: ['replied'], expiresIn: 8000 },
      },
    ],
  },
  {
    name: 'a ping and its answer are a flow of 30 s',
    state: guarded,
    steps: [
      { packet: ping('client > server', 77), verdict: 'local server', direction: 'ingress', flow: { flags: [], expiresIn: 30 } },
      {
        packet: pong('server > client', 77),
        verdict: 'local client',
        record: { reply: 1 },
        flow: { of: ping('client > server', 77), flags: ['replied'], expiresIn: 30, packets: [1, 1] },
      },
    ],
  },
  {
    name: 'an answer to nobody’s ping belongs to no flow',
    state: guarded,
    steps: [{ packet: pong('server > client', 77), verdict: 'drop policy denied', event: 'drop', flow: { absent: true } }],
  },
  {
    name: 'an answer to another ping belongs to no flow',
    state: guarded,
    steps: [
      { packet: ping('client > server', 77), verdict: 'local server', direction: 'ingress' },
      { packet: pong('server > client', 78), verdict: 'drop policy denied' },
    ],
  },
  {
    name: "the server's own ping with the same identifier is no answer",
    state: guarded,
    steps: [
      { packet: ping('client > server', 77), verdict: 'local server', direction: 'ingress' },
      { packet: ping('server > client', 77), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'pings in both directions with one identifier are two flows',
    state: { endpoints: { client: { identity: 100 }, server: { identity: 200 } } },
    steps: [
      { packet: ping('client > server', 77), verdict: 'local server' },
      { packet: ping('server > client', 77), verdict: 'local client', record: { reply: 0 } },
      { packet: pong('server > client', 77), verdict: 'local client', record: { reply: 1 } },
      { packet: pong('client > server', 77), verdict: 'local server', record: { reply: 1 } },
    ],
  },
  {
    name: 'a ping is forgotten after 30 s',
    state: guarded,
    steps: [
      { packet: ping('client > server', 77), verdict: 'local server', direction: 'ingress' },
      { seconds: 31 },
      { packet: pong('server > client', 77), verdict: 'drop policy denied' },
    ],
  },
];

const events: PacketCase[] = [
  {
    name: 'where allowed flows are told, the first packet tells and the others do not',
    state: { ...guarded, config: { allowEvents: true } },
    steps: [
      { ...opens, event: 'allow' },
      { packet: answer('SA'), verdict: 'local client', event: 'none' },
      { packet: request('A'), verdict: 'local server', event: 'none' },
    ],
  },
  { name: 'where allowed flows are not told, none tells', state: guarded, steps: [{ ...opens, event: 'none' }] },
  {
    name: 'every dropped packet is told',
    state: guarded,
    steps: [
      { packet: request('S'), verdict: 'local server', direction: 'ingress' },
      ...[1, 2].map((): Step => ({ packet: tcp('client:40000 > server:81', 'S'), verdict: 'drop policy denied', event: 'drop' })),
    ],
  },
];

export const conntrackCases: readonly PacketCase[] = [...tcpLife, ...otherProtocols, ...events];
