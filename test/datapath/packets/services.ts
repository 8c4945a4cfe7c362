// Cases: a frontend's packet goes to a backend, its answer comes from the frontend, and who is chosen.

import { maglevSlot } from '../../support/maglev.ts';
import { ping, sctp, tcp, udp } from '../../support/packet.ts';
import type { PacketCase, Step } from './case.ts';
import type { ServiceState, State } from './state.ts';

export const web: ServiceState = { number: 7, frontend: 'vip:80', backends: [{ id: 70, at: 'server:8080' }] };
const closed: ServiceState = { number: 9, frontend: 'vip', backends: [] };

/** Three pods that may do anything, and services. */
export function withServices(...services: ServiceState[]): State {
  return { endpoints: { client: { identity: 100 }, server: { identity: 200 }, other: { identity: 300 } }, services };
}

export const asks = (flags: string, port = 40000) => tcp(`client:${port} > vip:80`, flags);
export const asked = (flags: string, port = 40000) => tcp(`client:${port} > server:8080`, flags);
export const answers = (flags: string, port = 40000) => tcp(`server:8080 > client:${port}`, flags);
export const answered = (flags: string, port = 40000) => tcp(`vip:80 > client:${port}`, flags);
export const opensService: Step = { packet: asks('S'), verdict: 'local server', output: asked('S') };

const translation: PacketCase[] = [
  {
    name: 'a frontend’s packet goes to its backend, address and port',
    state: withServices(web),
    steps: [
      {
        ...opensService,
        record: { service: 7, backend: 70 },
        flow: { of: asked('S'), flags: ['translated'], backend: 70, expiresIn: 60, packets: [1, 0] },
      },
    ],
  },
  {
    name: 'the answer comes from the frontend',
    state: withServices(web),
    steps: [
      opensService,
      {
        packet: answers('SA'),
        verdict: 'local client',
        output: answered('SA'),
        record: { reply: 1, service: 7, backend: 70 },
        flow: { of: asked('S'), flags: ['translated', 'replied'], packets: [1, 1] },
      },
      {
        packet: asks('A'),
        verdict: 'local server',
        output: asked('A'),
        flow: { of: asked('A'), flags: ['translated', 'replied', 'origin non syn'], expiresIn: 8000 },
      },
    ],
  },
  {
    name: 'a UDP service',
    state: withServices({ ...web, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 70, at: 'server:5353' }] }),
    steps: [
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353') },
      { packet: udp('server:5353 > client:5000'), verdict: 'local client', output: udp('vip:53 > client:5000') },
    ],
  },
  {
    name: 'an SCTP service whose backend has the same port',
    state: withServices({ ...web, frontend: 'vip:36412', protocol: 'sctp', backends: [{ id: 70, at: 'server:36412' }] }),
    steps: [
      { packet: sctp('client:5000 > vip:36412'), verdict: 'local server', output: sctp('client:5000 > server:36412') },
      { packet: sctp('server:36412 > client:5000'), verdict: 'local client', output: sctp('vip:36412 > client:5000') },
    ],
  },
  {
    name: 'services of two protocols share an address and a port',
    state: withServices(
      { number: 7, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 70, at: 'server:53' }] },
      { number: 8, frontend: 'vip:53', protocol: 'tcp', backends: [{ id: 80, at: 'other:53' }] },
    ),
    steps: [
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:53'), record: { service: 7 } },
      {
        packet: tcp('client:5000 > vip:53', 'S'),
        verdict: 'local other',
        output: tcp('client:5000 > other:53', 'S'),
        record: { service: 8 },
      },
    ],
  },
  {
    name: 'a backend on another node is reached through the tunnel',
    state: {
      ...withServices({ ...web, backends: [{ id: 70, at: 'remote:8080' }] }),
      ipcache: { remotePods: { identity: 400, node: 2 } },
      nodes: { 2: { at: 'node2' } },
    },
    steps: [
      { packet: asks('S'), verdict: 'overlay node2', output: tcp('client:40000 > remote:8080', 'S'), record: { destinationIdentity: 400 } },
      {
        hook: 'from_overlay',
        tunnelIdentity: 400,
        packet: tcp('remote:8080 > client:40000', 'SA'),
        verdict: 'local client',
        output: answered('SA'),
        record: { reply: 1 },
      },
    ],
  },
  {
    name: 'a backend outside the cluster is reached by the stack',
    state: withServices({ ...web, backends: [{ id: 70, at: 'world:8080' }] }),
    steps: [
      { packet: asks('S'), verdict: 'stack', output: tcp('client:40000 > world:8080', 'S') },
      { hook: 'from_network', packet: tcp('world:8080 > client:40000', 'SA'), verdict: 'local client', output: answered('SA') },
    ],
  },
  {
    name: 'a backend on this host is reached by the stack',
    state: {
      ...withServices({ ...web, backends: [{ id: 70, at: 'host:6443' }] }),
      endpoints: { client: { identity: 100 }, host: { identity: 1, host: true } },
    },
    steps: [{ packet: asks('S'), verdict: 'stack', output: tcp('client:40000 > host:6443', 'S'), record: { destinationIdentity: 1 } }],
  },
  {
    name: 'policy speaks of the backend and its port',
    state: {
      ...withServices(web),
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress' }, server: { identity: 200 } },
      policies: { 1: ['#1 egress allow 200 tcp 8080'] },
    },
    steps: [{ ...opensService, record: { egressRule: 1, destinationIdentity: 200 } }],
  },
  {
    name: 'policy does not speak of the frontend and its port',
    state: {
      ...withServices(web),
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress' }, server: { identity: 200 } },
      policies: { 1: ['#1 egress allow any tcp 80'] },
    },
    steps: [
      {
        packet: asks('S'),
        verdict: 'drop policy denied',
        event: 'drop',
        record: { service: 7, backend: 70 },
        flow: { of: asked('S'), absent: true },
      },
    ],
  },
  {
    name: 'the answer of a backend passes whatever its egress policy',
    state: { ...withServices(web), endpoints: { client: { identity: 100 }, server: { identity: 200, policySet: 1, enforced: 'egress' } } },
    steps: [opensService, { packet: answers('SA'), verdict: 'local client', output: answered('SA') }],
  },
  {
    name: 'a redirect of a service’s flow goes to the proxy with the backend’s address',
    state: {
      ...withServices(web),
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress' }, server: { identity: 200 } },
      policies: { 1: ['#1 egress redirect 200 tcp 8080 proxy 15001'] },
    },
    steps: [{ packet: asks('S'), verdict: 'proxy 15001', output: asked('S') }],
  },
];

