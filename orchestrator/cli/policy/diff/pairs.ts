// Pairs: which of all possible flows a change opens or closes. Pods, addresses outside and ports stand in classes that policy cannot tell
// apart, and one of each class is asked for all of it.

import type { Labels } from '../../../model/labels.ts';
import type { Policy } from '../../../model/policy/rule.ts';
import { selects } from '../../../model/selector.ts';
import { type Prefix, parsePrefix } from '../../../net/prefix.ts';
import type { Cluster } from '../../../testing/cluster.ts';
import { declareWord } from '../asked-peer.ts';
import type { CheckedDocument } from '../documents.ts';
import { type ChangeKind, changeOf } from './change.ts';
import { outsideClasses } from './outside-classes.ts';
import { podGroups, portNumbers } from './pods.ts';
import { type TrafficClass, trafficClasses } from './traffic-classes.ts';

/** Who may be at either end. */
export interface End {
  /** What `cluster.flow` calls it. */
  readonly place: string;
  /** Another one of its class, to be asked about flows within it. */
  readonly twin?: string | undefined;
  readonly text: string;
  /** Of a pod. */
  readonly labels?: Labels;
}

export interface PairChange {
  readonly kind: ChangeKind;
  readonly from: string;
  readonly to: string;
  readonly ports: readonly string[];
  readonly by: readonly string[];
}

export interface PairChanges {
  /** Classes of pods. */
  readonly identities: number;
  /** Pod → how its class is called. */
  readonly classes: ReadonlyMap<string, string>;
  /** Classes of ports. */
  readonly ports: readonly string[];
  /** Flows that were asked about. */
  readonly asked: number;
  readonly changes: readonly PairChange[];
}

export interface Side {
  readonly cluster: Cluster;
  readonly documents: readonly CheckedDocument[];
  readonly policies: readonly Policy[];
}

/** `isConcerned`: whether a pod's policies differ between the sides; flows between others need not be asked. */
export function pairChanges(before: Side, after: Side, isConcerned: (labels: Labels) => boolean): PairChanges {
  const sides = [before, after];
  const policies = sides.flatMap((side) => side.policies);
  const groups = podGroups(sides.map(({ documents }) => documents));
  const pods = groups.map(({ names: [place, twin, ...others], labels }): End => {
    const text = twin === undefined ? place : `${place} (+${others.length + 1} alike)`;
    return { place, twin, text, labels };
  });
  const outside = outsideEnds(sides, policies);
  const traffic = trafficClasses(policies, portNumbers(sides.map(({ documents }) => documents)));
  const changes: PairChange[] = [];
  let asked = 0;
  const ends = [...pods, ...outside];
  for (const from of ends) {
    for (const to of ends) {
      if (from === to && from.twin === undefined) continue;
      if (![from, to].some(({ labels }) => labels !== undefined && isConcerned(labels))) continue;
      asked += traffic.length;
      changes.push(...changesBetween(before.cluster, after.cluster, from, to, traffic));
    }
  }
  const classes = new Map(groups.flatMap(({ names }, index) => names.map((name) => [name, pods[index].text] as const)));
  return { identities: pods.length, classes, ports: traffic.map(({ text }) => text), asked, changes };
}

function changesBetween(before: Cluster, after: Cluster, from: End, to: End, traffic: readonly TrafficClass[]): PairChange[] {
  const found = new Map<string, PairChange & { ports: string[] }>();
  for (const { protocol, port, text } of traffic) {
    const question = { from: from.place, to: from === to ? (to.twin ?? to.place) : to.place, protocol, port };
    const change = changeOf(before.flow(question), after.flow(question));
    if (change === undefined) continue;
    const key = [change.kind, ...change.by].join('\n');
    const known = found.get(key);
    if (known !== undefined) known.ports.push(text);
    else found.set(key, { kind: change.kind, from: from.text, to: to.text, ports: [text], by: change.by });
  }
  return [...found.values()].map((change) => ({ ...change, ports: portTexts(change.ports, traffic) }));
}

/** Nearly all of them are told by what is not among them. */
function portTexts(ports: readonly string[], traffic: readonly TrafficClass[]): readonly string[] {
  const others = traffic.map(({ text }) => text).filter((text) => !ports.includes(text));
  if (others.length === 0) return ['every port'];
  return others.length <= 3 && ports.length > 4 ? [`every port but ${others.join(', ')}`] : ports;
}

const words = ['host', 'remote-node', 'kube-apiserver', 'health', 'ingress', 'unmanaged'];

/** Declares them in both clusters, alike. */
function outsideEnds(sides: readonly Side[], policies: readonly Policy[]): End[] {
  const named = outsideClasses(policies, groupPrefixes(sides));
  for (const { cluster } of sides) {
    for (const { address, names } of named) cluster.outside(address, { names });
    for (const word of words) declareWord(cluster, word);
  }
  return [...named.map(({ address, text }) => ({ place: address, text })), ...words.map((word) => ({ place: word, text: word }))];
}

/** Prefixes that policies name by reference. */
function groupPrefixes(sides: readonly Side[]): Prefix[] {
  return sides.flatMap(({ documents }) =>
    documents.flatMap(({ object, problems }) => {
      if (object?.kind !== 'CiliumCIDRGroup' || problems.some(({ severity }) => severity === 'error')) return [];
      const { externalCIDRs = [] } = (object.spec ?? {}) as { externalCIDRs?: readonly string[] };
      return externalCIDRs.map((text) => parsePrefix(text));
    }),
  );
}

/**
 * Whether the policies over a pod may differ, by its labels. What is no policy and not the same on both sides may change what unchanged
 * policies mean, and so may a policy that is refused: then all are concerned.
 */
export function concernOf(old: readonly CheckedDocument[], fresh: readonly CheckedDocument[]): (labels: Labels) => boolean {
  const rest = (documents: readonly CheckedDocument[]) =>
    documents.filter(({ policy }) => policy === undefined).map(({ object }) => JSON.stringify(object));
  if (rest(old).join('\n') !== rest(fresh).join('\n')) return () => true;
  const [before, after] = [old, fresh].map(policiesByText);
  const differing = [...[...before].filter(([text]) => !after.has(text)), ...[...after].filter(([text]) => !before.has(text))];
  const subjects = differing.flatMap(([, { sections }]) => sections.flatMap(({ subject }) => (subject === undefined ? [] : [subject])));
  return (labels) => subjects.some((subject) => selects(subject, labels));
}

function policiesByText(documents: readonly CheckedDocument[]): Map<string, Policy> {
  return new Map(documents.flatMap(({ policy }) => (policy === undefined ? [] : [[policyText(policy), policy] as const])));
}

/** Equal for policies that mean the same. */
export function policyText(policy: Policy): string {
  return JSON.stringify(policy, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
}
