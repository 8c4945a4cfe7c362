// Cases: ICMP messages that continue no flow. Policy decides about them by their type, between the addresses that are on the packet.

import { icmpError, ping, pong, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, PacketStep, Step } from './case.ts';
import { guarded } from './conntrack.ts';
import { answered, answers, asked, asks, opensService, web, withServices } from './services.ts';
import type { State } from './state.ts';

const pods: State = { endpoints: { client: { identity: 100 }, server: { identity: 200 }, host: { identity: 1, host: true } } };
const local = tcp('client:40000 > server:80', 'S');
const openLocal: Step = { packet: local, verdict: 'local server', direction: 'ingress' };

/** Both sides enforce: the client's egress by these rules, the server's ingress by those. */
const between = (egress: string[], ingress: string[]): State => ({
  endpoints: {
    client: { identity: 100, policySet: 1, enforced: 'egress' },
    server: { identity: 200, policySet: 2, enforced: 'ingress' },
  },
  policies: { 1: egress, 2: ingress },
});
const both = (types: readonly [number, number]): State =>
  between(
    [`#1 egress allow 200 icmp ${types[0]}`, `#2 egress allow 200 icmpv6 ${types[1]}`],
    [`#3 ingress allow 100 icmp ${types[0]}`, `#4 ingress allow 100 icmpv6 ${types[1]}`],
  );

/** What the client sends to the server without a flow. */
const strays = {
  'an answer to no echo': { packet: pong('client > server', 77), types: [0, 129] },
  'an error about no flow': { packet: icmpError('client > server', 'port unreachable', tcp('server:80 > client:40000')), types: [3, 1] },
  'an error about no ping': { packet: icmpError('client > server', 'time exceeded', ping('server > client', 8)), types: [11, 3] },
} as const;

const passes = (packet: PacketStep['packet'], record: PacketStep['record'] = {}): PacketStep => ({
  packet,
  verdict: 'local server',
  ...(record?.ingressRule !== undefined && { direction: 'ingress' }),
  event: 'none',
  record: { reply: 0, ...record },
  flow: { absent: true },
});

const byPolicy: PacketCase[] = Object.entries(strays).flatMap(([what, { packet, types }]): PacketCase[] => [
  {
    name: `${what} passes where nothing is enforced`,
    state: pods,
    steps: [passes(packet, { sourceIdentity: 100, destinationIdentity: 200 })],
  },
  {
    name: `${what} passes by rules about its type`,
    families: ['ipv4'],
    state: both(types),
    steps: [passes(packet, { egressRule: 1, ingressRule: 3 })],
  },
  {
    name: `${what} passes by rules about its type of ICMPv6`,
    families: ['ipv6'],
    state: both(types),
    steps: [passes(packet, { egressRule: 2, ingressRule: 4 })],
  },
  {
    name: `${what} passes by rules about the peer alone`,
    state: between(['#1 egress allow 200'], ['#2 ingress allow any']),
    steps: [passes(packet, { egressRule: 1, ingressRule: 2 })],
  },
  {
    name: `${what} is denied by a sender's policy that allows only echo requests and ports`,
    state: between(
      ['#1 egress allow 200 icmp 8', '#2 egress allow 200 icmpv6 128', '#3 egress allow any tcp', '#4 egress allow any udp'],
      ['#9 ingress allow any'],
    ),
    steps: [{ packet, verdict: 'drop policy denied', event: 'drop', record: { egressRule: 0, endpoint: 11 }, flow: { absent: true } }],
  },
  {
    name: `${what} is denied by a receiver's policy`,
    state: between(['#1 egress allow any'], ['#2 ingress allow 100 tcp 80']),
    steps: [{ packet, verdict: 'drop policy denied', direction: 'ingress', record: { egressRule: 1, ingressRule: 0, endpoint: 12 } }],
  },
  {
    name: `${what} is denied by a rule about its type`,
    state: {
      ...pods,
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress' }, server: { identity: 200 } },
      policies: {
        1: ['#1 egress allow any', `#2 egress deny any icmp ${types[0]}`, `#2 egress deny any icmpv6 ${types[1]}`],
      },
    },
    steps: [{ packet, verdict: 'drop policy deny', event: 'drop', record: { egressRule: 2 } }],
  },
  {
    name: `${what} passes where the policy that denies it is only watched, and is told`,
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress', audit: true }, server: { identity: 200 } },
      policies: { 1: ['#1 egress allow 200 tcp 80'] },
    },
    steps: [{ packet, verdict: 'local server', event: 'audit', record: { audited: 'policy denied' }, flow: { absent: true } }],
  },
  {
    name: `${what} is told where allowed flows are`,
    state: { ...pods, config: { allowEvents: true } },
    steps: [{ packet, verdict: 'local server', event: 'allow' }],
  },
  {
    name: `a pod does not send in the name of another: ${what}`,
    state: pods,
    steps: [{ port: 'other', packet, verdict: 'drop invalid source', event: 'drop' }],
  },
  {
    name: `the network does not send in the name of a pod: ${what}`,
    state: pods,
    steps: [{ hook: 'from_network', packet, verdict: 'drop invalid source', event: 'drop' }],
  },
  {
    name: `what the host sends to a pod is asked about: ${what}`,
    state: both(types),
    steps: [
      {
        hook: 'to_pod',
        packet: (family) => ({ ...packet(family), source: family === 'ipv4' ? '198.51.100.7' : '2001:db8::7' }),
        verdict: 'drop policy denied',
      },
    ],
  },
]);