const choice: PacketCase[] = [
  {
    name: 'a client’s port and address choose the Maglev slot',
    state: withServices({
      ...web,
      backends: [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, at: `server:${8000 + id}` })),
    }),
    steps: [40000, 40001, 40002, 40003, 50000, 60000].map(
      (port): Step => ({
        packet: asks('S', port),
        verdict: 'local server',
        output: (family) => tcp(`client:${port} > server:${8001 + maglevSlot(asks('S', port)(family), 7)}`, 'S')(family),
      }),
    ),
  },
  {
    name: 'the same packet is sent to the same backend every time, also when its flow was forgotten',
    state: withServices({ ...web, backends: [1, 2, 3, 4, 5].map((id) => ({ id, at: `server:${8000 + id}` })) }),
    steps: [0, 1].flatMap((): Step[] => [
      {
        packet: asks('S'),
        verdict: 'local server',
        output: (family) => tcp(`client:40000 > server:${8001 + maglevSlot(asks('S')(family), 5)}`, 'S')(family),
      },
      { forget: ['conntrack', 'translations'] },
    ]),
  },
  {
    name: 'a service without backends drops',
    state: withServices({ ...web, backends: [] }),
    steps: [{ packet: asks('S'), verdict: 'drop no backend', event: 'drop', record: { service: 7 }, flow: { absent: true } }],
  },
  {
    name: 'a table that names nobody drops',
    state: withServices({ ...web, slots: [0, 0, 0] }),
    steps: [{ packet: asks('S'), verdict: 'drop no backend', record: { service: 7 } }],
  },
  {
    name: 'a table whose only backend is gone drops',
    state: withServices({ ...web, backends: [{ id: 70, at: 'server:8080', gone: true }] }),
    steps: [{ packet: asks('S'), verdict: 'drop no backend' }],
  },
  {
    name: 'a slot whose backend is gone is passed over',
    state: withServices({
      ...web,
      backends: [
        { id: 70, at: 'server:8080' },
        { id: 71, at: 'other:8080', gone: true },
      ],
      slots: [71, 71, 70],
    }),
    steps: [40000, 40001, 40002, 40003].map(
      (port): Step => ({ packet: asks('S', port), verdict: 'local server', output: asked('S', port) }),
    ),
  },
  {
    name: 'a quarantined backend takes no new flow',
    state: withServices({
      ...web,
      backends: [
        { id: 70, at: 'server:8080' },
        { id: 71, at: 'other:8080', state: 'quarantined' },
      ],
      slots: [71, 71, 70],
    }),
    steps: [40000, 40001, 40002, 40003].map(
      (port): Step => ({ packet: asks('S', port), verdict: 'local server', output: asked('S', port) }),
    ),
  },
  {
    name: 'a service with nothing but quarantined backends drops',
    state: withServices({ ...web, backends: [{ id: 70, at: 'server:8080', state: 'quarantined' }] }),
    steps: [{ packet: asks('S'), verdict: 'drop no backend' }],
  },
  {
    name: 'a terminating backend takes new flows while its table still names it',
    state: withServices({ ...web, backends: [{ id: 70, at: 'server:8080', state: 'terminating' }] }),
    steps: [opensService],
  },
];

