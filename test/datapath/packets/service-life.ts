// Cases: what becomes of a service's flows when backends come and go, when a client is kept, and when half of a flow is lost.

import { tcp, udp } from '../../support/packet.ts';
import type { PacketCase, Step } from './case.ts';
import { answered, answers, asked, asks, opensService, web, withServices } from './services.ts';
import type { BackendState, ServiceState } from './state.ts';

export const moved = (flags: string, port = 40000) => tcp(`client:${port} > other:8080`, flags);
const elsewhere: BackendState = { id: 71, at: 'other:8080' };
export const dns: ServiceState = { number: 8, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 80, at: 'server:5353' }] };
export const both: ServiceState = { ...web, backends: [{ id: 70, at: 'server:8080' }, elsewhere], slots: [70] };
export const handshake: Step[] = [
  opensService,
  { packet: answers('SA'), verdict: 'local client', output: answered('SA') },
  { packet: asks('A'), verdict: 'local server', output: asked('A') },
];
export const closing: Step[] = [
  { packet: asks('FA'), verdict: 'local server', output: asked('FA') },
  { packet: answers('FA'), verdict: 'local client', output: answered('FA') },
];

const backends: PacketCase[] = [
  {
    name: 'a connection keeps its backend when the table changes',
    state: withServices(both),
    steps: [
      ...handshake,
      { change: { services: [{ ...both, slots: [71] }] } },
      { packet: asks('A'), verdict: 'local server', output: asked('A') },
      { packet: asks('S', 40001), verdict: 'local other', output: moved('S', 40001) },
    ],
  },
  {
    name: 'a connection goes on to a backend that is gone from the map',
    state: withServices(both),
    steps: [
      ...handshake,
      { change: {}, remove: { backends: [{ id: 70, at: 'server:8080' }] } },
      { packet: asks('A'), verdict: 'local server', output: asked('A') },
    ],
  },
  {
    name: 'a connection goes on to a terminating backend, and its answers come',
    state: withServices(both),
    steps: [
      ...handshake,
      { change: { services: [{ ...both, backends: [{ id: 70, at: 'server:8080', state: 'terminating' }, elsewhere], slots: [71] }] } },
      { packet: asks('A'), verdict: 'local server', output: asked('A') },
      { packet: answers('A'), verdict: 'local client', output: answered('A') },
    ],
  },
  {
    name: 'a connection goes on to a quarantined backend',
    state: withServices(both),
    steps: [
      ...handshake,
      { change: { services: [{ ...both, backends: [{ id: 70, at: 'server:8080', state: 'quarantined' }, elsewhere], slots: [71] }] } },
      { packet: asks('A'), verdict: 'local server', output: asked('A') },
    ],
  },
  {
    name: 'a closed connection that is opened anew leaves a terminating backend',
    state: withServices(both),
    steps: [
      ...handshake,
      ...closing,
      { change: { services: [{ ...both, backends: [{ id: 70, at: 'server:8080', state: 'terminating' }, elsewhere], slots: [71] }] } },
      { packet: asks('S'), verdict: 'local other', output: moved('S'), record: { backend: 71 } },
      { packet: tcp('other:8080 > client:40000', 'SA'), verdict: 'local client', output: answered('SA') },
    ],
  },
  {
    name: 'a closed connection that is opened anew leaves a quarantined backend',
    state: withServices(both),
    steps: [
      ...handshake,
      ...closing,
      { change: { services: [{ ...both, backends: [{ id: 70, at: 'server:8080', state: 'quarantined' }, elsewhere], slots: [71] }] } },
      { packet: asks('S'), verdict: 'local other', output: moved('S'), record: { backend: 71 } },
    ],
  },
  {
    name: 'a closed connection that is opened anew keeps a backend that is active',
    state: withServices(both),
    steps: [
      ...handshake,
      ...closing,
      { change: { services: [{ ...both, slots: [71] }] } },
      { packet: asks('S'), verdict: 'local server', output: asked('S'), flow: { of: asked('S'), flags: ['translated'], packets: [1, 0] } },
    ],
  },
  {
    name: 'datagrams that left a backend and came back to it stay there, though the table names another',
    state: withServices(dns),
    steps: [
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353') },
      { packet: udp('server:5353 > client:5000'), verdict: 'local client', output: udp('vip:53 > client:5000') },
      {
        change: { services: [{ ...dns, backends: [{ id: 81, at: 'other:5353' }] }] },
        remove: { backends: [{ id: 80, at: 'server:5353' }] },
      },
      { packet: udp('client:5000 > vip:53'), verdict: 'local other', output: udp('client:5000 > other:5353') },
      {
        change: { services: [{ ...dns, backends: [{ id: 80, at: 'server:5353', generation: 2 }] }] },
        remove: { backends: [{ id: 81, at: 'other:5353' }] },
      },
      { seconds: 6 },
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353') },
      { packet: udp('server:5353 > client:5000'), verdict: 'local client', output: udp('vip:53 > client:5000') },
      {
        change: {
          services: [
            {
              ...dns,
              backends: [
                { id: 80, at: 'server:5353', generation: 2 },
                { id: 81, at: 'other:5353' },
              ],
              slots: [81],
            },
          ],
        },
      },
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353'), record: { backend: 80 } },
      { packet: udp('client:5001 > vip:53'), verdict: 'local other', output: udp('client:5001 > other:5353') },
    ],
  },
  {
    name: 'datagrams leave a backend that is gone at once',
    state: withServices({
      ...dns,
      backends: [
        { id: 80, at: 'server:5353' },
        { id: 81, at: 'other:5353' },
      ],
      slots: [80],
    }),
    steps: [
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353') },
      {
        change: { services: [{ ...dns, backends: [{ id: 81, at: 'other:5353' }] }] },
        remove: { backends: [{ id: 80, at: 'server:5353' }] },
      },
      { packet: udp('client:5000 > vip:53'), verdict: 'local other', output: udp('client:5000 > other:5353'), record: { backend: 81 } },
    ],
  },
  {
    name: 'datagrams leave a backend whose number was given to another',
    state: withServices(dns),
    steps: [
      { packet: udp('client:5000 > vip:53'), verdict: 'local server', output: udp('client:5000 > server:5353') },
      { change: { services: [{ ...dns, backends: [{ id: 80, at: 'other:5353', generation: 2 }] }] } },
      { packet: udp('client:5000 > vip:53'), verdict: 'local other', output: udp('client:5000 > other:5353') },
    ],
  },
  {
    name: 'a connection stays with its backend though its number was given to another',
    state: withServices(web),
    steps: [
      ...handshake,
      { change: { services: [{ ...web, backends: [{ id: 70, at: 'other:8080', generation: 2 }] }] } },
      { packet: asks('A'), verdict: 'local server', output: asked('A') },
      { packet: asks('S', 40001), verdict: 'local other', output: moved('S', 40001) },
    ],
  },
];

