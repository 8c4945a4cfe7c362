// Cases: who may send from where, and what each hook does with what enters the node or leaves it.

import { icmp, ping, tcp, udp } from '../../support/packet.ts';
import type { PacketCase } from './case.ts';
import type { State } from './state.ts';

const pods: State = { endpoints: { client: { identity: 100 }, server: { identity: 200 }, host: { identity: 1, host: true } } };
const locked: State = {
  endpoints: { client: { identity: 100, policySet: 1, enforced: 'ingress' }, host: { identity: 1, host: true } },
  policies: { 1: ['#1 ingress allow 2 tcp 443', '#2 ingress allow 500 tcp 80'] },
};

const senders: PacketCase[] = [
  {
    name: 'a pod does not send with the address of another pod',
    state: pods,
    steps: [
      {
        port: 'client',
        packet: tcp('server:40000 > world:80', 'S'),
        verdict: 'drop invalid source',
        event: 'drop',
        flow: { absent: true },
      },
    ],
  },
  {
    name: 'a pod does not send with the address of the host',
    state: pods,
    steps: [{ port: 'client', packet: tcp('host:40000 > server:80', 'S'), verdict: 'drop invalid source' }],
  },
  {
    name: 'a pod does not send with an address of the world',
    state: pods,
    steps: [{ port: 'client', packet: udp('world:53 > server:5000'), verdict: 'drop invalid source' }],
  },
  {
    name: 'a pod does not send with an address of nobody',
    state: pods,
    steps: [{ port: 'client', packet: ping('nobody > server', 1), verdict: 'drop invalid source' }],
  },
  {
    name: 'a pod does not speak within a flow of another, and does it no harm',
    state: pods,
    steps: [
      { packet: tcp('client:40000 > server:80', 'S'), verdict: 'local server' },
      { packet: tcp('server:80 > client:40000', 'SA'), verdict: 'local client' },
      {
        port: 'other',
        packet: tcp('client:40000 > server:80', 'R'),
        verdict: 'drop invalid source',
        event: 'drop',
        flow: { flags: ['replied'], packets: [1, 1], expiresIn: 60 },
      },
      {
        port: 'other',
        packet: tcp('server:80 > client:40000', 'R'),
        verdict: 'drop invalid source',
        flow: { of: tcp('client:40000 > server:80'), packets: [1, 1], expiresIn: 60 },
      },
      {
        packet: tcp('client:40000 > server:80', 'A'),
        verdict: 'local server',
        flow: { flags: ['replied', 'origin non syn'], packets: [2, 1] },
      },
    ],
  },
  {
    name: 'a pod does not open a closed flow of another',
    state: pods,
    steps: [
      { packet: tcp('client:40000 > server:80', 'S'), verdict: 'local server' },
      { packet: tcp('server:80 > client:40000', 'RA'), verdict: 'local client' },
      { port: 'other', packet: tcp('client:40000 > server:80', 'S'), verdict: 'drop invalid source', flow: { packets: [1, 1] } },
    ],
  },
  {
    name: 'the network does not send with the address of a pod',
    state: pods,
    steps: [{ hook: 'from_network', packet: tcp('client:40000 > server:80', 'S'), verdict: 'drop invalid source', event: 'drop' }],
  },
  {
    name: 'the network does not send with the address of the host',
    state: pods,
    steps: [{ hook: 'from_network', packet: tcp('host:40000 > server:80', 'S'), verdict: 'drop invalid source', event: 'drop' }],
  },
  {
    name: 'the network does not speak within a flow between pods',
    state: pods,
    steps: [
      { packet: tcp('client:40000 > server:80', 'S'), verdict: 'local server' },
      {
        hook: 'from_network',
        packet: tcp('client:40000 > server:80', 'R'),
        verdict: 'drop invalid source',
        flow: { flags: [], packets: [1, 0] },
      },
      {
        hook: 'from_network',
        packet: tcp('server:80 > client:40000', 'R'),
        verdict: 'drop invalid source',
        flow: { of: tcp('client:40000 > server:80'), flags: [], packets: [1, 0] },
      },
    ],
  },
  {
    name: 'a pod that got the address of another is not believed at its old port',
    state: pods,
    steps: [
      { packet: tcp('client:40000 > world:80', 'S'), verdict: 'stack' },
      { change: { endpoints: { client: { identity: 100, port: 'other' } }, epochs: ['client'] } },
      { port: 'client', packet: tcp('client:40000 > world:80', 'A'), verdict: 'drop invalid source' },
      { port: 'other', packet: tcp('client:40000 > world:80', 'A'), verdict: 'stack' },
    ],
  },
];

