// Cases: clients from the network whose backend is on another node: their source becomes this node's router address and a port claimed
// there, and what comes back to it is turned back. The host of the world has the router's address.

import { offeredPort } from '../../support/maglev.ts';
import { type CasePacket, sctp, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, PacketStep, Step } from './case.ts';
import type { ServiceState, State } from './state.ts';

export const nodePort: ServiceState = {
  number: 7,
  frontend: 'node1:30080',
  scope: 'external',
  backends: [{ id: 70, at: 'remote:8080' }],
};

/** A node with pods, and pods on another one through the tunnel; one source port, so that cases can tell it. */
export function outside(service: Partial<ServiceState> = {}, state: State = {}): State {
  return {
    config: { masqPorts: [61000, 61000] },
    endpoints: { client: { identity: 100 }, server: { identity: 200 } },
    ipcache: { remotePods: { identity: 400, node: 2 }, node2: { identity: 6 } },
    nodes: { 2: { at: 'node2' } },
    services: [{ ...nodePort, ...service }],
    ...state,
  };
}

export const asks = (flags: string, port = 40000, client = 'world') => tcp(`${client}:${port} > node1:30080`, flags);
export const sent = (flags: string, port = 61000) => tcp(`host:${port} > remote:8080`, flags);
export const comesBack = (flags: string, port = 61000) => tcp(`remote:8080 > host:${port}`, flags);
export const answered = (flags: string, port = 40000, client = 'world') => tcp(`node1:30080 > ${client}:${port}`, flags);

export const request = (packet: CasePacket, output: CasePacket, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'from_network',
  packet,
  verdict: 'overlay node2',
  output,
  ...rest,
});
export const response = (packet: CasePacket, output: CasePacket, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'from_overlay',
  tunnelIdentity: 400,
  packet,
  verdict: 'stack',
  output,
  ...rest,
});
export const opens = request(asks('S'), sent('S'));
export const isAnswered = response(comesBack('SA'), answered('SA'));
const both = ['translated', 'masqueraded'];

const payload = new Uint8Array(48).map((_, index) => index);

/** One of two fragments of a datagram. */
function part(line: string, number: 1 | 2): CasePacket {
  return udp(line, { payload, fragment: number === 1 ? { id: 77, length: 32 } : { id: 77, start: 32 } });
}

const course: PacketCase[] = [
  {
    name: 'a client from the network reaches a backend on another node from the router’s address',
    state: outside(),
    steps: [
      {
        ...opens,
        record: { sourceIdentity: 2, destinationIdentity: 400, service: 7, backend: 70 },
        flow: { of: sent('S'), flags: both, backend: 70, expiresIn: 60, packets: [1, 0] },
      },
      {
        ...isAnswered,
        record: { reply: 1, service: 7, backend: 70, sourceIdentity: 400, destinationIdentity: 2 },
        flow: { of: sent('S'), flags: [...both, 'replied'], packets: [1, 1] },
      },
      request(asks('A'), sent('A'), {
        flow: { of: sent('A'), flags: [...both, 'replied', 'origin non syn'], packets: [2, 1], expiresIn: 8000 },
      }),
      response(comesBack('A'), answered('A')),
    ],
  },
  {
    name: 'a UDP service for the network',
    state: outside({ protocol: 'udp' }),
    steps: [
      request(udp('world:5000 > node1:30080'), udp('host:61000 > remote:8080')),
      response(udp('remote:8080 > host:61000'), udp('node1:30080 > world:5000'), {
        flow: { of: udp('host:61000 > remote:8080'), expiresIn: 180 },
      }),
    ],
  },
  {
    name: 'an SCTP service for the network',
    state: outside({ protocol: 'sctp' }),
    steps: [
      request(sctp('world:5000 > node1:30080'), sctp('host:61000 > remote:8080')),
      response(sctp('remote:8080 > host:61000'), sctp('node1:30080 > world:5000')),
    ],
  },
  {
    name: 'a client from the network keeps its address where the backend is a pod of this node',
    state: outside({ backends: [{ id: 70, at: 'server:8080' }] }),
    steps: [
      request(asks('S'), tcp('world:40000 > server:8080', 'S'), {
        verdict: 'local server',
        record: { sourceIdentity: 2, destinationIdentity: 200 },
        flow: { of: tcp('world:40000 > server:8080'), flags: ['translated'] },
      }),
      { packet: tcp('server:8080 > world:40000', 'SA'), verdict: 'stack', output: answered('SA'), record: { reply: 1 } },
    ],
  },
  {
    name: 'without a tunnel packet and answer go by the routes of the host',
    state: outside({}, { nodes: { 2: { at: 'node2', mode: 'native' } } }),
    steps: [
      request(asks('S'), sent('S'), { verdict: 'stack' }),
      { hook: 'from_network', packet: comesBack('SA'), verdict: 'stack', output: answered('SA'), record: { reply: 1 } },
    ],
  },
  {
    name: 'a backend outside the cluster is reached from the router’s address',
    state: outside({ backends: [{ id: 70, at: 'world2:8080' }] }),
    steps: [
      request(asks('S'), tcp('host:61000 > world2:8080', 'S'), { verdict: 'stack' }),
      { hook: 'from_network', packet: tcp('world2:8080 > host:61000', 'SA'), verdict: 'stack', output: answered('SA') },
    ],
  },
  {
    name: 'a client that is the backend itself reaches itself from the router’s address',
    state: outside({ backends: [{ id: 70, at: 'world:8080' }] }),
    steps: [
      request(asks('S'), tcp('host:61000 > world:8080', 'S'), {
        verdict: 'stack',
        flow: { of: tcp('host:61000 > world:8080'), flags: both },
      }),
      { hook: 'from_network', packet: tcp('world:8080 > host:61000', 'SA'), verdict: 'stack', output: answered('SA') },
    ],
  },
  {
    name: 'the router’s address may be the host’s, and policy of the host does not speak of these flows',
    state: outside(
      {},
      {
        endpoints: { host: { identity: 1, host: true, policySet: 1, enforced: 'both' } },
        policies: { 1: ['#1 ingress allow 400 tcp 22'] },
      },
    ),
    steps: [opens, isAnswered, request(asks('A'), sent('A'))],
  },
  {
    name: 'the tunnel calls a client of a range with an identity of this node the world',
    state: outside({}, { ipcache: { remotePods: { identity: 400, node: 2 }, world: { identity: 0x1000001 } } }),
    steps: [{ ...opens, record: { sourceIdentity: 2 } }, request(asks('A'), sent('A'), { record: { sourceIdentity: 2 } })],
  },
  {
    name: 'a client’s packet with the address of a pod of this node is dropped',
    state: outside(),
    steps: [
      {
        hook: 'from_network',
        packet: asks('S', 40000, 'client'),
        verdict: 'drop invalid source',
        event: 'drop',
        flow: { of: sent('S'), absent: true },
      },
    ],
  },
  {
    name: 'a node without a router address drops what it would have to masquerade',
    state: outside({}, { config: { noRouter: true } }),
    steps: [{ hook: 'from_network', packet: asks('S'), verdict: 'drop no config', event: 'drop' }],
  },
  {
    name: 'the fragments of a client’s datagram all come from the router',
    state: outside({ protocol: 'udp' }),
    steps: ([1, 2] as const).map((number) => request(part('world:5000 > node1:30080', number), part('host:61000 > remote:8080', number))),
  },
];