const kept: ServiceState = { ...both, affinitySeconds: 100 };

const affinity: PacketCase[] = [
  {
    name: 'a client keeps its backend when the table changes',
    state: withServices(kept),
    steps: [
      opensService,
      { change: { services: [{ ...kept, slots: [71] }] } },
      { packet: asks('S', 40001), verdict: 'local server', output: asked('S', 40001) },
    ],
  },
  {
    name: 'without affinity a client does not',
    state: withServices(both),
    steps: [
      opensService,
      { change: { services: [{ ...both, slots: [71] }] } },
      { packet: asks('S', 40001), verdict: 'local other', output: moved('S', 40001) },
    ],
  },
  {
    name: 'a client that was silent for the affinity’s time is chosen for anew',
    state: withServices(kept),
    steps: [
      opensService,
      { seconds: 102 },
      { change: { services: [{ ...kept, slots: [71] }] } },
      { packet: asks('S', 40001), verdict: 'local other', output: moved('S', 40001) },
    ],
  },
  {
    name: 'every new flow prolongs the affinity',
    state: withServices(kept),
    steps: [
      opensService,
      { change: { services: [{ ...kept, slots: [71] }] } },
      { seconds: 80 },
      { packet: asks('S', 40001), verdict: 'local server', output: asked('S', 40001) },
      { seconds: 80 },
      { packet: asks('S', 40002), verdict: 'local server', output: asked('S', 40002) },
    ],
  },
  {
    name: 'another client is not kept with the first',
    state: withServices(kept),
    steps: [
      opensService,
      { change: { services: [{ ...kept, slots: [71] }] } },
      { packet: tcp('server:40000 > vip:80', 'S'), verdict: 'local other', output: tcp('server:40000 > other:8080', 'S') },
    ],
  },
  {
    name: 'affinity to one service is none to another',
    state: { ...withServices({ ...kept, slots: [71] }), affinity: [{ client: 'client', service: 8, backend: 70, seconds: 100 }] },
    steps: [{ packet: asks('S'), verdict: 'local other', output: moved('S') }],
  },
  {
    name: 'a kept backend that is gone is replaced',
    state: {
      ...withServices({ ...kept, backends: [elsewhere], slots: [71] }),
      affinity: [{ client: 'client', service: 7, backend: 70, seconds: 100 }],
    },
    steps: [{ packet: asks('S'), verdict: 'local other', output: moved('S') }],
  },
  {
    name: 'a kept backend that is quarantined is replaced',
    state: {
      ...withServices({ ...kept, backends: [{ id: 70, at: 'server:8080', state: 'quarantined' }, elsewhere], slots: [71] }),
      affinity: [{ client: 'client', service: 7, backend: 70, seconds: 100 }],
    },
    steps: [{ packet: asks('S'), verdict: 'local other', output: moved('S') }],
  },
];

