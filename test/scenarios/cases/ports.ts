// Ports: numbers, names, ranges, protocols, ICMP.

import { networkPolicy, policy, type Scenario } from '../scenario.ts';

const echo = 'endpointSelector: {matchLabels: {app: echo}}';

export const ports: readonly Scenario[] = [
  {
    name: 'one port of a server',
    policies: policy('http', `${echo}\ningress:\n- fromEndpoints:\n  - {}\n  toPorts:\n  - ports: [{port: '8080', protocol: TCP}]`),
    expect: [
      'client echo tcp/8080 allow',
      'client service tcp/80 allow',
      'client echo tcp/8081 deny',
      'client echo udp/8080 deny',
      'client echo icmp deny',
      'visitor echo tcp/8080 deny',
    ],
  },
  {
    name: 'a range of ports',
    policies: policy(
      'range',
      `${echo}\ningress:\n- fromEndpoints:\n  - {}\n  toPorts:\n  - ports: [{port: '8081', endPort: 9000, protocol: ANY}]`,
    ),
    expect: [
      'client echo tcp/8080 deny',
      'client echo tcp/8081 allow',
      'client echo-far tcp/9000 allow',
      'client echo udp/9000 allow',
      'client echo udp/8080 deny',
    ],
  },
  {
    name: 'a range of ports in a NetworkPolicy',
    policies: networkPolicy(
      'range',
      'podSelector: {matchLabels: {app: echo}}\ningress:\n- ports: [{port: 8081, endPort: 9000, protocol: TCP}]',
    ),
    expect: ['client echo tcp/8080 deny', 'client echo tcp/9000 allow', 'client echo udp/9000 deny', 'visitor echo tcp/8081 allow'],
  },
  {
    name: 'a port by its name, of the server itself',
    policies: policy('named', `${echo}\ningress:\n- toPorts:\n  - ports: [{port: http, protocol: TCP}]`),
    expect: ['client echo tcp/8080 allow', 'client3 echo tcp/8080 allow', 'client echo tcp/8081 deny'],
  },
  {
    name: 'a port by its name, of those who are asked',
    policies: policy(
      'named',
      'endpointSelector: {matchLabels: {app: client}}\negress:\n- toEndpoints:\n  - matchLabels: {app: echo}\n  toPorts:\n  - ports: [{port: admin, protocol: TCP}]',
    ),
    expect: ['client echo tcp/8081 allow', 'client echo-far tcp/8081 allow', 'client echo tcp/8080 deny'],
  },
  {
    name: 'a deny of a port by its name',
    policies: policy(
      'not-admin',
      `${echo}\ningress:\n- fromEntities: [all]\ningressDeny:\n- fromEndpoints:\n  - matchLabels: {app: client}\n  toPorts:\n  - ports: [{port: admin, protocol: TCP}]`,
    ),
    expect: ['client echo tcp/8081 deny', 'client echo tcp/8080 allow', 'client3 echo tcp/8081 allow'],
  },
  {
    name: 'one protocol',
    policies: policy('udp', `${echo}\ningress:\n- fromEndpoints:\n  - {}\n  toPorts:\n  - ports: [{port: '9000', protocol: UDP}]`),
    expect: ['client echo udp/9000 allow', 'client echo tcp/9000 deny', 'client echo-far udp/9000 allow'],
  },
  {
    name: 'echo requests and nothing else',
    policies: policy(
      'ping',
      `${echo}\ningress:\n- fromEndpoints:\n  - matchLabels: {app: client}\n  icmps:\n  - fields: [{family: IPv4, type: 8}, {family: IPv6, type: 128}]`,
    ),
    expect: ['client echo icmp allow', 'client echo-far icmp allow', 'client3 echo icmp deny', 'client echo tcp/8080 deny'],
  },
  {
    name: 'echo requests of one client are denied',
    policies: policy(
      'no-ping',
      `${echo}\ningress:\n- fromEntities: [all]\ningressDeny:\n- fromEndpoints:\n  - matchLabels: {other: client}\n  icmps:\n  - fields: [{family: IPv4, type: 8}, {family: IPv6, type: 128}]`,
    ),
    expect: ['client2 echo icmp deny', 'client echo icmp allow', 'client2 echo tcp/8080 allow'],
  },
];
