// Cases: a backend that is the host itself, behind a frontend of the network: its answers leave by the host's stack, and what the stack sends
// that is no such answer is left alone.

import { type CasePacket, icmpError, ping, pong, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, PacketStep } from './case.ts';
import { withProtocol } from './malformed.ts';
import { nodePort, outside } from './masquerade.ts';
import type { ServiceState, State } from './state.ts';

const service: ServiceState = { ...nodePort, frontend: 'vip:80', backends: [{ id: 70, at: 'node1:8080' }] };
/** The node's address is an endpoint, as the agent has it. */
const here = (more: Partial<ServiceState> = {}, state: State = {}): State =>
  outside({ ...service, ...more }, { endpoints: { node1: { identity: 1, host: true }, server: { identity: 200 } }, ...state });

const asks = (flags: string) => tcp('world:40000 > vip:80', flags);
const arrived = (flags: string) => tcp('world:40000 > node1:8080', flags);
const answers = (flags: string) => tcp('node1:8080 > world:40000', flags);
const answered = (flags: string) => tcp('vip:80 > world:40000', flags);

const enters = (packet: CasePacket, output: CasePacket, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'from_network',
  packet,
  verdict: 'stack',
  output,
  ...rest,
});
const leaves = (packet: CasePacket, output: CasePacket, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'to_network',
  packet,
  verdict: 'stack',
  output,
  event: 'none',
  ...rest,
});
const passes = (packet: CasePacket, rest: Partial<PacketStep> = {}): PacketStep => leaves(packet, packet, rest);
const opens = enters(asks('S'), arrived('S'));
const datagram = (line: string, number: 1 | 2): CasePacket =>
  udp(line, { payload: new Uint8Array(48), fragment: number === 1 ? { id: 5, length: 32 } : { id: 5, start: 32 } });

const answer: PacketCase[] = [
  {
    name: 'a client of a service whose backend is the host sees the frontend answer',
    state: here(),
    steps: [
      enters(asks('S'), arrived('S'), { flow: { of: arrived('S'), flags: ['translated'], packets: [1, 0] } }),
      leaves(answers('SA'), answered('SA'), { record: { reply: 1, service: 7, backend: 70 }, flow: { of: arrived('S'), packets: [1, 1] } }),
      enters(asks('A'), arrived('A')),
      leaves(answers('FA'), answered('FA')),
      enters(asks('FA'), arrived('FA')),
      leaves(answers('A'), answered('A')),
    ],
  },
  {
    name: 'datagrams and their fragments too',
    state: here({ protocol: 'udp' }),
    steps: [
      enters(udp('world:5000 > vip:80'), udp('world:5000 > node1:8080')),
      leaves(udp('node1:8080 > world:5000'), udp('vip:80 > world:5000')),
      leaves(datagram('node1:8080 > world:5000', 1), datagram('vip:80 > world:5000', 1)),
      leaves(datagram('node1:8080 > world:5000', 2), datagram('vip:80 > world:5000', 2)),
    ],
  },
  {
    name: 'an error about what the client sent comes from the frontend',
    state: here({ protocol: 'udp' }),
    steps: [
      enters(udp('world:5000 > vip:80'), udp('world:5000 > node1:8080')),
      leaves(
        icmpError('node1 > world', 'port unreachable', udp('world:5000 > node1:8080')),
        icmpError('vip > world', 'port unreachable', udp('world:5000 > vip:80')),
      ),
    ],
  },
  {
    name: 'an answer is turned back whatever has changed about its ends',
    state: here(),
    steps: [opens, { change: { epochs: ['node1', 'world'] } }, leaves(answers('SA'), answered('SA'), { record: { reply: 1 } })],
  },
  {
    name: 'policy of the host that no longer takes the client ends the flow',
    state: here(),
    steps: [
      opens,
      {
        change: {
          endpoints: { node1: { identity: 1, host: true, policySet: 1, enforced: 'ingress' } },
          policies: { 1: ['#1 ingress allow 2 tcp 22'] },
          epochs: ['node1'],
        },
      },
      { hook: 'to_network', packet: answers('SA'), verdict: 'drop policy denied', event: 'drop', flow: { of: arrived('S'), absent: true } },
    ],
  },
  {
    name: 'a client that another node sent here for direct return is answered by this host',
    state: here({ dsr: true }),
    steps: [
      { hook: 'from_overlay', tunnelIdentity: 2, packet: asks('S'), verdict: 'stack', output: arrived('S') },
      leaves(answers('SA'), answered('SA')),
    ],
  },
];

