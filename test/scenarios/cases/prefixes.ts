// Prefixes: addresses outside the cluster.

import { policy, type Scenario } from '../scenario.ts';

const group = (cidr: string) =>
  `apiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {name: partners}\nspec: {externalCIDRs: ['${cidr}']}\n---\n`;
const client = 'endpointSelector: {matchLabels: {app: client}}';

export const prefixes: readonly Scenario[] = [
  {
    name: 'a prefix of the world',
    policies: policy('prefix', `${client}\negress:\n- toCIDR: [192.0.2.0/24]`),
    family: 'ipv4',
    expect: ['client world tcp/80 allow', 'client world-2 tcp/80 deny', 'client echo tcp/8080 deny', 'client3 world-2 tcp/80 allow'],
  },
  {
    name: 'a prefix of the world, IPv6',
    policies: policy('prefix', `${client}\negress:\n- toCIDR: ['2001:db8::/32']`),
    family: 'ipv6',
    expect: ['client world tcp/80 allow', 'client echo tcp/8080 deny'],
  },
  {
    name: 'a prefix with a hole in it',
    policies: policy('hole', `${client}\negress:\n- toCIDRSet: [{cidr: 0.0.0.0/0, except: [192.0.2.0/28]}]`),
    family: 'ipv4',
    expect: ['client world tcp/80 deny', 'client world-2 tcp/80 allow', 'client echo tcp/8080 deny'],
  },
  {
    name: 'a deny of a prefix within an allowed one',
    policies: policy('denied', `${client}\negress:\n- toEntities: [world]\negressDeny:\n- toCIDRSet: [{cidr: 198.51.100.0/24}]`),
    family: 'ipv4',
    expect: ['client world tcp/80 allow', 'client world-2 tcp/80 deny'],
  },
  {
    name: 'a group of prefixes',
    policies: `${group('198.51.100.0/24')}${policy('group', `${client}\negress:\n- toCIDRSet: [{cidrGroupRef: partners}]`)}`,
    family: 'ipv4',
    expect: ['client world-2 tcp/80 allow', 'client world tcp/80 deny'],
  },
  {
    name: 'a prefix around the pods selects none of them',
    policies: policy('wide', `${client}\negress:\n- toCIDR: [0.0.0.0/0, '::/0']`),
    expect: ['client world tcp/80 allow', 'client echo tcp/8080 deny', 'client echo-far tcp/8080 deny'],
  },
];