const network: PacketCase[] = [
  {
    name: 'a router’s error about no flow reaches a pod that takes it from anybody',
    state: { ...guarded, policies: { 1: ['#1 ingress allow 2 icmp 3', '#2 ingress allow 2 icmpv6 2'] } },
    steps: [
      {
        hook: 'from_network',
        packet: icmpError('router > client', 'too big', tcp('client:40000 > world:443', 'A')),
        verdict: 'local client',
        record: { sourceIdentity: 2 },
        flow: { of: tcp('client:40000 > world:443'), absent: true },
      },
    ],
  },
  {
    name: 'a router’s error about no flow is denied by a pod that takes nothing from it',
    state: guarded,
    steps: [
      {
        hook: 'from_network',
        packet: icmpError('router > client', 'too big', tcp('client:40000 > world:443', 'A')),
        verdict: 'drop policy denied',
        event: 'drop',
      },
    ],
  },
  {
    name: 'an error about no flow comes through the tunnel as its sender',
    state: {
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'ingress' } },
      policies: { 1: ['#1 ingress allow 400 icmp 3', '#2 ingress allow 400 icmpv6 1'] },
    },
    steps: [400, 401].map(
      (tunnelIdentity): Step => ({
        hook: 'from_overlay',
        tunnelIdentity,
        packet: icmpError('remote > client', 'port unreachable', udp('client:5000 > remote:53')),
        verdict: tunnelIdentity === 400 ? 'local client' : 'drop policy denied',
        record: { sourceIdentity: tunnelIdentity },
      }),
    ),
  },
  {
    name: 'an answer to no echo goes to another node through the tunnel',
    state: {
      ...pods,
      ipcache: { remotePods: { identity: 400, node: 2 } },
      nodes: { 2: { at: 'node2', mode: 'overlay' } },
    },
    steps: [{ packet: pong('client > remote', 3), verdict: 'overlay node2', record: { destinationIdentity: 400 } }],
  },
  {
    name: 'an error to the host about no flow that is known here is the host’s business',
    state: {
      endpoints: { client: { identity: 100 }, host: { identity: 1, host: true, policySet: 1, enforced: 'ingress' } },
      policies: { 1: [] },
    },
    steps: [
      { hook: 'from_network', packet: icmpError('router > host', 'too big', tcp('host:5000 > world:443')), verdict: 'stack' },
      { hook: 'to_host', packet: icmpError('router > host', 'too big', tcp('host:5000 > world:443')), verdict: 'stack' },
    ],
  },
];

const fragments: PacketCase[] = [
  {
    name: 'the first fragment of an answer to no echo is dropped: the others would not know their type',
    state: pods,
    steps: [
      { packet: pong('client > server', 77, { fragment: { id: 5, length: 8 } }), verdict: 'drop icmp unsolicited', event: 'drop' },
      { packet: pong('client > server', 77, { fragment: { id: 5, start: 8 } }), verdict: 'drop fragment unknown' },
    ],
  },
];

