// Without policies, and with those that open or close everything.

import { networkPolicy, policy, type Scenario } from '../scenario.ts';

const everything = [
  'client echo tcp/8080 allow',
  'client echo udp/9000 allow',
  'client echo icmp allow',
  'client echo-far tcp/8080 allow',
  'client echo-far udp/9000 allow',
  'client echo-far icmp allow',
  'client3 echo tcp/8080 allow',
  'client service tcp/80 allow',
  'client3 service tcp/80 allow',
  'client world tcp/80 allow',
  'client3 world-2 tcp/80 allow',
  'client host-a icmp allow',
  'client host-b icmp allow',
  'host-a echo tcp/8080 allow',
  'host-b echo tcp/8080 allow',
  'host-a echo-far tcp/8080 allow',
  'visitor echo tcp/8080 allow',
];

export const open: readonly Scenario[] = [
  { name: 'without policies everybody reaches everybody', policies: '', expect: everything },
  {
    name: 'an empty ingress section closes a pod to all but its own node',
    policies: policy('closed', 'endpointSelector: {matchLabels: {app: echo}}\ningress:\n- {}'),
    expect: [
      'client echo tcp/8080 deny',
      'client3 echo tcp/8080 deny',
      'visitor echo-far tcp/8080 deny',
      'client service tcp/80 deny',
      'client echo icmp deny',
      'host-a echo tcp/8080 allow',
      'host-b echo tcp/8080 deny',
      'echo world tcp/80 allow',
      'echo echo-far tcp/8080 deny',
    ],
  },
  {
    name: 'a NetworkPolicy without ingress rules closes a namespace',
    policies: networkPolicy('closed', 'podSelector: {}\npolicyTypes: [Ingress]'),
    expect: [
      'client echo tcp/8080 deny',
      'visitor echo tcp/8080 deny',
      'host-a echo tcp/8080 allow',
      'client world tcp/80 allow',
      'client visitor icmp allow',
    ],
  },
  {
    name: 'an empty egress section shuts a pod in, and what it is asked it may answer',
    policies: policy('shut', 'endpointSelector: {matchLabels: {app: client}}\negress:\n- {}'),
    expect: [
      'client echo tcp/8080 deny',
      'client echo-far udp/9000 deny',
      'client service tcp/80 deny',
      'client world tcp/80 deny',
      'client host-b icmp deny',
      'client3 client icmp allow',
      'visitor echo tcp/8080 allow',
    ],
  },
  {
    name: 'a NetworkPolicy without egress rules shuts a namespace in',
    policies: networkPolicy('shut', 'podSelector: {matchLabels: {app: client}}\npolicyTypes: [Egress]'),
    expect: ['client echo tcp/8080 deny', 'client world tcp/80 deny', 'client3 echo tcp/8080 allow'],
  },
  {
    name: 'an empty list of entities allows nobody',
    policies: policy('nobody', 'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: []'),
    expect: ['client echo tcp/8080 deny', 'client world tcp/80 deny', 'client3 echo tcp/8080 allow'],
  },
  {
    name: 'a rule for everybody leaves everything open',
    policies: policy('all', 'endpointSelector: {}\ningress:\n- fromEntities: [all]\negress:\n- toEntities: [all]'),
    expect: everything.filter((line) => !line.startsWith('visitor')),
  },
];
