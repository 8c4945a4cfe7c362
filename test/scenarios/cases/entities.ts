// Entities: the world, the cluster, hosts.

import { policy, type Scenario } from '../scenario.ts';

export const entities: readonly Scenario[] = [
  {
    name: 'all but the world',
    policies: policy('cluster', 'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: [cluster]'),
    expect: [
      'client echo tcp/8080 allow',
      'client echo-far tcp/8080 allow',
      'client visitor icmp allow',
      'client host-a icmp allow',
      'client host-b icmp allow',
      'client world tcp/80 deny',
      'client3 world tcp/80 allow',
    ],
  },
  {
    name: 'the world, on one port',
    policies: policy(
      'world',
      "endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: [world]\n  toPorts:\n  - ports: [{port: '80', protocol: TCP}]",
    ),
    expect: [
      'client world tcp/80 allow',
      'client world-2 tcp/80 allow',
      'client world tcp/8080 deny',
      'client echo tcp/8080 deny',
      'client host-b icmp deny',
    ],
  },
  {
    name: 'the world, on a range of ports',
    policies: policy(
      'world',
      "endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: [world]\n  toPorts:\n  - ports: [{port: '79', endPort: 81, protocol: TCP}]",
    ),
    expect: ['client world tcp/80 allow', 'client world tcp/8080 deny', 'client echo tcp/8080 deny'],
  },
  {
    name: 'the host a pod runs on is not the host of others',
    policies: policy('host', 'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: [host]'),
    expect: ['client host-a icmp allow', 'client host-b icmp deny', 'client echo tcp/8080 deny'],
  },
  {
    name: 'other nodes by their entity',
    policies: policy('nodes', 'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: [remote-node]'),
    expect: ['client host-b icmp allow', 'client echo-far tcp/8080 deny', 'client world tcp/80 deny'],
  },
  {
    name: 'a pod that only other nodes may reach is reached by its own as well',
    policies: policy('from-nodes', 'endpointSelector: {matchLabels: {place: near}}\ningress:\n- fromEntities: [remote-node]'),
    expect: ['host-b echo tcp/8080 allow', 'host-a echo tcp/8080 allow', 'client echo tcp/8080 deny', 'client3 echo tcp/8080 deny'],
  },
  {
    name: 'a deny of the world is stronger than a rule for everybody',
    policies: policy(
      'deny-world',
      'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: [all]\negressDeny:\n- toEntities: [world]',
    ),
    expect: ['client world tcp/80 deny', 'client world-2 tcp/80 deny', 'client echo tcp/8080 allow', 'client echo-far tcp/8080 allow'],
  },
];
