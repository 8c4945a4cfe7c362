// Who answers: pods that are not ready yet, that end, and nobody at all.

import { bare, type ServiceScenario, service, slices } from '../scenario.ts';

const ending = { ready: false, serving: true, terminating: true };
const ended = { ready: false, serving: false, terminating: true };
const notReady = { ready: false, serving: false, terminating: false };

export const backends: readonly ServiceScenario[] = [
  {
    name: 'a pod that is not ready gets nothing, unless its service publishes such',
    objects: (port) => [
      service('late', { selector: { app: 'late' }, ports: [{ port: 80, targetPort: port }] }),
      service('early', { selector: { app: 'late' }, publishNotReadyAddresses: true, ports: [{ port: 80, targetPort: port + 1 }] }),
    ],
    expect: ['client late tcp/80 unserved', 'client early tcp/80 unready+1', 'client-b early tcp/80 unready+1'],
    told: ['a late none of 1 endpoint is ready', 'b late none of 1 endpoint is ready'],
  },
  {
    name: 'who ends gets nothing new while another is ready',
    objects: (port, at) => [
      bare('ending', { type: 'NodePort', ports: [{ port: 80, targetPort: port, nodePort: 30100 }] }),
      ...slices('ending', [{ port }], [{ pod: 'near', conditions: ending }, { pod: 'far' }, { pod: 'far-2', conditions: notReady }], {
        at,
      }),
    ],
    expect: ['client ending tcp/80 far', 'client-b ending tcp/80 far', 'world node-a tcp/30100 far<router-a'],
  },
  {
    name: 'where nobody is ready those that end and still serve are better than nobody',
    objects: (port, at) => [
      bare('last', { type: 'NodePort', ports: [{ port: 80, targetPort: port, nodePort: 30101 }] }),
      ...slices(
        'last',
        [{ port }],
        [
          { pod: 'near', conditions: ending },
          { pod: 'far', conditions: ending },
          { pod: 'far-2', conditions: ended },
        ],
        { at },
      ),
    ],
    expect: ['client last tcp/80 near|far', 'world node-b tcp/30101 near<router-b|far<world'],
  },
  {
    name: 'with policy Local that is so on each node',
    objects: (port, at) => [
      bare('last-here', {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        internalTrafficPolicy: 'Local',
        ports: [{ port: 80, targetPort: port, nodePort: 30102 }],
      }),
      ...slices('last-here', [{ port }], [{ pod: 'near', conditions: ending }, { pod: 'far' }, { pod: 'far-2', conditions: ending }], {
        at,
      }),
    ],
    expect: [
      'client last-here tcp/80 near',
      'client-b last-here tcp/80 far',
      'world node-a tcp/30102 near<world',
      'world node-b tcp/30102 far<world',
    ],
  },
  {
    name: 'who has ended gets nothing, and a service of such has nobody',
    objects: (port, at) => [
      bare('ended', { type: 'NodePort', ports: [{ port: 80, targetPort: port, nodePort: 30103 }] }),
      ...slices(
        'ended',
        [{ port }],
        [
          { pod: 'near', conditions: ended },
          { pod: 'far', conditions: notReady },
        ],
        { at },
      ),
    ],
    expect: [
      'client ended tcp/80 unserved',
      'host-a ended tcp/80 unserved',
      'world node-a tcp/30103 gone',
      'client node-a tcp/30103 unserved',
    ],
    told: ['a ended none of 2 endpoints is ready'],
  },
  {
    name: 'what nobody serves refuses, with the reason',
    objects: (port, at) => [
      service('nobody', { selector: { app: 'nobody' }, type: 'LoadBalancer', ports: [{ port: 80, targetPort: port, nodePort: 30104 }] }),
      bare('unwritten', { ports: [{ port: 80 }] }),
      bare('misnamed', { ports: [{ name: 'http', port: 80 }] }),
      ...slices('misnamed', [{ name: 'web', port }], [{ pod: 'near' }], { at }),
    ],
    expect: [
      'client nobody tcp/80 unserved',
      'client nobody sent/80 unserved',
      'host-a nobody tcp/80 unserved',
      'client nobody.balancer tcp/80 unserved',
      'world nobody.balancer tcp/80 gone',
      'world node-b tcp/30104 gone',
      'client unwritten tcp/80 unserved',
      'client misnamed tcp/80 unserved',
    ],
    told: [
      'a nobody no pod is selected, or none has an address',
      'a unwritten no endpoint slice names this service',
      'b misnamed no endpoint has a port "http"',
    ],
  },
  {
    name: 'a weight of 0 gets nothing new',
    objects: (port, at) => [
      bare('weights', { ports: [{ port: 80, targetPort: port }] }),
      ...slices('weights', [{ port }], [{ pod: 'near' }], { at, annotations: { 'axoneme.io/weight': '0' } }),
      ...slices('weights', [{ port }], [{ pod: 'far' }], { at, suffix: '-heavy', annotations: { 'axoneme.io/weight': '3' } }),
    ],
    expect: ['client weights tcp/80 far'],
  },
];