const fromPod: PacketCase[] = [
  {
    name: 'a pod reaches the host through the stack',
    state: pods,
    steps: [{ packet: tcp('client:40000 > host:53', 'S'), verdict: 'stack', record: { sourceIdentity: 100, destinationIdentity: 1 } }],
  },
  {
    name: 'a pod reaches the world through the stack',
    state: pods,
    steps: [{ packet: tcp('client:40000 > world:443', 'S'), verdict: 'stack', record: { destinationIdentity: 2 } }],
  },
  { name: 'a pod reaches itself', state: pods, steps: [{ packet: tcp('client:40000 > client:80', 'S'), verdict: 'local client' }] },
  {
    name: 'the host’s own ingress policy is asked',
    state: {
      endpoints: { client: { identity: 100 }, host: { identity: 1, host: true, policySet: 1, enforced: 'ingress' } },
      policies: { 1: ['#1 ingress allow 100 tcp 53'] },
    },
    steps: [
      { packet: tcp('client:40000 > host:53', 'S'), verdict: 'stack', direction: 'ingress', record: { ingressRule: 1 } },
      { packet: tcp('client:40000 > host:22', 'S'), verdict: 'drop policy denied', direction: 'ingress' },
    ],
  },
];

const toPod: PacketCase[] = [
  {
    name: 'the host reaches a pod whose policy allows it',
    state: { ...locked, policies: { 1: ['#1 ingress allow 1 tcp 80'] } },
    steps: [
      { hook: 'to_pod', packet: tcp('host:40000 > client:80', 'S'), verdict: 'stack', record: { sourceIdentity: 1, ingressRule: 1 } },
      { hook: 'to_pod', packet: tcp('host:40000 > client:81', 'S'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'the host is asked about like everybody',
    state: locked,
    steps: [{ hook: 'to_pod', packet: tcp('host:40000 > client:81', 'S'), verdict: 'drop policy denied', record: { sourceIdentity: 1 } }],
  },
  {
    name: 'an entry for the host lets it in, whatever it asks for',
    state: { ...locked, policies: { 1: ['#9 ingress allow 1'] } },
    steps: [{ hook: 'to_pod', packet: tcp('host:40000 > client:81', 'S'), verdict: 'stack', record: { ingressRule: 9 } }],
  },
  {
    name: 'a deny keeps out the host that an entry lets in',
    state: { ...locked, policies: { 1: ['#8 ingress deny any tcp', '#9 ingress allow 1'] } },
    steps: [
      { hook: 'to_pod', packet: tcp('host:40000 > client:81', 'S'), verdict: 'drop policy deny' },
      { hook: 'to_pod', packet: udp('host:40000 > client:81'), verdict: 'stack' },
    ],
  },
  {
    name: 'a deny keeps out the host',
    state: { ...locked, policies: { 1: ['#1 ingress deny any'] } },
    steps: [{ hook: 'to_pod', packet: tcp('host:40000 > client:81', 'S'), verdict: 'drop policy deny' }],
  },
  {
    name: 'the pod’s answer to the host goes to the stack',
    state: { ...locked, policies: { 1: ['#1 ingress allow 1'] } },
    steps: [
      { hook: 'to_pod', packet: tcp('host:40000 > client:80', 'S'), verdict: 'stack' },
      { packet: tcp('client:80 > host:40000', 'SA'), verdict: 'stack', record: { reply: 1 } },
    ],
  },
  {
    name: 'what the stack routes to a pod is asked about like what is delivered directly',
    state: locked,
    steps: [
      { hook: 'to_pod', packet: tcp('world:40000 > client:443', 'S'), verdict: 'stack', record: { sourceIdentity: 2, ingressRule: 1 } },
      { hook: 'to_pod', packet: tcp('world:40000 > client:80', 'S'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'an answer that the stack routes to a pod is an answer',
    state: locked,
    steps: [
      { packet: tcp('client:40000 > world:22', 'S'), verdict: 'stack' },
      { hook: 'to_pod', packet: tcp('world:22 > client:40000', 'SA'), verdict: 'stack', record: { reply: 1 } },
    ],
  },
];

const fromNetwork: PacketCase[] = [
  {
    name: 'the world reaches a pod where policy lets it',
    state: locked,
    steps: [
      {
        hook: 'from_network',
        packet: tcp('world:40000 > client:443', 'S'),
        verdict: 'local client',
        record: { sourceIdentity: 2, ingressRule: 1 },
      },
      { hook: 'from_network', packet: tcp('world:40000 > client:80', 'S'), verdict: 'drop policy denied', event: 'drop' },
    ],
  },
  {
    name: 'a prefix gives the sender its identity',
    state: { ...locked, ipcache: { world: { identity: 500 } } },
    steps: [
      {
        hook: 'from_network',
        packet: tcp('world:40000 > client:80', 'S'),
        verdict: 'local client',
        record: { sourceIdentity: 500, ingressRule: 2 },
      },
    ],
  },
  {
    name: 'the answer of a pod to the world goes to the stack',
    state: locked,
    steps: [
      { hook: 'from_network', packet: tcp('world:40000 > client:443', 'S'), verdict: 'local client' },
      { packet: tcp('client:443 > world:40000', 'SA'), verdict: 'stack', record: { reply: 1 } },
    ],
  },
  {
    name: 'what concerns no pod and no service is the host’s own business, and leaves no flow',
    state: locked,
    steps: [{ hook: 'from_network', packet: tcp('world:40000 > node1:22', 'S'), verdict: 'stack', event: 'none', flow: { absent: true } }],
  },
  {
    name: 'what passes through the node leaves no flow',
    state: locked,
    steps: [{ hook: 'from_network', packet: udp('world:53 > stranger:5000'), verdict: 'stack', flow: { absent: true } }],
  },
  {
    name: 'the host’s ingress policy is asked of the network',
    state: {
      endpoints: { host: { identity: 1, host: true, policySet: 1, enforced: 'ingress' } },
      policies: { 1: ['#1 ingress allow 2 tcp 22'] },
    },
    steps: [
      {
        hook: 'from_network',
        packet: tcp('world:40000 > host:22', 'S'),
        verdict: 'stack',
        record: { ingressRule: 1, destinationIdentity: 1 },
      },
      { hook: 'from_network', packet: tcp('world:40000 > host:23', 'S'), verdict: 'drop policy denied' },
    ],
  },
];

const toHost: PacketCase[] = [
  {
    name: 'the host’s ingress policy is asked at its own port',
    state: {
      endpoints: { client: { identity: 100 }, host: { identity: 1, host: true, policySet: 1, enforced: 'ingress' } },
      policies: { 1: ['#1 ingress allow 100 tcp 53'] },
    },
    steps: [
      { hook: 'to_host', packet: tcp('client:40000 > host:53', 'S'), verdict: 'stack', record: { ingressRule: 1, sourceIdentity: 100 } },
      { hook: 'to_host', packet: tcp('client:40000 > host:22', 'S'), verdict: 'drop policy denied' },
    ],
  },
  {
    name: 'a flow that a pod’s hook has let through passes the host’s hook as the same flow',
    state: {
      endpoints: { client: { identity: 100 }, host: { identity: 1, host: true, policySet: 1, enforced: 'ingress' } },
      policies: { 1: ['#1 ingress allow 100 tcp 53'] },
    },
    steps: [
      { packet: tcp('client:40000 > host:53', 'S'), verdict: 'stack', direction: 'ingress' },
      { hook: 'to_host', packet: tcp('client:40000 > host:53', 'S'), verdict: 'stack', flow: { flags: [], expiresIn: 60 } },
    ],
  },
];

const neighbours: PacketCase[] = [
  ...([133, 134, 135, 136] as const).map(
    (type): PacketCase => ({
      name: `neighbour discovery goes to the stack: type ${type}`,
      families: ['ipv6'],
      state: pods,
      steps: [
        { packet: icmp('client > host', 'echo', { type, hopLimit: 255, payload: new Uint8Array(16) }), verdict: 'stack', event: 'none' },
      ],
    }),
  ),
  {
    name: 'neighbour discovery from further away is refused',
    families: ['ipv6'],
    state: pods,
    steps: [
      {
        packet: icmp('client > host', 'echo', { type: 135, hopLimit: 254, payload: new Uint8Array(16) }),
        verdict: 'drop invalid neighbour',
        event: 'drop',
      },
    ],
  },
  {
    name: 'neighbour discovery with a code is refused',
    families: ['ipv6'],
    state: pods,
    steps: [
      {
        packet: icmp('client > host', 'echo', { type: 136, code: 1, hopLimit: 255, payload: new Uint8Array(16) }),
        verdict: 'drop invalid neighbour',
      },
    ],
  },
  {
    name: 'a redirect of neighbour discovery is refused',
    families: ['ipv6'],
    state: pods,
    steps: [
      {
        packet: icmp('client > host', 'echo', { type: 137, hopLimit: 255, payload: new Uint8Array(32) }),
        verdict: 'drop invalid neighbour',
      },
    ],
  },
];

export const senderCases: readonly PacketCase[] = senders;
export const hookCases: readonly PacketCase[] = [...fromPod, ...toPod, ...fromNetwork, ...toHost, ...neighbours];
