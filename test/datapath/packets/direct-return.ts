// Cases: direct server return: the node that a client's packet comes to sends it through the tunnel as it is, and the backend's node
// translates it and answers the client itself.

import { type CasePacket, icmpError, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, PacketStep } from './case.ts';
import { outside } from './masquerade.ts';
import type { ServiceState, State } from './state.ts';

const direct: ServiceState = { number: 7, frontend: 'vip:80', dsr: true, backends: [{ id: 70, at: 'remote:8080' }] };
const entry = (service: Partial<ServiceState> = {}, state: State = {}): State =>
  outside({ scope: undefined, ...direct, ...service }, state);
/** The node of the backend. */
const behind = (service: Partial<ServiceState> = {}, state: State = {}): State =>
  entry({ backends: [{ id: 70, at: 'server:8080' }], ...service }, state);

const asks = (flags: string) => tcp('world:40000 > vip:80', flags);
const answered = (flags: string) => tcp('vip:80 > world:40000', flags);
const arrived = (flags: string) => tcp('world:40000 > server:8080', flags);
/** As the backend elsewhere sees the client whom this node sent on. */
const hidden = (flags: string) => tcp('host:61000 > remote:8080', flags);
const answers = (flags: string) => tcp('server:8080 > world:40000', flags);

const enters = (packet: CasePacket, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'from_network',
  packet,
  verdict: 'overlay node2',
  event: 'none',
  ...rest,
});
const comes = (packet: CasePacket, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'from_overlay',
  tunnelIdentity: 2,
  packet,
  verdict: 'local server',
  ...rest,
});
const opens = comes(asks('S'), { output: arrived('S') });

const first: PacketCase[] = [
  {
    name: 'a packet for a backend elsewhere goes through the tunnel as the client wrote it, and no flow begins',
    state: entry(),
    steps: [
      enters(asks('S'), { record: { service: 7, backend: 70, sourceIdentity: 2 }, flow: { absent: true } }),
      enters(asks('A'), { record: { service: 7, backend: 70, sourceIdentity: 2 }, flow: { absent: true } }),
    ],
  },
  {
    name: 'a client keeps the node of its backend when the table changes',
    state: entry({
      backends: [
        { id: 70, at: 'remote:8080' },
        { id: 71, at: 'server:8080' },
      ],
      slots: [70],
    }),
    steps: [
      enters(asks('S')),
      { change: { services: [{ ...direct, backends: [{ id: 71, at: 'server:8080' }] }] } },
      enters(asks('A')),
      { forget: ['translations'] },
      enters(asks('A'), { verdict: 'local server', output: arrived('A') }),
    ],
  },
  {
    name: 'who tries again to connect is sent where the table says now, as the node there goes by it',
    state: entry({
      backends: [
        { id: 70, at: 'remote:8080' },
        { id: 71, at: 'server:8080' },
      ],
      slots: [70],
    }),
    steps: [
      enters(asks('S')),
      { change: { services: [{ ...direct, backends: [{ id: 71, at: 'server:8080' }] }] } },
      enters(asks('S'), { verdict: 'local server', output: arrived('S') }),
      enters(asks('A'), { verdict: 'local server', output: arrived('A') }),
    ],
  },
  {
    name: 'a new connection leaves a backend that terminates',
    state: entry(),
    steps: [
      enters(asks('S')),
      {
        change: {
          services: [
            {
              ...direct,
              backends: [
                { id: 70, at: 'remote:8080', state: 'terminating' },
                { id: 71, at: 'server:8080' },
              ],
              slots: [71],
            },
          ],
        },
      },
      enters(asks('A')),
      enters(asks('S'), { verdict: 'local server', output: arrived('S') }),
    ],
  },
  {
    name: 'a backend of this node is translated here',
    state: behind(),
    steps: [
      enters(asks('S'), { verdict: 'local server', output: arrived('S') }),
      { packet: answers('SA'), verdict: 'stack', output: answered('SA') },
    ],
  },
  {
    name: 'without a tunnel to the backend’s node the client is masqueraded',
    state: entry({}, { nodes: { 2: { at: 'node2', mode: 'native' } } }),
    steps: [enters(asks('S'), { verdict: 'stack', output: tcp('host:61000 > remote:8080', 'S') })],
  },
  {
    name: 'a tunnel that is gone drops what was to go through it',
    state: entry(),
    steps: [
      enters(asks('S')),
      { change: {}, remove: { nodes: { 2: { at: 'node2' } } } },
      enters(asks('A'), { verdict: 'drop no tunnel endpoint', event: 'drop' }),
    ],
  },
  {
    name: 'the address of a pod of this node does not come from the network',
    state: entry(),
    steps: [enters(tcp('client:40000 > vip:80', 'S'), { verdict: 'drop invalid source', event: 'drop' })],
  },
  {
    name: 'pods of this node reach the backend as ever',
    state: entry(),
    steps: [{ packet: tcp('client:40000 > vip:80', 'S'), verdict: 'overlay node2', output: tcp('client:40000 > remote:8080', 'S') }],
  },
  {
    name: 'an error about an answer follows the client’s packets',
    state: entry(),
    steps: [enters(asks('S')), enters(icmpError('router > vip', 'too big', answered('A')))],
  },
  {
    name: 'all fragments of a datagram go to the backend’s node',
    state: entry({ protocol: 'udp' }),
    steps: [
      enters(udp('world:5000 > vip:80', { payload: new Uint8Array(48), fragment: { id: 9, length: 32 } })),
      enters(udp('world:5000 > vip:80', { payload: new Uint8Array(48), fragment: { id: 9, start: 32 } })),
    ],
  },
  {
    name: 'a client keeps its backend for as long as affinity says',
    state: entry({
      affinitySeconds: 60,
      backends: [
        { id: 70, at: 'remote:8080' },
        { id: 71, at: 'server:8080' },
      ],
      slots: [70],
    }),
    steps: [
      enters(asks('S')),
      { change: { services: [{ ...direct, affinitySeconds: 60, backends: [{ id: 71, at: 'server:8080' }] }] } },
      enters(tcp('world:40001 > vip:80', 'S')),
    ],
  },
];