const halves: PacketCase[] = [
  {
    name: 'a translation that was lost is made again, and the connection goes on',
    state: withServices(web),
    steps: [
      ...handshake,
      { forget: ['translations'] },
      { packet: asks('A'), verdict: 'local server', output: asked('A'), flow: { of: asked('A'), packets: [3, 1] } },
    ],
  },
  {
    name: 'an answer brings back a translation that was lost long ago',
    state: withServices(both),
    steps: [
      ...handshake,
      { seconds: 6 },
      { forget: ['translations'] },
      { change: { services: [{ ...both, slots: [71] }] } },
      { packet: answers('A'), verdict: 'local client', output: answered('A') },
      { packet: asks('A'), verdict: 'local server', output: asked('A') },
    ],
  },
  {
    name: 'a flow that was lost goes on to the backend of its translation',
    state: withServices(both),
    steps: [
      ...handshake,
      { forget: ['conntrack'] },
      { change: { services: [{ ...both, slots: [71] }] } },
      {
        packet: asks('A'),
        verdict: 'local server',
        output: asked('A'),
        flow: { of: asked('A'), flags: ['translated', 'origin non syn'], backend: 70, packets: [1, 0] },
      },
      { packet: answers('A'), verdict: 'local client', output: answered('A') },
    ],
  },
  {
    name: 'a connection to the backend itself from the port of a translated one clashes',
    state: withServices(web),
    steps: [
      ...handshake,
      { packet: asked('S'), verdict: 'drop translation clash', event: 'drop' },
      { packet: asks('A'), verdict: 'local server', output: asked('A') },
    ],
  },
  {
    name: 'a translated connection from the port of one to the backend itself clashes',
    state: withServices(web),
    steps: [
      { packet: asked('S'), verdict: 'local server' },
      { packet: asks('S'), verdict: 'drop translation clash', event: 'drop' },
    ],
  },
  {
    name: 'after the translated connection has closed its port is free for the backend itself',
    state: withServices(web),
    steps: [...handshake, ...closing, { packet: asked('S'), verdict: 'local server', flow: { flags: [], packets: [1, 0] } }],
  },
  {
    name: 'from another port the backend itself is reached beside the service',
    state: withServices(web),
    steps: [
      ...handshake,
      { packet: asked('S', 40001), verdict: 'local server' },
      { packet: answers('SA', 40001), verdict: 'local client' },
      { packet: answers('A'), verdict: 'local client', output: answered('A') },
    ],
  },
];

export const serviceLifeCases: readonly PacketCase[] = [...backends, ...affinity, ...halves];