const ports: PacketCase[] = [
  {
    name: 'another port of a closed frontend address is dropped',
    state: withServices(web, closed),
    steps: [
      { packet: tcp('client:40000 > vip:81', 'S'), verdict: 'drop service port unknown', event: 'drop', flow: { absent: true } },
      { packet: udp('client:40000 > vip:80'), verdict: 'drop service port unknown' },
      opensService,
    ],
  },
  {
    name: 'a ping of a closed frontend address is dropped',
    state: withServices(web, closed),
    steps: [{ packet: ping('client > vip', 1), verdict: 'drop service port unknown' }],
  },
  {
    name: 'another port of an open frontend address is nobody’s',
    state: withServices(web),
    steps: [{ packet: tcp('client:40000 > vip:81', 'S'), verdict: 'stack', record: { service: 0 } }],
  },
  {
    name: 'another address is no frontend',
    state: withServices(web, closed),
    steps: [{ packet: tcp('client:40000 > vip2:80', 'S'), verdict: 'stack', record: { service: 0 } }],
  },
  {
    name: 'a frontend for the network is not there for pods',
    state: withServices({ ...web, scope: 'external' }),
    steps: [{ packet: asks('S'), verdict: 'stack', record: { service: 0 } }],
  },
  {
    name: 'a frontend for pods is not there for the network',
    state: withServices({ ...web, scope: 'internal' }),
    steps: [{ hook: 'from_network', packet: tcp('world:40000 > vip:80', 'S'), verdict: 'stack', record: { service: 0 } }],
  },
  {
    name: 'pods and the network may be given different backends',
    state: withServices(
      { ...web, scope: 'internal' },
      { number: 8, scope: 'external', frontend: 'vip:80', backends: [{ id: 80, at: 'other:9090' }] },
    ),
    steps: [
      opensService,
      {
        hook: 'from_network',
        packet: tcp('world:40000 > vip:80', 'S'),
        verdict: 'local other',
        output: tcp('world:40000 > other:9090', 'S'),
        record: { service: 8 },
      },
      {
        packet: tcp('other:9090 > world:40000', 'SA'),
        verdict: 'stack',
        output: tcp('vip:80 > world:40000', 'SA'),
        record: { reply: 1, service: 8 },
      },
    ],
  },
];

const hairpin: PacketCase[] = [
  {
    name: 'a pod reaches itself through a service from the hairpin address',
    state: withServices({ ...web, backends: [{ id: 70, at: 'client:8080' }] }),
    steps: [
      {
        packet: asks('S'),
        verdict: 'local client',
        output: tcp('hairpin:40000 > client:8080', 'S'),
        record: { sourceIdentity: 100, destinationIdentity: 100 },
        flow: { of: tcp('hairpin:40000 > client:8080', 'S'), flags: ['translated', 'hairpin'], backend: 70 },
      },
      { packet: tcp('client:8080 > hairpin:40000', 'SA'), verdict: 'local client', output: answered('SA'), record: { reply: 1 } },
      {
        packet: asks('A'),
        verdict: 'local client',
        output: tcp('hairpin:40000 > client:8080', 'A'),
        flow: { of: tcp('hairpin:40000 > client:8080'), packets: [2, 1], expiresIn: 8000 },
      },
    ],
  },
  {
    name: 'a pod reaches itself whatever its policies',
    state: {
      ...withServices({ ...web, backends: [{ id: 70, at: 'client:8080' }] }),
      endpoints: { client: { identity: 100, policySet: 1, enforced: 'both' } },
    },
    steps: [
      { packet: asks('S'), verdict: 'local client', output: tcp('hairpin:40000 > client:8080', 'S') },
      { packet: tcp('client:8080 > hairpin:40000', 'SA'), verdict: 'local client', output: answered('SA') },
    ],
  },
  {
    name: 'without a hairpin address a pod does not reach itself through a service',
    state: { ...withServices({ ...web, backends: [{ id: 70, at: 'client:8080' }] }), config: { noHairpin: true } },
    steps: [{ packet: asks('S'), verdict: 'drop hairpin unsupported', event: 'drop' }],
  },
  {
    name: 'another pod of the same service is no hairpin',
    state: withServices({ ...web, backends: [{ id: 70, at: 'client:8080' }] }),
    steps: [{ packet: tcp('other:40000 > vip:80', 'S'), verdict: 'local client', output: tcp('other:40000 > client:8080', 'S') }],
  },
];

export const serviceCases: readonly PacketCase[] = [...translation, ...choice, ...ports, ...hairpin];
