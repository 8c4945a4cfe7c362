// Cases: who may ask a service from outside, and what comes from the network for a service's address and is none of its business.

import { type CasePacket, icmpError, ping, pong, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, PacketStep } from './case.ts';
import { withProtocol } from './malformed.ts';
import { nodePort, outside } from './masquerade.ts';
import type { ServiceState } from './state.ts';

const balanced: ServiceState = { number: 7, frontend: 'vip:80', scope: 'external', backends: [{ id: 70, at: 'server:8080' }] };
const asks = (client: string, flags = 'S') => tcp(`${client}:40000 > vip:80`, flags);
const enters = (packet: CasePacket, verdict: string, rest: Partial<PacketStep> = {}): PacketStep => ({
  hook: 'from_network',
  packet,
  verdict,
  ...rest,
});
const arrives = (client: string, flags = 'S') =>
  enters(asks(client, flags), 'local server', { output: tcp(`${client}:40000 > server:8080`, flags) });
const refused = (client: string) =>
  enters(asks(client), 'drop source range', {
    event: 'drop',
    record: { service: 7 },
    flow: { of: tcp(`${client}:40000 > server:8080`), absent: true },
  });

const ranges: PacketCase[] = [
  {
    name: 'a service takes clients of its ranges and nobody else',
    state: outside({ ...balanced, sourceRanges: ['world'] }),
    steps: [arrives('world'), arrives('world2'), refused('stranger'), refused('node2')],
  },
  {
    name: 'a range may be one address',
    state: outside({ ...balanced, sourceRanges: ['remote', 'node2'] }),
    steps: [arrives('node2'), arrives('remote'), refused('remote2'), refused('world')],
  },
  {
    name: 'a service that takes clients of ranges and has none takes nobody',
    state: outside({ ...balanced, sourceRanges: [] }),
    steps: [refused('world')],
  },
  {
    name: 'ranges are those of one service',
    state: outside(
      {},
      {
        services: [
          { ...balanced, sourceRanges: ['node2'] },
          { ...balanced, number: 8, frontend: 'vip2:80', sourceRanges: ['world'] },
          { ...balanced, number: 9, frontend: 'vip2:81' },
        ],
      },
    ),
    steps: [
      refused('world'),
      enters(tcp('world:40000 > vip2:80', 'S'), 'local server', { output: tcp('world:40000 > server:8080', 'S') }),
      enters(tcp('stranger:40000 > vip2:81', 'S'), 'local server', { output: tcp('stranger:40000 > server:8080', 'S') }),
    ],
  },
  {
    name: 'a flow that has begun outlives the range of its client',
    state: outside({ ...balanced, sourceRanges: ['world2'] }),
    steps: [
      arrives('world2'),
      { change: { services: [{ ...balanced, sourceRanges: [] }] }, remove: { services: [{ ...balanced, sourceRanges: ['world2'] }] } },
      arrives('world2', 'A'),
    ],
  },
  {
    name: 'ranges also count where the client is masqueraded or sent on',
    state: outside(
      {},
      {
        services: [
          { ...nodePort, sourceRanges: ['world'] },
          { ...nodePort, number: 8, frontend: 'vip:80', dsr: true, sourceRanges: ['world'] },
        ],
      },
    ),
    steps: [
      enters(tcp('world:40000 > node1:30080', 'S'), 'overlay node2', { output: tcp('host:61000 > remote:8080', 'S') }),
      enters(tcp('stranger:40000 > node1:30080', 'S'), 'drop source range'),
      enters(asks('world'), 'overlay node2'),
      enters(asks('stranger'), 'drop source range'),
      { hook: 'from_overlay', tunnelIdentity: 2, packet: asks('stranger'), verdict: 'drop source range' },
    ],
  },
];

const nothing = { event: 'none', flow: { absent: true } } as const;
const datagram = (number: 1 | 2, port = 9) =>
  udp(`world:5000 > node1:${port}`, { payload: new Uint8Array(48), fragment: number === 1 ? { id: 5, length: 32 } : { id: 5, start: 32 } });
const withHost = outside({}, { endpoints: { server: { identity: 200 }, host: { identity: 1, host: true } } });

