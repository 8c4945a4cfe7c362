// Requires: from/toRequires, which Cilium had until 1.19 and clusters may still hold: conditions on every peer of a subject, in all rules.

import { makeSelector, type Requirement, type Selector } from '../../selector.ts';
import { pathText } from '../problem.ts';
import type { Direction, Peer, Rule } from '../rule.ts';
import type { Field } from './field.ts';
import { readEndpoints } from './peer-selectors.ts';
import { everyPort } from './ports.ts';
import type { Scope } from './scope.ts';

/** Conditions of one rule; all of them at once. Today's schema knows the field as a list that must be empty. */
export function readRequires(field: Field, scope: Scope, subjectIsInit: boolean): Requirement[] {
  const { findings } = scope;
  if (!scope.stored) {
    for (const item of findings.list(field)) findings.text(item);
    return [];
  }
  // A reserved label does not free a condition from namespace and cluster, as it does a peer.
  return findings
    .list(field)
    .flatMap((item) => readEndpoints(item, scope, subjectIsInit, { reservedIsFree: false }))
    .flatMap((peer) => (peer.kind === 'labels' ? peer.selector.requirements : []));
}

/** Peers by labels, among them entities, must fulfil the conditions, too; peers by address need not. */
export function withConditions(peers: readonly Peer[], conditions: readonly Requirement[]): Peer[] {
  if (conditions.length === 0) return [...peers];
  return peers.map((peer) => {
    if (peer.kind === 'labels') return { kind: 'labels', selector: makeSelector([...peer.selector.requirements, ...conditions]) };
    return peer.kind === 'any' ? { kind: 'labels', selector: makeSelector(conditions) } : peer;
  });
}

/**
 * Other policies of the subject are bound by the conditions, too, and this one cannot see them: whoever fails a condition is denied,
 * unless an address may select it, or it is the local host, which nothing but a user's own word shuts out.
 */
export function denialOf(field: Field, conditions: readonly Requirement[], scope: Scope, direction: Direction): Rule {
  const peers = conditions.map((condition): Peer => ({ kind: 'labels', selector: failing(condition) }));
  const traffic = [{ protocol: undefined, ports: everyPort }];
  return { policy: scope.ref, path: pathText(field.path), direction, action: 'deny', peers, traffic };
}

const opposite = { In: 'NotIn', NotIn: 'In', Exists: 'DoesNotExist', DoesNotExist: 'Exists' } as const;
const spared = ['world', 'world-ipv4', 'world-ipv6', 'host'];

function failing(condition: Requirement): Selector {
  const others = spared.map((key): Requirement => ({ source: 'reserved', key, operator: 'DoesNotExist', values: [] }));
  return makeSelector([{ ...condition, operator: opposite[condition.operator] }, ...others]);
}
