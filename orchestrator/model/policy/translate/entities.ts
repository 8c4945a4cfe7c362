// Entities: names for groups of peers that have no labels of their own, and the selectors that they stand for.

import type { ReservedName } from '../../identity.ts';
import { makeSelector, type Requirement, type Selector } from '../../selector.ts';
import type { Peer } from '../rule.ts';
import type { Field } from './field.ts';
import { quote } from './findings.ts';
import { podCluster, type Scope } from './scope.ts';

/** Entity → the reserved labels it means. `all` and `cluster` mean more. */
const reservedOf: Readonly<Record<string, readonly ReservedName[]>> = {
  all: [],
  none: [],
  world: ['world', 'world-ipv4', 'world-ipv6'],
  'world-ipv4': ['world-ipv4'],
  'world-ipv6': ['world-ipv6'],
  host: ['host'],
  init: ['init'],
  ingress: ['ingress'],
  'remote-node': ['remote-node'],
  health: ['health'],
  unmanaged: ['unmanaged'],
  'kube-apiserver': ['kube-apiserver'],
  cluster: ['host', 'remote-node', 'init', 'ingress', 'health', 'unmanaged', 'kube-apiserver'],
};

export function readEntity(field: Field, scope: Scope): Peer[] {
  const name = scope.findings.text(field) ?? '';
  const reserved = Object.hasOwn(reservedOf, name) ? reservedOf[name] : undefined;
  if (reserved === undefined) {
    const known = Object.keys(reservedOf).join(', ');
    scope.findings.error(field, 'entity', `${quote(field.value)} is no entity: write one of ${known}`);
    return [];
  }
  if (name === 'all') return [{ kind: 'any' }];
  const peers = reserved.map((label): Peer => ({ kind: 'labels', selector: selectorOf('reserved', label, '') }));
  if (name === 'cluster') peers.push({ kind: 'labels', selector: selectorOf('k8s', podCluster, scope.clusterName) });
  return peers;
}

function selectorOf(source: string, key: string, value: string): Selector {
  return makeSelector([{ source, key, operator: 'In', values: [value] } satisfies Requirement]);
}