const business: PacketCase[] = [
  {
    name: 'other ports of a node with a service are the host’s business',
    state: outside(),
    steps: [
      enters(tcp('world:40000 > node1:22', 'S'), 'stack', nothing),
      enters(tcp('world:443 > node1:40000', 'A'), 'stack', nothing),
      enters(udp('world:53 > node1:30080'), 'stack', nothing),
      enters(ping('world > node1', 3), 'stack', nothing),
      enters(pong('world > node1', 3), 'stack', { event: 'none' }),
    ],
  },
  {
    name: 'so is what no policy could speak of, and what is not well formed',
    state: outside(),
    steps: [
      enters(withProtocol(50, 'world > node1'), 'stack', { event: 'none' }),
      enters(tcp('world:40000 > node1:30080', 'S', { dataOffset: 4 }), 'stack', { event: 'none' }),
    ],
  },
  {
    name: 'so are fragments of what is no service’s, whichever comes first, and nothing is remembered of them',
    state: outside({ protocol: 'udp' }),
    steps: [
      enters(datagram(2), 'stack', { event: 'none' }),
      enters(datagram(1), 'stack', { event: 'none' }),
      enters(datagram(2), 'stack', { event: 'none' }),
    ],
  },
  {
    name: 'so is the tunnel, in the midst of services',
    state: outside({ protocol: 'udp', frontend: 'node1:8472' }),
    steps: [enters(udp('node2:50000 > node1:8472'), 'stack', nothing)],
  },
  {
    name: 'so is an error about the host’s own packets',
    state: outside(),
    steps: [enters(icmpError('router > node1', 'too big', tcp('node1:22 > world:40000')), 'stack', { event: 'none' })],
  },
  {
    name: 'so is what comes for the router’s address and answers nobody',
    state: withHost,
    steps: [
      enters(tcp('world:40000 > host:22', 'S'), 'stack', nothing),
      enters(withProtocol(50, 'world > host'), 'stack', { event: 'none' }),
    ],
  },
  {
    name: 'a host with policy of its own is judged where no service listens',
    state: outside(
      { ...nodePort, frontend: 'host:30080' },
      {
        endpoints: { host: { identity: 1, host: true, policySet: 1, enforced: 'ingress' } },
        policies: { 1: ['#1 ingress allow 2 tcp 22'] },
      },
    ),
    steps: [
      enters(tcp('world:40000 > host:22', 'S'), 'stack', { record: { ingressRule: 1 } }),
      enters(tcp('world:40000 > host:23', 'S'), 'drop policy denied', { event: 'drop' }),
      enters(tcp('world:40000 > host:30080', 'S'), 'overlay node2', { output: tcp('host:61000 > remote:8080', 'S') }),
    ],
  },
  {
    name: 'a port of a closed address is dropped, whoever asks',
    state: outside({}, { services: [nodePort, { number: 9, frontend: 'vip', backends: [] }] }),
    steps: [enters(tcp('world:40000 > vip:81', 'S'), 'drop service port unknown', { event: 'drop' })],
  },
  {
    name: 'a frontend comes into force for a client whose packets were nobody’s before',
    state: outside({}, { services: [] }),
    steps: [
      { packet: tcp('client:40000 > vip:80', 'S'), verdict: 'stack', flow: { of: tcp('client:40000 > vip:80'), flags: [] } },
      { seconds: 61 },
      { change: { services: [{ ...balanced, scope: 'internal' }] } },
      { packet: tcp('client:40000 > vip:80', 'S'), verdict: 'local server', output: tcp('client:40000 > server:8080', 'S') },
    ],
  },
  {
    name: 'a router’s address may be that of a network',
    state: outside({}, { config: { masqPorts: [61000, 61000], router: 'speaker' } }),
    steps: [
      enters(tcp('world:40000 > node1:30080', 'S'), 'overlay node2', { output: tcp('speaker:61000 > remote:8080', 'S') }),
      {
        hook: 'from_overlay',
        tunnelIdentity: 400,
        packet: tcp('remote:8080 > speaker:61000', 'SA'),
        verdict: 'stack',
        output: tcp('node1:30080 > world:40000', 'SA'),
      },
    ],
  },
];

export const outsideCases: readonly PacketCase[] = [...ranges, ...business];
