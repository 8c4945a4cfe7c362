// Identities: numbers that stand for label sets; packets, ipcache and policy entries speak of peers by them.

import type { Prefix } from '../net/prefix.ts';
import { type Label, Labels } from './labels.ts';

export interface Identity {
  readonly number: number;
  readonly labels: Labels;
  /** Of the addresses of one prefix outside the cluster: what CIDR rules select by. Pods, nodes and the like have none. */
  readonly prefix?: Prefix;
  /** Of the addresses behind DNS names: texts of the FQDN selectors that matched (policy/rule.ts). It has no labels. */
  readonly names?: readonly string[];
}

/** A pod's port by name, as the pod declares it. */
export interface NamedPort {
  /** Lower case. */
  readonly name: string;
  readonly port: number;
  readonly protocol: number;
}

/** Numbers that mean the same on every node, as Cilium's users know them. */
export const reserved = {
  host: 1,
  world: 2,
  unmanaged: 3,
  health: 4,
  init: 5,
  'remote-node': 6,
  'kube-apiserver': 7,
  ingress: 8,
  'world-ipv4': 9,
  'world-ipv6': 10,
} as const;

export type ReservedName = keyof typeof reserved;

/** First number of the local scope: prefixes and names, known on one node only. */
export const localScope = 0x1000000;

export function reservedLabel(name: string): Label {
  return { source: 'reserved', key: name, value: '' };
}

export function reservedLabels(...names: readonly string[]): Labels {
  return new Labels(names.map(reservedLabel));
}