const business: PacketCase[] = [
  {
    name: 'what the host sends to the network besides is left alone, and nothing is remembered',
    state: here(),
    steps: [
      passes(answers('SA'), { flow: { absent: true } }),
      passes(tcp('node1:40000 > world:443', 'S'), { flow: { absent: true } }),
      passes(udp('node1:40000 > vip:80'), { flow: { absent: true } }),
      passes(ping('node1 > world', 3), { flow: { absent: true } }),
      passes(pong('node1 > world', 3)),
      passes(icmpError('node1 > world', 'too big', tcp('world:40000 > node1:22'))),
      passes(withProtocol(50, 'node1 > world')),
      passes(tcp('node1:22 > world:40000', 'A', { dataOffset: 4 })),
      passes(datagram('node1:9 > world:5000', 2)),
      passes(datagram('node1:9 > world:5000', 1)),
      passes(datagram('node1:9 > world:5000', 2)),
      passes(udp('node1:50000 > node2:8472')),
    ],
  },
  {
    name: 'so is a flow of the host’s own backend that was not asked by a frontend',
    state: here(),
    steps: [enters(arrived('S'), arrived('S'), { flow: { absent: true } }), passes(answers('SA'))],
  },
  {
    name: 'so is what goes on its way: a pod’s packets and answers, and those of masqueraded clients',
    state: here(
      {},
      {
        services: [
          service,
          { ...nodePort, number: 8 },
          { ...nodePort, number: 9, frontend: 'vip2:80', backends: [{ id: 72, at: 'server:8080' }] },
        ],
        nodes: { 2: { at: 'node2', mode: 'native' } },
      },
    ),
    steps: [
      { packet: tcp('server:5000 > world:443', 'S'), verdict: 'stack' },
      passes(tcp('server:5000 > world:443', 'S'), { flow: { packets: [1, 0] } }),
      {
        hook: 'from_network',
        packet: tcp('world:40000 > vip2:80', 'S'),
        verdict: 'local server',
        output: tcp('world:40000 > server:8080', 'S'),
      },
      { packet: tcp('server:8080 > world:40000', 'SA'), verdict: 'stack', output: tcp('vip2:80 > world:40000', 'SA') },
      passes(tcp('vip2:80 > world:40000', 'SA')),
      enters(tcp('world:40000 > node1:30080', 'S'), tcp('host:61000 > remote:8080', 'S')),
      passes(tcp('host:61000 > remote:8080', 'S')),
      enters(tcp('remote:8080 > host:61000', 'SA'), tcp('node1:30080 > world:40000', 'SA')),
      passes(tcp('node1:30080 > world:40000', 'SA')),
    ],
  },
  {
    name: 'so is a connection that the host begins with the address and port of a client that has closed',
    state: here(),
    steps: [
      opens,
      leaves(answers('SA'), answered('SA')),
      enters(asks('FA'), arrived('FA')),
      leaves(answers('FA'), answered('FA')),
      passes(answers('S')),
    ],
  },
  {
    name: 'so is everything on a node that has not been configured',
    state: { ...here(), config: { absent: true } },
    steps: [passes(answers('SA'))],
  },
];

export const hostBackendCases: readonly PacketCase[] = [...answer, ...business];
