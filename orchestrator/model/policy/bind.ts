// Bind: references in a policy become what they stand for at the moment. What resolves to nothing stands for nobody.

import { containsPrefix, type Prefix } from '../../net/prefix.ts';
import { clusterKey, namespaceKey } from '../pod-labels.ts';
import { makeSelector, selects } from '../selector.ts';
import type { AddressFact, GroupFact, References, ServiceFact } from './references.ts';
import type { BoundPeer, GroupReference, Peer, Policy, Rule, ServiceReference } from './rule.ts';

export function hasReferences({ sections }: Policy): boolean {
  return sections.some(({ rules }) => rules.some(refers));
}

/** The policy with peers that need nothing else to be understood; itself when it refers to nothing. */
export function bindPeers(policy: Policy, references: References): Policy {
  if (!hasReferences(policy)) return policy;
  const sections = policy.sections.map((section) => ({
    ...section,
    rules: section.rules.map((rule) => (refers(rule) ? { ...rule, peers: bound(rule.peers, references) } : rule)),
  }));
  return { ...policy, sections };
}

function refers({ peers }: Rule): boolean {
  return peers.some(({ kind }) => kind === 'service' || kind === 'group');
}

/** No two alike, in an order that does not depend on that of services and groups. */
function bound(peers: readonly Peer[], references: References): BoundPeer[] {
  const found = new Map<string, BoundPeer>();
  for (const peer of peers) {
    const meant =
      peer.kind === 'service' ? ofService(peer.service, references) : peer.kind === 'group' ? ofGroup(peer, references) : [peer];
    for (const one of meant) found.set(peerText(one), one);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer);
}

function ofService(reference: ServiceReference, { services, addresses, cluster }: References): BoundPeer[] {
  return [...services.values()]
    .filter((service) => isMeantService(reference, service))
    .flatMap((service) => (service.selector.size > 0 ? [behind(service, cluster)] : outside(service, addresses.values())));
}

function isMeantService({ namespace, name, selector }: ServiceReference, service: ServiceFact): boolean {
  if (namespace !== undefined && namespace !== service.namespace) return false;
  if (name !== undefined && name !== service.name) return false;
  return selector === undefined || selects(selector, service.labels);
}

/** The pods that the service selects, ready or not, and never their addresses: those change hands. */
function behind({ namespace, selector }: ServiceFact, cluster: string): BoundPeer {
  const own = [...selector].map(([key, value]) => ({ source: 'k8s', key, operator: 'In' as const, values: [value] }));
  const scope = [
    { source: 'k8s', key: namespaceKey, operator: 'In' as const, values: [namespace] },
    { source: 'k8s', key: clusterKey, operator: 'In' as const, values: [cluster] },
  ];
  return { kind: 'labels', selector: makeSelector([...own, ...scope]) };
}

function outside({ namespace, name }: ServiceFact, addresses: Iterable<AddressFact>): BoundPeer[] {
  return [...addresses]
    .filter((fact) => fact.namespace === namespace && fact.service === name)
    .flatMap(({ prefixes }) => prefixes.map((prefix): BoundPeer => ({ kind: 'prefix', prefix, except: [] })));
}

function ofGroup({ group, except }: Extract<Peer, { kind: 'group' }>, { groups }: References): BoundPeer[] {
  return [...groups.values()].filter((fact) => isMeantGroup(group, fact)).flatMap(({ prefixes }) => withoutExcepted(prefixes, except));
}

function isMeantGroup({ name, selector }: GroupReference, group: GroupFact): boolean {
  if (name !== undefined && name !== group.name) return false;
  return selector === undefined || selects(selector, group.labels);
}

/** An exception may lie within a prefix of the group, or around it: then nothing of it is left. */
function withoutExcepted(prefixes: readonly Prefix[], except: readonly Prefix[]): BoundPeer[] {
  return prefixes
    .filter((prefix) => !except.some((one) => containsPrefix(one, prefix)))
    .map((prefix) => ({ kind: 'prefix', prefix, except: except.filter((one) => containsPrefix(prefix, one)) }));
}

function peerText(peer: BoundPeer): string {
  if (peer.kind === 'labels') return `labels ${peer.selector.text}`;
  if (peer.kind === 'prefix') return `prefix ${peer.prefix.text} ${peer.except.map(({ text }) => text).join(' ')}`;
  return peer.kind === 'name' ? `name ${peer.name.text}` : peer.kind;
}