const stale: PacketCase[] = [
  {
    name: 'an error about a flow whose verdict is out of date is asked about as itself, until a packet renews the verdict',
    state: guarded,
    steps: [
      openLocal,
      { change: { epochs: ['server'] } },
      {
        packet: icmpError('server > client', 'port unreachable', local),
        verdict: 'drop policy denied',
        flow: { of: local, packets: [1, 0] },
      },
      openLocal,
      { packet: icmpError('server > client', 'port unreachable', local), verdict: 'local client' },
    ],
  },
  {
    name: 'an error about a flow whose verdict is out of date passes where policy lets it, and changes nothing',
    state: pods,
    steps: [
      { packet: local, verdict: 'local server' },
      { change: { epochs: ['client'] } },
      {
        packet: icmpError('server > client', 'port unreachable', local),
        verdict: 'local client',
        event: 'none',
        record: { sourceIdentity: 200, destinationIdentity: 100 },
        flow: { of: local, flags: [], packets: [1, 0], expiresIn: 60 },
      },
    ],
  },
  {
    name: 'an error about a translated flow whose verdict is out of date is translated',
    state: withServices(web),
    steps: [
      opensService,
      { change: { epochs: ['server'] } },
      {
        packet: icmpError('server > client', 'port unreachable', asked('S')),
        verdict: 'local client',
        output: icmpError('vip > client', 'port unreachable', asks('S')),
      },
    ],
  },
  {
    name: 'a client’s error about a translated flow whose verdict is out of date is asked about as one to the backend',
    state: {
      ...withServices(web),
      endpoints: { client: { identity: 100 }, server: { identity: 200, policySet: 2, enforced: 'ingress' } },
      policies: { 2: ['#1 ingress allow 100 tcp 8080'] },
    },
    steps: [
      { ...opensService, direction: 'ingress' },
      { packet: answers('SA'), verdict: 'local client', output: answered('SA') },
      {
        packet: icmpError('client > vip', 'port unreachable', answered('SA')),
        verdict: 'local server',
        output: icmpError('client > server', 'port unreachable', answers('SA')),
      },
      { change: { epochs: ['server'] } },
      {
        packet: icmpError('client > vip', 'port unreachable', answered('SA')),
        verdict: 'drop policy denied',
        direction: 'ingress',
        record: { destinationIdentity: 200 },
      },
      { change: { policies: { 2: ['#2 ingress allow 100'] } } },
      {
        packet: icmpError('client > vip', 'port unreachable', answered('SA')),
        verdict: 'local server',
        direction: 'ingress',
        record: { ingressRule: 2 },
        output: icmpError('client > server', 'port unreachable', answers('SA')),
      },
    ],
  },
  {
    name: 'an error of a pod about its own packet through a service needs no policy when the verdict is out of date either',
    state: withServices({ ...web, backends: [{ id: 70, at: 'client:8080' }] }),
    steps: [
      { packet: asks('S'), verdict: 'local client', output: tcp('hairpin:40000 > client:8080', 'S') },
      { change: { epochs: ['client'] } },
      {
        packet: icmpError('client > hairpin', 'port unreachable', tcp('hairpin:40000 > client:8080', 'S')),
        verdict: 'local client',
        output: icmpError('vip > client', 'port unreachable', asks('S')),
      },
    ],
  },
  {
    name: 'an error about a flow that expired is asked about as itself',
    state: guarded,
    steps: [openLocal, { seconds: 61 }, { packet: icmpError('server > client', 'port unreachable', local), verdict: 'drop policy denied' }],
  },
  {
    name: 'a client’s error about a frontend that it has no flow with goes to the frontend’s address as it is',
    state: withServices(web),
    steps: [
      { packet: icmpError('client > vip', 'port unreachable', answered('SA')), verdict: 'stack', record: { service: 0, backend: 0 } },
    ],
  },
];

export const strayCases: readonly PacketCase[] = [...byPolicy, ...network, ...fragments, ...stale];