const second: PacketCase[] = [
  {
    name: 'the backend’s node translates what comes through the tunnel for a frontend, and answers the client itself',
    state: behind(),
    steps: [
      {
        ...opens,
        record: { service: 7, backend: 70, sourceIdentity: 2, destinationIdentity: 200 },
        flow: { of: arrived('S'), flags: ['translated'], packets: [1, 0] },
      },
      { packet: answers('SA'), verdict: 'stack', output: answered('SA'), record: { reply: 1, service: 7 } },
      comes(asks('A'), { output: arrived('A'), flow: { of: arrived('A'), packets: [2, 1], expiresIn: 8000 } }),
    ],
  },
  {
    name: 'policy of the backend speaks of the world',
    state: behind(
      {},
      { endpoints: { server: { identity: 200, policySet: 2, enforced: 'ingress' } }, policies: { 2: ['#1 ingress allow 2 tcp 8080'] } },
    ),
    steps: [{ ...opens, record: { ingressRule: 1 } }],
  },
  {
    name: 'policy of the backend knows the ranges that clients come from',
    state: behind(
      {},
      {
        endpoints: { server: { identity: 200, policySet: 2, enforced: 'ingress' } },
        policies: { 2: ['#1 ingress allow 16777217 tcp 8080'] },
        ipcache: { world: { identity: 0x1000001 } },
      },
    ),
    steps: [
      { ...opens, record: { ingressRule: 1, sourceIdentity: 0x1000001 } },
      comes(tcp('stranger:40000 > vip:80', 'S'), { verdict: 'drop policy denied', event: 'drop' }),
    ],
  },
  {
    name: 'an identity from the tunnel that is not the world is not overruled by a range',
    state: behind(
      {},
      {
        endpoints: { server: { identity: 200, policySet: 2, enforced: 'ingress' } },
        policies: { 2: ['#1 ingress allow 16777217 tcp 8080'] },
        ipcache: { world: { identity: 0x1000001 } },
      },
    ),
    steps: [comes(asks('S'), { tunnelIdentity: 400, verdict: 'drop policy denied', event: 'drop', record: { sourceIdentity: 400 } })],
  },
  {
    name: 'only frontends with direct return are open to the tunnel',
    state: behind({ dsr: false }),
    steps: [comes(asks('S'), { verdict: 'drop unknown target', event: 'drop', record: { service: 0 } })],
  },
  {
    name: 'what another node sent here, and this one’s table gives to a backend elsewhere, goes there masqueraded and stays there',
    state: entry(),
    steps: [
      comes(asks('S'), {
        verdict: 'overlay node2',
        output: hidden('S'),
        record: { service: 7, backend: 70, sourceIdentity: 2 },
        flow: { of: hidden('S'), flags: ['translated', 'masqueraded'], packets: [1, 0] },
      }),
      comes(tcp('remote:8080 > host:61000', 'SA'), { tunnelIdentity: 400, verdict: 'stack', output: answered('SA') }),
      comes(icmpError('router > vip', 'too big', answered('A')), {
        verdict: 'overlay node2',
        output: icmpError('router > remote', 'too big', tcp('remote:8080 > host:61000', 'A')),
      }),
      { change: { services: [{ ...direct, backends: [{ id: 71, at: 'server:8080' }] }] } },
      comes(asks('A'), { verdict: 'overlay node2', output: hidden('A') }),
      comes(tcp('world:40001 > vip:80', 'S'), { output: tcp('world:40001 > server:8080', 'S') }),
    ],
  },
  {
    name: 'it goes by the host’s routes where the tunnel does not lead',
    state: entry({}, { nodes: { 2: { at: 'node2', mode: 'native' } } }),
    steps: [comes(asks('S'), { verdict: 'stack', output: hidden('S') })],
  },
  {
    name: 'without an address for it the client is dropped',
    state: { ...entry(), config: { noRouter: true } },
    steps: [comes(asks('S'), { verdict: 'drop no config', event: 'drop' })],
  },
  {
    name: 'nobody but the client goes through this node to the backend',
    state: entry(),
    steps: [
      comes(asks('S'), { verdict: 'overlay node2', output: hidden('S') }),
      comes(hidden('A'), { verdict: 'drop translation clash', event: 'drop' }),
      comes(icmpError('router > remote2', 'too big', tcp('remote:8080 > host:61000', 'A')), {
        verdict: 'drop unknown target',
        event: 'drop',
      }),
    ],
  },
  {
    name: 'a node that sent a client on translates it when it is sent back',
    state: entry(),
    steps: [enters(asks('S')), { change: { services: [{ ...direct, backends: [{ id: 71, at: 'server:8080' }] }] } }, opens],
  },
  {
    name: 'an error about a client’s packet comes from the frontend',
    state: behind({ protocol: 'udp' }),
    steps: [
      comes(udp('world:5000 > vip:80'), { output: udp('world:5000 > server:8080') }),
      {
        packet: icmpError('server > world', 'port unreachable', udp('world:5000 > server:8080')),
        verdict: 'stack',
        output: icmpError('vip > world', 'port unreachable', udp('world:5000 > vip:80')),
      },
    ],
  },
  {
    name: 'an error about an answer that was sent on reaches the backend',
    state: behind(),
    steps: [
      opens,
      comes(icmpError('router > vip', 'too big', answered('A')), { output: icmpError('router > server', 'too big', answers('A')) }),
    ],
  },
  {
    name: 'an error through the tunnel about a client that was sent on is not sent on again',
    state: entry(),
    steps: [
      enters(asks('S')),
      comes(icmpError('router > vip', 'too big', answered('A')), { verdict: 'drop unknown target', event: 'drop' }),
    ],
  },
  {
    name: 'a flow of the client with the pod itself is not mixed up with one of the frontend',
    state: behind(),
    steps: [
      comes(arrived('S'), { flow: { of: arrived('S'), flags: [] } }),
      comes(asks('S'), { verdict: 'drop translation clash', event: 'drop' }),
    ],
  },
];

export const directReturnCases: readonly PacketCase[] = [...first, ...second];
