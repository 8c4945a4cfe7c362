// What a service says of who may come, to whom, and how.

import { bare, type ServiceScenario, service, slices } from '../scenario.ts';

const all = 'near|far|far-2';
const reachedDirectly = 'near<world|far<world|far-2<world';

export const rules: readonly ServiceScenario[] = [
  {
    name: 'with externalTrafficPolicy Local the world reaches backends of the node that it came to, which see it',
    objects: (port) => [
      service('local', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 32001,
        ports: [{ port: 80, targetPort: port, nodePort: 30090 }],
      }),
    ],
    expect: [
      'world node-a tcp/30090 near<world',
      'world node-b tcp/30090 far<world|far-2<world',
      'world local.balancer tcp/80 near<world',
      `client local.balancer tcp/80 ${all}`,
      `client-b local.balancer tcp/80 ${all}`,
      `client node-a tcp/30090 ${all}`,
      `client local tcp/80 ${all}`,
      'world node-a http/32001 200:1',
      'world node-b http/32001 200:2',
    ],
  },
  {
    name: 'and a node without one answers nobody, and says so when it is asked for its health',
    objects: (port, at) => [
      bare('local-far', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 32002,
        ports: [{ port: 80, targetPort: port, nodePort: 30091 }],
      }),
      ...slices('local-far', [{ port }], [{ pod: 'far' }], { at }),
    ],
    expect: [
      'world node-b tcp/30091 far<world',
      'world node-a tcp/30091 gone',
      'world local-far.balancer tcp/80 gone',
      'client local-far.balancer tcp/80 far',
      'client node-a tcp/30091 far',
      'world node-a http/32002 503:0',
      'world node-b http/32002 200:1',
    ],
    told: ["a local-far 1 endpoint, and none of them on this node, which the service's policy demands"],
  },
  {
    name: 'with internalTrafficPolicy Local pods reach backends of their own node, and the world all of them',
    objects: (port) => [
      service('inner', { type: 'NodePort', internalTrafficPolicy: 'Local', ports: [{ port: 80, targetPort: port, nodePort: 30092 }] }),
    ],
    expect: [
      'client inner tcp/80 near',
      'client-b inner tcp/80 far|far-2',
      'host-a inner tcp/80 near<router-a',
      'world node-a tcp/30092 near<world|far<router-a|far-2<router-a',
    ],
  },
  {
    name: 'and where there is none they are refused',
    objects: (port, at) => [
      bare('inner-far', { internalTrafficPolicy: 'Local', ports: [{ port: 80, targetPort: port }] }),
      ...slices('inner-far', [{ port }], [{ pod: 'far' }], { at }),
    ],
    expect: ['client inner-far tcp/80 unserved', 'client-b inner-far tcp/80 far', 'host-a inner-far tcp/80 unserved'],
    told: ["a inner-far 1 endpoint, and none of them on this node, which the service's policy demands"],
  },
  {
    name: 'source ranges keep the rest of the world out of the load balancer, and pods are not of the world',
    objects: (port) => [
      service('ranges', {
        type: 'LoadBalancer',
        loadBalancerSourceRanges: ['192.0.2.0/24', '2001:db8::/64'],
        ports: [{ port: 80, targetPort: port, nodePort: 30093 }],
      }),
    ],
    expect: [
      'world ranges.balancer tcp/80 near<world|far<router-a|far-2<router-a',
      'world-2 ranges.balancer tcp/80 nothing',
      `client ranges.balancer tcp/80 ${all}`,
      'world-2 node-b tcp/30093 near<router-b|far<world-2|far-2<world-2',
    ],
  },
  {
    name: 'with forwarding mode dsr backends of every node see the client, and answer it themselves',
    objects: (port) => [
      service(
        'direct',
        {
          type: 'LoadBalancer',
          externalIPs: ['198.18.0.2', 'fd00:18::2'],
          ports: [
            { name: 'a', port: 80, targetPort: port, nodePort: 30094 },
            { name: 'b', port: 80, targetPort: port + 1, protocol: 'UDP', nodePort: 30094 },
          ],
        },
        { annotations: { 'service.cilium.io/forwarding-mode': 'dsr' } },
      ),
    ],
    expect: [
      `world direct.balancer tcp/80 ${reachedDirectly}`,
      `world direct.external tcp/80 ${reachedDirectly}`,
      'world direct.balancer udp/80 near+1<world|far+1<world|far-2+1<world',
      `client direct.balancer tcp/80 ${all}`,
      // The other nodes have no such address.
      'world node-a tcp/30094 near<world|far<router-a|far-2<router-a',
    ],
  },
  {
    name: 'with sessionAffinity ClientIP a client keeps its backend, whoever it is and however it comes',
    objects: (port) => [
      service('sticky', {
        type: 'NodePort',
        sessionAffinity: 'ClientIP',
        ports: [
          { name: 'a', port: 80, targetPort: port, nodePort: 30095 },
          { name: 'b', port: 80, targetPort: port + 1, protocol: 'UDP', nodePort: 30095 },
        ],
      }),
    ],
    expect: [
      'client sticky tcp/80 near/far/far-2',
      'client-b sticky tcp/80 near/far/far-2',
      'client sticky udp/80 near+1/far+1/far-2+1',
      'host-a sticky tcp/80 near<router-a/far<router-a/far-2<router-a',
      'world node-a tcp/30095 near<world/far<router-a/far-2<router-a',
      'world node-b udp/30095 near+1<router-b/far+1<world/far-2+1<world',
      'world-2 node-b tcp/30095 near<router-b/far<world-2/far-2<world-2',
    ],
  },
  {
    name: 'with trafficDistribution PreferClose clients stay in their zone',
    objects: (port) => [
      service('close', { trafficDistribution: 'PreferClose', type: 'NodePort', ports: [{ port: 80, targetPort: port, nodePort: 30096 }] }),
    ],
    expect: [
      'client close tcp/80 near',
      'client-b close tcp/80 far|far-2',
      'host-a close tcp/80 near<router-a',
      'world node-a tcp/30096 near<world',
      'world node-b tcp/30096 far<world|far-2<world',
    ],
  },
  {
    name: 'hints count when every backend has some and one is meant for the zone, and else they do not',
    objects: (port, at) => [
      bare('hints', { ports: [{ port: 80, targetPort: port }] }),
      ...slices(
        'hints',
        [{ port }],
        [
          { pod: 'near', zones: ['east-2'] },
          { pod: 'far', zones: ['east-2'] },
        ],
        { at },
      ),
      bare('some-hints', { ports: [{ port: 80, targetPort: port + 1 }] }),
      ...slices('some-hints', [{ port: port + 1 }], [{ pod: 'near', zones: ['east-1'] }, { pod: 'far' }], { at }),
    ],
    expect: [
      'client hints tcp/80 near|far',
      'client-b hints tcp/80 near|far',
      'client some-hints tcp/80 near+1|far+1',
      'client-b some-hints tcp/80 near+1|far+1',
    ],
  },
];
