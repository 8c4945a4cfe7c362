// Cases: packets between nodes, through the tunnel with the sender's identity in its header, or by the routes of the host.

import { type CasePacket, icmpError, ping, pong, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, PacketStep } from './case.ts';
import type { State } from './state.ts';

const around: State = {
  endpoints: { client: { identity: 100 }, server: { identity: 200, policySet: 2, enforced: 'ingress' }, host: { identity: 1, host: true } },
  policies: { 2: ['#1 ingress allow 400 tcp 80', '#2 ingress allow 6 tcp 10250'] },
  ipcache: { remotePods: { identity: 400, node: 2 }, node2: { identity: 6 } },
  nodes: { 2: { at: 'node2' } },
};
const arrives = (packet: CasePacket, tunnelIdentity: number, verdict: string, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'from_overlay',
  tunnelIdentity,
  packet,
  verdict,
  ...rest,
});
const knock = (port = 80) => tcp(`remote:40000 > server:${port}`, 'S');

const incoming: PacketCase[] = [
  {
    name: 'the identity in the tunnel is the sender’s',
    state: around,
    steps: [arrives(knock(), 400, 'local server', { record: { sourceIdentity: 400, destinationIdentity: 200, ingressRule: 1 } })],
  },
  {
    name: 'the identity in the tunnel counts, not that of the sender’s prefix',
    state: { ...around, policies: { 2: ['#1 ingress allow 401 tcp 80'] } },
    steps: [
      arrives(knock(), 401, 'local server', { record: { sourceIdentity: 401 } }),
      arrives(tcp('remote2:40000 > server:80', 'S'), 400, 'drop policy denied', { record: { sourceIdentity: 400 } }),
    ],
  },
  {
    name: 'an identity that no rule allows is denied',
    state: around,
    steps: [arrives(knock(), 402, 'drop policy denied', { event: 'drop', record: { sourceIdentity: 402 } })],
  },
  {
    name: 'a packet without an identity is dropped',
    state: around,
    steps: [arrives(knock(), 0, 'drop invalid identity', { event: 'drop', flow: { absent: true } })],
  },
  {
    name: 'another node’s host is a remote node',
    state: around,
    steps: [arrives(tcp('node2:40000 > server:10250', 'S'), 1, 'local server', { record: { sourceIdentity: 6, ingressRule: 2 } })],
  },
  {
    name: 'another node’s host is not let in as this one',
    state: { ...around, policies: { 2: ['#1 ingress allow 1'] } },
    steps: [arrives(tcp('node2:40000 > server:22', 'S'), 1, 'drop policy denied', { record: { sourceIdentity: 6 } })],
  },
  {
    name: 'a packet for nobody here does not go on',
    state: around,
    steps: [arrives(tcp('remote:40000 > nobody:80', 'S'), 400, 'drop unknown target', { event: 'drop', flow: { absent: true } })],
  },
  {
    name: 'a packet for another node’s pod does not go back',
    state: around,
    steps: [arrives(tcp('remote:40000 > remote2:80', 'S'), 400, 'drop unknown target')],
  },
  {
    name: 'a pod of this node does not come through the tunnel',
    state: around,
    steps: [arrives(tcp('client:40000 > server:80', 'S'), 100, 'drop invalid source', { event: 'drop' })],
  },
  {
    name: 'the host of this node does not come through the tunnel',
    state: around,
    steps: [arrives(tcp('host:40000 > server:80', 'S'), 6, 'drop invalid source', { event: 'drop' })],
  },
  {
    name: 'a packet for the host goes to its stack',
    state: around,
    steps: [arrives(tcp('remote:40000 > host:22', 'S'), 400, 'stack', { record: { destinationIdentity: 1 } })],
  },
  {
    name: 'an answer from the tunnel needs no rule',
    state: {
      ...around,
      endpoints: { client: { identity: 100, policySet: 3, enforced: 'both' } },
      policies: { 3: ['#1 egress allow 400 tcp 80'] },
    },
    steps: [
      {
        packet: tcp('client:40000 > remote:80', 'S'),
        verdict: 'overlay node2',
        record: { sourceIdentity: 100, destinationIdentity: 400, egressRule: 1 },
      },
      arrives(tcp('remote:80 > client:40000', 'SA'), 400, 'local client', {
        record: { reply: 1 },
        flow: { of: tcp('client:40000 > remote:80'), flags: ['replied'] },
      }),
    ],
  },
  {
    name: 'an error from the tunnel reaches the sender',
    state: around,
    steps: [
      { packet: udp('client:5000 > remote:53'), verdict: 'overlay node2' },
      arrives(icmpError('remote > client', 'port unreachable', udp('client:5000 > remote:53')), 400, 'local client'),
    ],
  },
];

