// Peer misses: why a rule does not mean a peer; of several ways to be meant, the one that lacks least.

import { containsPrefix, parsePrefix } from '../../../net/prefix.ts';
import type { Identity } from '../../identity.ts';
import type { Labels } from '../../labels.ts';
import { clusterKey, namespaceKey } from '../../pod-labels.ts';
import { holds, type Selector } from '../../selector.ts';
import type { Peer, Rule } from '../rule.ts';
import { meansPeer } from './match.ts';
import type { PeerMiss, RequirementMiss } from './miss.ts';
import type { Question } from './question.ts';

/** Undefined: the rule means the peer. */
export function peerMiss(rule: Rule, question: Question): PeerMiss | undefined {
  if (rule.peers.some((peer) => question.peers.some((identity) => meansPeer(peer, identity)))) return undefined;
  const misses = rule.peers.flatMap((peer) => missOf(peer, question) ?? []);
  return misses.sort((a, b) => peerDistance(a) - peerDistance(b))[0];
}

/** Larger is further away. */
export function peerDistance(miss: PeerMiss): number {
  switch (miss.part) {
    case 'name':
      return { expired: 1, unresolved: 6, 'not-outside': 8 }[miss.state];
    case 'no-pod':
      return 7;
    case 'except':
    case 'prefix-of-endpoint':
      return 2;
    case 'labels':
      return miss.requirements.reduce((sum, requirement) => sum + requirementDistance(requirement), 1);
    case 'prefix':
      return 7;
    default:
      return 8;
  }
}

/** Another value of the same key is nearer than a missing key; another cluster is far. */
function requirementDistance({ source, key, has }: RequirementMiss): number {
  if (source === 'reserved' || key === clusterKey) return 6;
  return has.length > 0 ? 1 : 2;
}

export function requirementMisses(selector: Selector, labels: Labels): RequirementMiss[] {
  return selector.requirements
    .filter((requirement) => !holds(requirement, labels))
    .map((requirement) => ({ ...requirement, has: labels.values(requirement.source, requirement.key) }));
}

function missOf(peer: Peer, question: Question): PeerMiss | undefined {
  const [identity] = question.peers;
  switch (peer.kind) {
    case 'labels':
      return identity === undefined ? undefined : labelsMiss(peer.selector, identity.labels);
    case 'prefix':
      return prefixMiss(peer, question, identity);
    case 'name': {
      const wasGranted = question.expired?.some(({ names }) => names?.includes(peer.name.text)) ?? false;
      const unresolved = identity?.prefix === undefined ? 'not-outside' : 'unresolved';
      return { part: 'name', name: peer.name, state: wasGranted ? 'expired' : unresolved };
    }
    case 'any':
      return undefined;
    default:
      return { part: 'reference' };
  }
}

/** Every pod has a namespace and a cluster, and nobody else has. */
function labelsMiss(selector: Selector, labels: Labels): PeerMiss {
  const requirements = requirementMisses(selector, labels);
  const isPod = labels.values('any', namespaceKey).length > 0;
  const isOfPods = !isPod && requirements.some(({ key }) => key === namespaceKey || key === clusterKey);
  if (!isOfPods) return { part: 'labels', requirements };
  return {
    part: 'no-pod',
    requirements: selector.requirements.filter(
      ({ key, operator }) => key !== clusterKey && !(key === namespaceKey && operator === 'Exists'),
    ),
  };
}

function prefixMiss({ prefix, except }: Extract<Peer, { kind: 'prefix' }>, question: Question, identity: Identity | undefined): PeerMiss {
  const asked = question.address === undefined ? identity?.prefix : parsePrefix(question.address);
  const isWithin = asked !== undefined && containsPrefix(prefix, asked);
  const excepted = isWithin ? except.find((candidate) => containsPrefix(candidate, asked)) : undefined;
  if (excepted !== undefined) return { part: 'except', prefix: prefix.text, except: excepted.text };
  return { part: isWithin && identity?.prefix === undefined ? 'prefix-of-endpoint' : 'prefix', prefix: prefix.text };
}