const two = [61000, 61001] as const;
const offered = (client: string, port: number, attempt: number): number => offeredPort(asks('S', port, client)('ipv4'), attempt, two);
/** Ports of two clients that are offered the same port first; in IPv4, as cases about them are. */
const first = offered('world', 40000, 1);
const other = first === two[0] ? two[1] : two[0];
const rival = [...Array(200).keys()].map((index) => 50000 + index).find((port) => offered('world2', port, 1) === first) as number;
const ranged: State = outside({}, { config: { masqPorts: two } });
const rivalOpens = (port: number): Step => request(asks('S', rival, 'world2'), sent('S', port));

const claims: PacketCase[] = [
  {
    name: 'a client is offered ports by what it is',
    families: ['ipv4'],
    state: outside({}, { config: {} }),
    steps: [40000, 40001, 50000].map((port) =>
      request(asks('S', port), (family) => sent('S', offeredPort(asks('S', port)(family), 1, [61000, 65535]))(family)),
    ),
  },
  {
    name: 'two clients of one backend have a port each',
    families: ['ipv4'],
    state: ranged,
    steps: [
      request(asks('S'), sent('S', first)),
      rivalOpens(other),
      response(comesBack('SA', other), answered('SA', rival, 'world2')),
      response(comesBack('SA', first), answered('SA')),
    ],
  },
  {
    name: 'a client for which no port is free is dropped, and another backend has ports of its own',
    state: outside(
      {},
      {
        services: [nodePort, { ...nodePort, number: 8, frontend: 'node1:30081', backends: [{ id: 80, at: 'remote:8081' }] }],
      },
    ),
    steps: [
      opens,
      { hook: 'from_network', packet: asks('S', 40001), verdict: 'drop no source port', event: 'drop' },
      request(tcp('world:40001 > node1:30081', 'S'), tcp('host:61000 > remote:8081', 'S')),
    ],
  },
  {
    name: 'a connection that both sides have closed leaves its port to a new one where no other is free, and to nothing else',
    state: outside(),
    steps: [
      opens,
      isAnswered,
      request(asks('FA'), sent('FA')),
      { hook: 'from_network', packet: asks('S', 41000, 'world2'), verdict: 'drop no source port', event: 'drop' },
      response(comesBack('FA'), answered('FA')),
      { hook: 'from_network', packet: asks('A', 41000, 'world2'), verdict: 'drop no source port', event: 'drop' },
      request(asks('S', 41000, 'world2'), sent('S'), { flow: { of: sent('S'), flags: both, packets: [1, 0] } }),
      response(comesBack('SA'), answered('SA', 41000, 'world2')),
      { hook: 'from_network', packet: asks('A'), verdict: 'drop no source port', event: 'drop', flow: { of: sent('S'), packets: [1, 1] } },
    ],
  },
  {
    name: 'a port that is free goes before one that a closed connection has left',
    families: ['ipv4'],
    state: ranged,
    steps: [request(asks('S'), sent('S', first)), response(comesBack('RA', first), answered('RA')), rivalOpens(other)],
  },
  {
    name: 'the port of a flow that has expired is given to the next client, and its answers with it',
    state: outside(),
    steps: [
      opens,
      { seconds: 61 },
      request(asks('S', 41000, 'world2'), sent('S'), { flow: { of: sent('S'), flags: both, packets: [1, 0] } }),
      response(comesBack('SA'), answered('SA', 41000, 'world2')),
      { hook: 'from_network', packet: asks('S'), verdict: 'drop no source port', event: 'drop', flow: { of: sent('S'), packets: [1, 1] } },
    ],
  },
  {
    name: 'a client whose port was given away gets another one',
    families: ['ipv4'],
    state: ranged,
    steps: [
      request(asks('S'), sent('S', first)),
      { forget: ['conntrack'] },
      rivalOpens(first),
      request(asks('S'), sent('S', other)),
      request(asks('A'), sent('A', other)),
      response(comesBack('SA', first), answered('SA', rival, 'world2')),
      response(comesBack('SA', other), answered('SA')),
    ],
  },
  {
    name: 'a client whose translation was forgotten keeps its port and its flow',
    state: outside(),
    steps: [opens, { forget: ['translations'] }, request(asks('A'), sent('A'), { flow: { of: sent('A'), packets: [2, 0] } })],
  },
  {
    name: 'a client whose flow was forgotten keeps its port',
    state: outside(),
    steps: [opens, { forget: ['conntrack'] }, request(asks('A'), sent('A'), { flow: { of: sent('A'), packets: [1, 0] } }), isAnswered],
  },
  {
    name: 'a client at two frontends of one backend has two flows',
    families: ['ipv4'],
    state: outside({}, { config: { masqPorts: two }, services: [nodePort, { ...nodePort, number: 8, frontend: 'vip:30080' }] }),
    steps: [
      request(asks('S'), sent('S', first)),
      request(tcp('world:40000 > vip:30080', 'S'), sent('S', other)),
      response(comesBack('SA', other), tcp('vip:30080 > world:40000', 'SA')),
      response(comesBack('SA', first), answered('SA')),
    ],
  },
  {
    name: 'a closed connection of a client is opened again with its port',
    state: outside(),
    steps: [
      opens,
      response(comesBack('RA'), answered('RA')),
      request(asks('S'), sent('S'), { flow: { of: sent('S'), flags: both, packets: [1, 0] } }),
    ],
  },
  {
    name: 'answers renew what only the client’s packets look up, and it outlives the frontend',
    state: outside(),
    steps: [
      opens,
      isAnswered,
      { seconds: 6 },
      { forget: ['translations'] },
      response(comesBack('A'), answered('A')),
      { change: {}, remove: { services: [nodePort] } },
      request(asks('A'), sent('A'), { flow: { of: sent('A'), packets: [2, 2] } }),
    ],
  },
  {
    name: 'a datagram flow leaves a backend that is gone, with a port at the new one',
    state: outside({ protocol: 'udp' }),
    steps: [
      request(udp('world:5000 > node1:30080'), udp('host:61000 > remote:8080')),
      {
        change: { services: [{ ...nodePort, protocol: 'udp', backends: [{ id: 71, at: 'remote2:8080' }] }] },
        remove: { backends: [{ id: 70, at: 'remote:8080' }] },
      },
      request(udp('world:5000 > node1:30080'), udp('host:61000 > remote2:8080')),
      response(udp('remote2:8080 > host:61000'), udp('node1:30080 > world:5000')),
    ],
  },
  {
    name: 'a flow goes on when the backend’s epoch has moved, from either side',
    state: outside(),
    steps: [
      opens,
      { change: { epochs: ['remote'] } },
      request(asks('A'), sent('A'), { flow: { of: sent('A'), packets: [2, 0], flags: [...both, 'origin non syn'] } }),
      { change: { epochs: ['remote'] } },
      response(comesBack('SA'), answered('SA'), { flow: { of: sent('A'), packets: [2, 1] } }),
    ],
  },
  {
    name: 'an answer to nobody is no answer',
    state: outside(),
    steps: [
      { hook: 'from_overlay', tunnelIdentity: 400, packet: comesBack('SA'), verdict: 'drop unknown target', event: 'drop' },
      { hook: 'from_network', packet: comesBack('SA'), verdict: 'stack', flow: { absent: true } },
    ],
  },
];

export const masqueradeCases: readonly PacketCase[] = [...course, ...claims];
