// Every kind of service, with everything else as it is by default.

import { type ServiceScenario, service } from '../scenario.ts';

const all = 'near|far|far-2';
/** A client of the world sees its own address only at the node that it came to. */
const worldAtA = 'near<world|far<router-a|far-2<router-a';
const worldAtB = 'near<router-b|far<world|far-2<world';

export const kinds: readonly ServiceScenario[] = [
  {
    name: 'a cluster address leads pods, backends of its own and nodes to every backend, TCP and UDP, and refuses every other port',
    objects: (port) => [
      service('cluster', {
        ports: [
          { name: 'a', port: 80, targetPort: port },
          { name: 'b', port: 80, targetPort: port + 1, protocol: 'UDP' },
        ],
      }),
    ],
    expect: [
      `client cluster tcp/80 ${all}`,
      `client-b cluster tcp/80 ${all}`,
      'near cluster tcp/80 near<itself|far|far-2',
      'host-a cluster tcp/80 near<router-a|far<router-a|far-2<router-a',
      'client cluster udp/80 near+1|far+1|far-2+1',
      'client-b cluster sent/80 near+1|far+1|far-2+1',
      // Packets of a connected datagram socket are translated one by one, for it could not leave a backend by itself.
      'near cluster udp/80 near+1<hairpin|far+1|far-2+1',
      'near cluster sent/80 near+1<itself|far+1|far-2+1',
      'host-b cluster sent/80 near+1<router-b|far+1<router-b|far-2+1<router-b',
      'client cluster tcp/81 unserved',
      'client cluster sent/81 unserved',
      'client cluster udp/81 gone',
      'client cluster dns cluster',
    ],
  },
  {
    name: 'a headless service has no address but those of its pods, and nothing is translated for it',
    objects: (port) => [service('headless', { clusterIP: 'None', ports: [{ port: 80, targetPort: port }] })],
    expect: ['client headless dns near|far|far-2', 'client near tcp/80 refused'],
    told: ['a headless none'],
  },
  {
    name: 'a node port leads whoever comes to a node to every backend, and those of other nodes see that node as their client',
    objects: (port) => [
      service('node-port', {
        type: 'NodePort',
        ports: [
          { name: 'a', port: 80, targetPort: port, nodePort: 30080 },
          { name: 'b', port: 80, targetPort: port + 1, nodePort: 30080, protocol: 'UDP' },
        ],
      }),
    ],
    expect: [
      `world node-a tcp/30080 ${worldAtA}`,
      `world node-b tcp/30080 ${worldAtB}`,
      'world node-a udp/30080 near+1<world|far+1<router-a|far-2+1<router-a',
      'world node-b udp/30080 near+1<router-b|far+1<world|far-2+1<world',
      `client node-a tcp/30080 ${all}`,
      'client node-a udp/30080 near+1|far+1|far-2+1',
      'client node-b tcp/30080 near<router-b|far<node-a|far-2<node-a',
      'host-a node-a tcp/30080 near<router-a|far<router-a|far-2<router-a',
      'host-a node-b tcp/30080 near<router-b|far<node-a|far-2<node-a',
      `client node-port tcp/80 ${all}`,
      'world node-a tcp/30999 refused',
    ],
  },
  {
    name: 'the address of a load balancer leads the world and the cluster to every backend',
    objects: (port) => [
      service('balanced', {
        type: 'LoadBalancer',
        ports: [
          { name: 'a', port: 80, targetPort: port, nodePort: 30081 },
          { name: 'b', port: 80, targetPort: port + 1, protocol: 'UDP', nodePort: 30081 },
        ],
      }),
    ],
    expect: [
      `world balanced.balancer tcp/80 ${worldAtA}`,
      'world balanced.balancer udp/80 near+1<world|far+1<router-a|far-2+1<router-a',
      `client balanced.balancer tcp/80 ${all}`,
      `client-b balanced.balancer udp/80 near+1|far+1|far-2+1`,
      'host-a balanced.balancer tcp/80 near<router-a|far<router-a|far-2<router-a',
      `world node-b tcp/30081 ${worldAtB}`,
    ],
  },
  {
    name: 'an external address leads to every backend',
    objects: (port) => [service('external', { externalIPs: ['198.18.0.1', 'fd00:18::1'], ports: [{ port: 80, targetPort: port }] })],
    expect: [
      `world external.external tcp/80 ${worldAtA}`,
      `client external.external tcp/80 ${all}`,
      `client-b external.external tcp/80 ${all}`,
      'client external.external tcp/81 nothing',
    ],
  },
  {
    name: 'a host port leads to the pod that has it, and its node only has it',
    objects: () => [],
    expect: [
      'world node-a tcp/8443 near:7003<world',
      'world node-a udp/8443 near:7003<world',
      'client node-a tcp/8443 near:7003',
      'client-b node-a tcp/8443 near:7003<node-b',
      'host-a node-a tcp/8443 near:7003<router-a',
      'world node-b tcp/8443 refused',
    ],
  },
  {
    name: 'a port by its name is what each pod calls so',
    objects: () => [service('named', { ports: [{ name: 'http', port: 80, targetPort: 'web' }] })],
    expect: ['client named tcp/80 near:7001|far:7002|far-2:7002', 'client-b named tcp/80 near:7001|far:7002|far-2:7002'],
  },
  {
    name: 'each of several ports leads to its own',
    objects: (port) => [
      service('several', {
        ports: [
          { name: 'http', port: 80, targetPort: port },
          { name: 'https', port: 443, targetPort: port + 1 },
          { name: 'again', port: 8080, targetPort: port },
        ],
      }),
    ],
    expect: [
      `client several tcp/80 ${all}`,
      'client several tcp/443 near+1|far+1|far-2+1',
      `client several tcp/8080 ${all}`,
      'client several tcp/81 unserved',
    ],
  },
  {
    name: 'a service of one family has nothing of the other: IPv4',
    objects: (port) => [
      service('only-4', {
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv4'],
        type: 'NodePort',
        ports: [{ port: 80, targetPort: port, nodePort: 30082 }],
      }),
    ],
    family: 4,
    expect: [`client only-4 tcp/80 ${all}`, `world node-a tcp/30082 ${worldAtA}`],
  },
  {
    name: 'a service of one family has nothing of the other: IPv6',
    objects: (port) => [
      service('only-6', {
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv6'],
        type: 'NodePort',
        ports: [{ port: 80, targetPort: port, nodePort: 30083 }],
      }),
    ],
    family: 6,
    expect: [`client only-6 tcp/80 ${all}`, `world node-a tcp/30083 ${worldAtA}`],
  },
  {
    name: 'the node port of a service of one family refuses the other',
    objects: () => [],
    family: 6,
    expect: ['world node-a tcp/30082 refused', 'client node-a tcp/30082 refused'],
  },
  {
    name: 'a pod of the host’s network is a backend as any other',
    objects: (port) => [
      service('hosted', { selector: { app: 'hosted' }, type: 'NodePort', ports: [{ port: 80, targetPort: port, nodePort: 30084 }] }),
    ],
    expect: [
      'client hosted tcp/80 hosted<node-a',
      'client-b hosted tcp/80 hosted',
      'host-a hosted tcp/80 hosted<node-a',
      // To other nodes' own networks a node in userspace mode speaks as itself.
      'world node-a tcp/30084 hosted<outward-a',
    ],
  },
];
