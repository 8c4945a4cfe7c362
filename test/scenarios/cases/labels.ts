// Who may reach whom, by labels of pods, namespaces and service accounts.

import { clusterwide, networkPolicy, policy, type Scenario } from '../scenario.ts';

const echoFrom = (peer: string) => `endpointSelector: {matchLabels: {app: echo}}\ningress:\n- fromEndpoints:\n  - ${peer}`;

export const labels: readonly Scenario[] = [
  {
    name: 'a server lets its clients in, on both nodes',
    policies: policy('clients', echoFrom('{matchLabels: {app: client}}')),
    expect: [
      'client echo tcp/8080 allow',
      'client echo-far tcp/8080 allow',
      'client2 echo udp/9000 allow',
      'client service tcp/80 allow',
      'client3 echo tcp/8080 deny',
      'client3 echo-far tcp/8080 deny',
      'client3 service tcp/80 deny',
      'visitor echo tcp/8080 deny',
      'echo-far echo tcp/8080 deny',
      'host-b echo tcp/8080 deny',
    ],
  },
  {
    name: 'the same as a NetworkPolicy',
    policies: networkPolicy(
      'clients',
      'podSelector: {matchLabels: {app: echo}}\ningress:\n- from:\n  - podSelector: {matchLabels: {app: client}}',
    ),
    expect: ['client echo tcp/8080 allow', 'client echo-far tcp/8080 allow', 'client3 echo tcp/8080 deny', 'visitor echo tcp/8080 deny'],
  },
  {
    name: 'a client may ask its server and nobody else',
    policies: policy('server', 'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEndpoints:\n  - matchLabels: {app: echo}'),
    expect: [
      'client echo tcp/8080 allow',
      'client echo-far tcp/8080 allow',
      'client service tcp/80 allow',
      'client client3 icmp deny',
      'client world tcp/80 deny',
      'client3 world tcp/80 allow',
    ],
  },
  {
    name: 'the same as a NetworkPolicy of egress',
    policies: networkPolicy(
      'server',
      'podSelector: {matchLabels: {app: client}}\npolicyTypes: [Egress]\negress:\n- to:\n  - podSelector: {matchLabels: {app: echo}}',
    ),
    expect: ['client echo tcp/8080 allow', 'client echo-far tcp/8080 allow', 'client world tcp/80 deny'],
  },
  {
    name: 'expressions on labels',
    policies: policy(
      'server',
      'endpointSelector: {matchExpressions: [{key: app, operator: In, values: [client, nobody]}]}\negress:\n- toEndpoints:\n  - matchExpressions: [{key: place, operator: NotIn, values: [far]}, {key: app, operator: Exists}]',
    ),
    expect: ['client echo tcp/8080 allow', 'client echo-far tcp/8080 deny', 'client client2 icmp allow', 'client3 echo-far tcp/8080 allow'],
  },
  {
    name: 'service accounts are labels',
    policies: policy('tellers', echoFrom('{matchLabels: {io.cilium.k8s.policy.serviceaccount: teller}}')),
    expect: ['client echo tcp/8080 allow', 'client echo-far tcp/8080 allow', 'client2 echo tcp/8080 deny', 'echo echo-far tcp/8080 allow'],
  },
  {
    name: 'a client may not ask the pods of an account',
    policies: policy(
      'no-tellers',
      'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEntities: [all]\negressDeny:\n- toEndpoints:\n  - matchLabels: {io.cilium.k8s.policy.serviceaccount: teller}',
    ),
    expect: ['client echo tcp/8080 deny', 'client echo-far tcp/8080 allow', 'client2 client icmp deny', 'client service tcp/80 any'],
  },
  {
    name: 'pods of another namespace, by its name',
    policies: policy('others', echoFrom('{matchLabels: {k8s:io.kubernetes.pod.namespace: other}}')),
    expect: ['visitor echo tcp/8080 allow', 'visitor echo-far tcp/8080 allow', 'client echo tcp/8080 deny'],
  },
  {
    name: 'pods of another namespace, by its labels',
    policies: networkPolicy(
      'others',
      'podSelector: {matchLabels: {app: echo}}\ningress:\n- from:\n  - namespaceSelector: {matchLabels: {team: other}}',
    ),
    expect: ['visitor echo tcp/8080 allow', 'client echo tcp/8080 deny'],
  },
  {
    name: 'a policy of the whole cluster, by labels of namespaces',
    policies: clusterwide(
      'teams',
      'endpointSelector: {matchLabels: {k8s:io.cilium.k8s.namespace.labels.team: shop}}\ningress:\n- fromEndpoints:\n  - matchLabels: {k8s:io.cilium.k8s.namespace.labels.team: shop}',
    ),
    expect: [
      'client echo tcp/8080 allow',
      'client3 echo tcp/8080 allow',
      'visitor echo tcp/8080 deny',
      'visitor echo-far icmp deny',
      'client visitor icmp allow',
    ],
  },
  {
    name: 'a policy of the whole cluster shuts a namespace off from another',
    policies: clusterwide(
      'apart',
      'endpointSelector: {matchLabels: {k8s:io.kubernetes.pod.namespace: shop}}\ningress:\n- fromEntities: [all]\ningressDeny:\n- fromEndpoints:\n  - matchLabels: {k8s:io.kubernetes.pod.namespace: other}',
    ),
    expect: ['visitor echo tcp/8080 deny', 'visitor echo-far tcp/8080 deny', 'client echo tcp/8080 allow', 'client3 echo tcp/8080 allow'],
  },
  {
    name: 'a deny of some clients beats the rule for all of them',
    policies: policy(
      'not-those',
      'endpointSelector: {matchLabels: {app: echo}}\ningress:\n- fromEndpoints:\n  - matchLabels: {app: client}\ningressDeny:\n- fromEndpoints:\n  - matchLabels: {other: client}',
    ),
    expect: ['client echo tcp/8080 allow', 'client2 echo tcp/8080 deny', 'client2 echo-far tcp/8080 deny', 'client3 echo tcp/8080 deny'],
  },
  {
    name: 'both sides have to agree',
    policies: `${policy('in', echoFrom('{matchLabels: {app: client}}'))}---\n${policy('out', 'endpointSelector: {matchLabels: {other: client}}\negress:\n- toEndpoints:\n  - matchLabels: {place: far}')}`,
    expect: [
      'client echo tcp/8080 allow',
      'client2 echo tcp/8080 deny',
      'client2 echo-far tcp/8080 allow',
      'client3 echo-far tcp/8080 deny',
    ],
  },
];
