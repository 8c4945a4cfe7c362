// Cases: ICMP errors about flows of masqueraded clients, from either side and from routers on the way.

import { type CasePacket, icmpError, udp } from '../../support/packet.ts';
import type { PacketCase } from './case.ts';
import { answered, asks, comesBack, isAnswered, opens, outside, request, response, sent } from './masquerade.ts';

const quotes = (line: string, kind: 'too big' | 'port unreachable', about: CasePacket) => icmpError(line, kind, about);

export const masqueradeErrorCases: readonly PacketCase[] = [
  {
    name: 'an error of the backend reaches the client, as one of the frontend about the client’s own packet',
    state: outside({ protocol: 'udp' }),
    steps: [
      request(udp('world:5000 > node1:30080'), udp('host:61000 > remote:8080')),
      response(
        quotes('remote > host', 'port unreachable', udp('host:61000 > remote:8080')),
        quotes('node1 > world', 'port unreachable', udp('world:5000 > node1:30080')),
        { record: { reply: 0 }, event: 'none' },
      ),
    ],
  },
  {
    name: 'an error of a router on the way to the backend reaches the client',
    state: outside(),
    steps: [
      opens,
      response(quotes('router > host', 'too big', sent('S')), quotes('router > world', 'too big', asks('S'))),
      {
        hook: 'from_network',
        packet: quotes('router > host', 'too big', sent('S')),
        verdict: 'stack',
        output: quotes('router > world', 'too big', asks('S')),
      },
    ],
  },
  {
    name: 'an error of a router about an answer reaches the backend',
    state: outside(),
    steps: [
      opens,
      isAnswered,
      request(quotes('router > node1', 'too big', answered('A')), quotes('router > remote', 'too big', comesBack('A')), {
        record: { reply: 1 },
      }),
    ],
  },
  {
    name: 'an error of the client about an answer reaches the backend as the router’s',
    state: outside({ protocol: 'udp' }),
    steps: [
      request(udp('world:5000 > node1:30080'), udp('host:61000 > remote:8080')),
      request(
        quotes('world > node1', 'port unreachable', udp('node1:30080 > world:5000')),
        quotes('host > remote', 'port unreachable', udp('remote:8080 > host:61000')),
      ),
    ],
  },
  {
    name: 'an error about a flow whose verdict is out of date goes the same way',
    state: outside(),
    steps: [
      opens,
      { change: { epochs: ['remote'] } },
      response(quotes('router > host', 'too big', sent('S')), quotes('router > world', 'too big', asks('S'))),
      request(quotes('router > node1', 'too big', answered('A')), quotes('router > remote', 'too big', comesBack('A'))),
    ],
  },
  {
    name: 'an error about a masqueraded flow that is forgotten is the host’s business',
    state: outside(),
    steps: [
      opens,
      { forget: ['conntrack'] },
      { hook: 'from_network', packet: quotes('router > node1', 'too big', answered('A')), verdict: 'stack' },
    ],
  },
];