const outgoing: PacketCase[] = [
  {
    name: 'a pod of another node is reached through the tunnel to it',
    state: around,
    steps: [
      { packet: tcp('client:40000 > remote:80', 'S'), verdict: 'overlay node2', record: { sourceIdentity: 100, destinationIdentity: 400 } },
    ],
  },
  {
    name: 'every packet of the flow takes the tunnel',
    state: around,
    steps: [
      { packet: tcp('client:40000 > remote:80', 'S'), verdict: 'overlay node2' },
      { packet: tcp('client:40000 > remote:80', 'A'), verdict: 'overlay node2', record: { sourceIdentity: 100 } },
    ],
  },
  {
    name: 'an answer goes back through the tunnel',
    state: around,
    steps: [
      arrives(knock(), 400, 'local server'),
      {
        packet: tcp('server:80 > remote:40000', 'SA'),
        verdict: 'overlay node2',
        record: { reply: 1, sourceIdentity: 200, destinationIdentity: 400 },
      },
    ],
  },
  {
    name: 'a ping and its answer cross the tunnel',
    state: around,
    steps: [{ packet: ping('client > remote', 3), verdict: 'overlay node2' }, arrives(pong('remote > client', 3), 400, 'local client')],
  },
  {
    name: 'a node that nobody described cannot be reached',
    state: { ...around, nodes: {} },
    steps: [{ packet: tcp('client:40000 > remote:80', 'S'), verdict: 'drop no tunnel endpoint', event: 'drop', flow: { absent: true } }],
  },
  {
    name: 'a node without a tunnel is reached by the host’s routes',
    state: { ...around, nodes: { 2: { at: 'node2', mode: 'native' } } },
    steps: [{ packet: tcp('client:40000 > remote:80', 'S'), verdict: 'stack' }],
  },
  {
    name: 'a prefix without a node is reached by the host’s routes',
    state: { ...around, ipcache: { remotePods: { identity: 400 } } },
    steps: [{ packet: tcp('client:40000 > remote:80', 'S'), verdict: 'stack', record: { destinationIdentity: 400 } }],
  },
  {
    name: 'policy is asked before the tunnel is taken',
    state: {
      ...around,
      endpoints: { client: { identity: 100, policySet: 3, enforced: 'egress' } },
      policies: { 3: ['#1 egress allow 401'] },
    },
    steps: [{ packet: tcp('client:40000 > remote:80', 'S'), verdict: 'drop policy denied', record: { destinationIdentity: 400 } }],
  },
  {
    name: 'the longest prefix names the node',
    state: {
      ...around,
      ipcache: { remotePods: { identity: 400, node: 2 }, remote2: { identity: 401, node: 3 } },
      nodes: { 2: { at: 'node2' }, 3: { at: 'node1' } },
    },
    steps: [
      { packet: tcp('client:40000 > remote:80', 'S'), verdict: 'overlay node2' },
      { packet: tcp('client:40000 > remote2:80', 'S'), verdict: 'overlay node1', record: { destinationIdentity: 401 } },
    ],
  },
  {
    name: 'a pod that moved to another node is followed when its epoch moves',
    state: { ...around, nodes: { 2: { at: 'node2' }, 3: { at: 'node1' } } },
    steps: [
      { packet: tcp('client:40000 > remote:80', 'S'), verdict: 'overlay node2' },
      { change: { ipcache: { remote: { identity: 400, node: 3 } }, epochs: ['remote'] } },
      { packet: tcp('client:40000 > remote:80', 'S'), verdict: 'overlay node1' },
      { packet: tcp('client:40000 > remote:80', 'A'), verdict: 'overlay node1' },
    ],
  },
];

export const overlayCases: readonly PacketCase[] = [...incoming, ...outgoing];
