// Cases: which packets count as a connection given to a backend: the first of a flow, once, and no other.

import { tcp, udp } from '../../support/packet.ts';
import type { PacketCase } from './case.ts';
import { nodePort, outside } from './masquerade.ts';
import { both, closing, dns, handshake, moved } from './service-life.ts';
import { answered, answers, asked, asks, opensService, web, withServices } from './services.ts';

const again = { packet: asks('A'), verdict: 'local server', output: asked('A') };
const asksName = (output: string) => ({ packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp(output) });

export const hitCases: readonly PacketCase[] = [
  {
    name: 'a connection counts once, whatever follows its first packet',
    state: withServices(web),
    steps: [{ hits: {} }, opensService, { hits: { 70: 1 } }, ...handshake, again, again, ...closing, { hits: { 70: 1 } }],
  },
  {
    name: 'each of several connections counts, for its own backend',
    state: withServices(both),
    steps: [
      opensService,
      { packet: asks('S', 40001), verdict: 'local server', output: asked('S', 40001) },
      { change: { services: [{ ...both, slots: [71] }] } },
      { packet: asks('S', 40002), verdict: 'local other', output: moved('S', 40002) },
      { hits: { 70: 2, 71: 1 } },
    ],
  },
  {
    name: 'a connection that is judged anew does not count again, be it asked or answered',
    state: withServices(web),
    steps: [
      ...handshake,
      { change: { epochs: ['client'] } },
      again,
      { change: { epochs: ['server'] } },
      { packet: answers('A'), verdict: 'local client', output: answered('A') },
      { hits: { 70: 1 } },
    ],
  },
  {
    name: 'a translation that is renewed or made again counts nothing',
    state: withServices(web),
    steps: [
      ...handshake,
      { forget: ['translations'] },
      again,
      { seconds: 6 },
      { packet: answers('A'), verdict: 'local client', output: answered('A') },
      { hits: { 70: 1 } },
    ],
  },
  {
    name: 'a closed connection that is opened anew is another one',
    state: withServices(web),
    steps: [...handshake, ...closing, opensService, { hits: { 70: 2 } }],
  },
  {
    name: 'a number that was given to another backend begins at nothing',
    state: withServices(dns),
    steps: [
      asksName('client:5000 > server:5353'),
      asksName('client:5000 > server:5353'),
      { hits: { 80: 1 } },
      { change: { services: [{ ...dns, backends: [{ id: 80, at: 'server:5454', generation: 2 }] }] } },
      asksName('client:5000 > server:5454'),
      { packet: udp('client:5001 > vip:53'), verdict: 'local server', output: udp('client:5001 > server:5454') },
      { hits: { 80: 2 } },
    ],
  },
  {
    name: 'a client of the network counts at the node that it came to',
    state: outside(),
    steps: [
      {
        hook: 'from_network',
        packet: tcp('world:40000 > node1:30080', 'S'),
        verdict: 'overlay node2',
        output: tcp('host:61000 > remote:8080', 'S'),
      },
      { hits: { [nodePort.backends[0]?.id ?? 0]: 1 } },
    ],
  },
  {
    name: 'a client of the network counts at its backend’s node where that translates',
    state: outside({ scope: undefined, frontend: 'vip:80', dsr: true }),
    steps: [{ hook: 'from_network', packet: tcp('world:40000 > vip:80', 'S'), verdict: 'overlay node2' }, { hits: {} }],
  },
  {
    name: 'a packet to the backend itself counts nothing, nor does one that is refused',
    state: withServices(web, { number: 9, frontend: 'vip', backends: [] }),
    steps: [
      { packet: asked('S'), verdict: 'local server' },
      { packet: tcp('client:40000 > vip:81', 'S'), verdict: 'drop service port unknown' },
      { hits: {} },
    ],
  },
];
