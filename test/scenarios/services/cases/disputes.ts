// What services and slices say that contradicts others or makes no sense: the rest of it works, and agents warn once.

import { bare, type ServiceScenario, service, slices } from '../scenario.ts';

export const disputes: readonly ServiceScenario[] = [
  {
    name: 'of two services that claim one external address and port the older has it, of those as old the first by name',
    older: (port) => [service('claim-1', { externalIPs: ['198.18.0.9', 'fd00:18::9'], ports: [{ port: 80, targetPort: port }] })],
    objects: (port) => [
      service('claim-2', {
        externalIPs: ['198.18.0.9', 'fd00:18::9'],
        ports: [
          { name: 'a', port: 80, targetPort: port + 1 },
          { name: 'b', port: 81, targetPort: port + 1 },
        ],
      }),
    ],
    expect: [
      'world claim-1.external tcp/80 near<world|far<router-a|far-2<router-a',
      'client claim-1.external tcp/80 near|far|far-2',
      'client claim-2.external tcp/81 near+1|far+1|far-2+1',
      'client claim-2 tcp/80 near+1|far+1|far-2+1',
    ],
    warned: ['claimed by shop/claim-1 and shop/claim-2'],
  },
  {
    name: 'a backend that is there twice counts once, in one slice and in several',
    objects: (port, at) => [
      bare('twice', { ports: [{ port: 80, targetPort: port }] }),
      ...slices('twice', [{ port }], [{ pod: 'near' }, { pod: 'near' }, { pod: 'far' }], { at }),
      ...slices('twice', [{ port }], [{ pod: 'near' }], { at, suffix: '-again' }),
    ],
    expect: ['client twice tcp/80 near|far', 'client-b twice tcp/80 near|far'],
    warned: ['endpoint slice shop/twice-4: ', 'endpoint slice shop/twice-6: '],
  },
  {
    name: 'slices of a service that is not there do nothing',
    objects: (port, at) => slices('missing', [{ port }], [{ pod: 'near' }], { at }),
    expect: ['client missing dns none'],
    told: ['a missing none'],
  },
  {
    name: '5,000 endpoints of one service are used, all of them',
    family: 6,
    objects: () => [bare('crowd', { ports: [{ port: 80 }] }), ...Array.from({ length: 5 }, (_, part) => crowd(part))],
    expect: ['client crowd tcp/80 host-a', 'host-b crowd tcp/80 host-b'],
  },
];

/** As many as Kubernetes lets a slice have, of the world: every address there says who comes. */
function crowd(part: number) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `crowd-${part}`, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'crowd' } },
    addressType: 'IPv6',
    ports: [{ port: 9 }],
    endpoints: Array.from({ length: 1_000 }, (_, at) => ({ addresses: [`2001:db8:5:${part}::${(at + 1).toString(16)}`], conditions: {} })),
  };
}
