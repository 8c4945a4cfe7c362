// Identities: those that exist in every cluster, what they are called, and the labels that they have.

import { parsePrefix } from '../net/prefix.ts';
import { type Identity, type ReservedName, reserved, reservedLabels } from './identity.ts';

/** 7 is an API server on a node; one outside the cluster has a local identity (local-identities.ts). */
const moreLabels: Partial<Record<ReservedName, readonly string[]>> = { 'kube-apiserver': ['remote-node'] };
/** Addresses about which nothing is known. */
const prefixes: Partial<Record<ReservedName, string>> = { 'world-ipv4': '0.0.0.0/0', 'world-ipv6': '::/0' };

/** In the order of their numbers. */
export const reservedIdentities: readonly Identity[] = (Object.entries(reserved) as [ReservedName, number][]).map(([name, number]) => {
  const prefix = prefixes[name];
  return {
    number,
    labels: reservedLabels(name, ...(moreLabels[name] ?? [])),
    ...(prefix !== undefined && { prefix: parsePrefix(prefix) }),
  };
});

export function reservedIdentity(name: ReservedName): Identity {
  return reservedIdentities[reserved[name] - 1] as Identity;
}

/** Of the addresses of one family that are outside the cluster. */
export function worldName(family: 4 | 6): 'world-ipv4' | 'world-ipv6' {
  return family === 4 ? 'world-ipv4' : 'world-ipv6';
}
