// Cases: ICMP errors belong to the flow that they speak of, and are translated with it.

import { buildPacket } from '../../../orchestrator/net/packet.ts';
import { type CasePacket, type IcmpKind, icmpError, ping, pong, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, Step } from './case.ts';
import { guarded } from './conntrack.ts';
import { answered, answers, asked, asks, opensService, web, withServices } from './services.ts';

const outbound = tcp('client:40000 > world:443', 'S');
const toWorld: Step = { packet: outbound, verdict: 'stack' };
const local = tcp('client:40000 > server:80', 'S');
const openLocal: Step = { packet: local, verdict: 'local server', direction: 'ingress' };
const pods = withServices();
/** What is left of a packet's transport header in the shortest quotation that is allowed. */
const quotedHeaders =
  (about: CasePacket): ((family: 'ipv4' | 'ipv6') => number) =>
  (family) =>
    buildPacket({ ...about(family), transport: { protocol: 6 } }).length + 8;

const aboutOutbound = (kind: IcmpKind, details = {}): Step => ({
  hook: 'from_network',
  packet: icmpError('router > client', kind, outbound, details),
  verdict: 'local client',
  event: 'none',
});

const related: PacketCase[] = [
  ...(['too big', 'time exceeded', 'host unreachable', 'parameter problem'] as const).map(
    (kind): PacketCase => ({
      name: `an error of a router about a flow reaches its sender: ${kind}`,
      state: {
        ...guarded,
        endpoints: { client: { identity: 100, policySet: 3, enforced: 'both' } },
        policies: { 3: ['#1 egress allow 2 tcp 443'] },
      },
      steps: [toWorld, aboutOutbound(kind)],
    }),
  ),
  {
    name: 'an error of the server itself reaches the client',
    state: guarded,
    steps: [
      openLocal,
      {
        packet: icmpError('server > client', 'port unreachable', local),
        verdict: 'local client',
        record: { sourceIdentity: 200, destinationIdentity: 100 },
      },
    ],
  },
  {
    name: 'an error about an answer reaches the server',
    state: guarded,
    steps: [
      openLocal,
      { packet: tcp('server:80 > client:40000', 'SA'), verdict: 'local client' },
      { packet: icmpError('client > server', 'port unreachable', tcp('server:80 > client:40000', 'SA')), verdict: 'local server' },
    ],
  },
  {
    name: 'an error about a datagram reaches its sender',
    state: guarded,
    steps: [
      { packet: udp('client:5000 > server:53'), verdict: 'local server', direction: 'ingress' },
      { packet: icmpError('server > client', 'port unreachable', udp('client:5000 > server:53')), verdict: 'local client' },
    ],
  },
  {
    name: 'an error about a ping reaches its sender',
    state: pods,
    steps: [
      { packet: ping('client > world', 99), verdict: 'stack' },
      {
        hook: 'from_network',
        packet: icmpError('router > client', 'host unreachable', ping('client > world', 99)),
        verdict: 'local client',
      },
    ],
  },
  {
    name: 'eight bytes of the transport header are enough',
    state: pods,
    steps: [
      toWorld,
      {
        ...aboutOutbound('time exceeded'),
        packet: (family) => icmpError('router > client', 'time exceeded', outbound, { quoted: quotedHeaders(outbound)(family) })(family),
      },
    ],
  },
  {
    name: 'an error changes nothing about its flow',
    state: guarded,
    steps: [
      openLocal,
      {
        packet: icmpError('server > client', 'port unreachable', local),
        verdict: 'local client',
        flow: { of: local, flags: [], packets: [1, 0], expiresIn: 60 },
      },
    ],
  },
  {
    name: 'an error about other ports does not belong to the flow',
    state: guarded,
    steps: [
      openLocal,
      { packet: icmpError('server > client', 'port unreachable', tcp('client:40001 > server:80', 'S')), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'an error about another ping does not belong to the flow',
    state: guarded,
    steps: [
      { packet: ping('client > server', 99), verdict: 'local server', direction: 'ingress' },
      { packet: icmpError('server > client', 'host unreachable', ping('client > server', 98)), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'a pod does not send errors in the name of another',
    state: pods,
    steps: [
      { packet: local, verdict: 'local server' },
      {
        port: 'other',
        packet: icmpError('server > client', 'port unreachable', local),
        verdict: 'drop invalid source',
        flow: { of: local, packets: [1, 0] },
      },
    ],
  },
  {
    name: "an error from the network about the host's own flow is the host's business",
    state: { endpoints: { host: { identity: 1, host: true } } },
    steps: [{ hook: 'from_network', packet: icmpError('router > host', 'too big', tcp('host:5000 > world:443')), verdict: 'stack' }],
  },
];

const malformed: PacketCase[] = [
  {
    name: 'an error that quotes less than eight bytes of the transport header is dropped',
    state: pods,
    steps: [
      toWorld,
      {
        hook: 'from_network',
        packet: (family) =>
          icmpError('router > client', 'time exceeded', outbound, { quoted: quotedHeaders(outbound)(family) - 1 })(family),
        verdict: 'drop related unknown',
      },
    ],
  },
  {
    name: 'an error that quotes nothing is dropped',
    state: pods,
    steps: [{ packet: icmpError('client > server', 'time exceeded', local, { quoted: 0 }), verdict: 'drop related unknown' }],
  },
  {
    name: 'an error about an error is dropped',
    state: pods,
    steps: [
      { packet: local, verdict: 'local server' },
      {
        packet: icmpError('server > client', 'port unreachable', icmpError('client > server', 'port unreachable', local)),
        verdict: 'drop related unknown',
      },
    ],
  },
  {
    name: 'an error about a later fragment is dropped: it names no ports',
    state: pods,
    steps: [
      { packet: udp('client:5000 > server:53'), verdict: 'local server' },
      {
        packet: icmpError('server > client', 'port unreachable', udp('client:5000 > server:53', { fragment: { id: 1, start: 8 } })),
        verdict: 'drop related unknown',
      },
    ],
  },
  {
    name: 'an ICMP redirect is dropped',
    families: ['ipv4'],
    state: pods,
    steps: [{ packet: icmpError('client > server', 'port unreachable', local, { type: 5, code: 1 }), verdict: 'drop invalid packet' }],
  },
];

const translated: PacketCase[] = [
  {
    name: 'a backend’s error about a translated packet looks as if the frontend had sent it',
    state: withServices(web),
    steps: [
      opensService,
      {
        packet: icmpError('server > client', 'port unreachable', asked('S')),
        verdict: 'local client',
        output: icmpError('vip > client', 'port unreachable', asks('S')),
      },
    ],
  },
  {
    name: 'a router’s error about a translated packet speaks of the frontend and stays the router’s',
    state: { ...withServices({ ...web, backends: [{ id: 70, at: 'world:8080' }] }) },
    steps: [
      { packet: asks('S'), verdict: 'stack', output: tcp('client:40000 > world:8080', 'S') },
      {
        hook: 'from_network',
        packet: icmpError('router > client', 'too big', tcp('client:40000 > world:8080', 'S')),
        verdict: 'local client',
        output: icmpError('router > client', 'too big', asks('S')),
      },
    ],
  },
  {
    name: 'an error that quotes only eight bytes of a translated packet is translated as far as it goes',
    state: withServices(web),
    steps: [
      opensService,
      {
        packet: (family) =>
          icmpError('server > client', 'port unreachable', asked('S'), { quoted: quotedHeaders(asked('S'))(family) })(family),
        verdict: 'local client',
        output: (family) => icmpError('vip > client', 'port unreachable', asks('S'), { quoted: quotedHeaders(asks('S'))(family) })(family),
      },
    ],
  },
  {
    name: 'a client’s error about what the frontend sent reaches the backend as one about its own packet',
    state: withServices(web),
    steps: [
      opensService,
      { packet: answers('SA'), verdict: 'local client', output: answered('SA') },
      {
        packet: icmpError('client > vip', 'port unreachable', answered('SA')),
        verdict: 'local server',
        output: icmpError('client > server', 'port unreachable', answers('SA')),
      },
    ],
  },
  {
    name: 'an error about a translated datagram',
    state: withServices({ number: 8, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 80, at: 'server:5353' }] }),
    steps: [
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353') },
      {
        packet: icmpError('server > client', 'port unreachable', udp('client:5000 > server:5353')),
        verdict: 'local client',
        output: icmpError('vip > client', 'port unreachable', udp('client:5000 > vip:53')),
      },
    ],
  },
  {
    name: 'an error of a pod about its own packet through a service comes back from the frontend',
    state: withServices({ ...web, backends: [{ id: 70, at: 'client:8080' }] }),
    steps: [
      { packet: asks('S'), verdict: 'local client', output: tcp('hairpin:40000 > client:8080', 'S') },
      {
        packet: icmpError('client > hairpin', 'port unreachable', tcp('hairpin:40000 > client:8080', 'S')),
        verdict: 'local client',
        output: icmpError('vip > client', 'port unreachable', asks('S')),
      },
    ],
  },
  {
    name: 'an error about a flow that was not translated is left as it is',
    state: withServices(web),
    steps: [
      { packet: local, verdict: 'local server' },
      { packet: icmpError('server > client', 'port unreachable', local), verdict: 'local client' },
    ],
  },
];

const echo: PacketCase[] = [
  {
    name: 'an answer from the network to a pod’s ping passes',
    state: {
      ...guarded,
      endpoints: { client: { identity: 100, policySet: 3, enforced: 'both' } },
      policies: { 3: ['#1 egress allow any'] },
    },
    steps: [
      { packet: ping('client > world', 5), verdict: 'stack' },
      { hook: 'from_network', packet: pong('world > client', 5), verdict: 'local client', record: { reply: 1 } },
    ],
  },
];

export const icmpCases: readonly PacketCase[] = [...related, ...malformed, ...translated, ...echo];
