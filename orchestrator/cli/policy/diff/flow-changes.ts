// Recorded flows under both sides: which of them a change opens or closes, and which cannot be asked because nobody knows their pods.

import { AgentError } from '../../../errors.ts';
import type { ReservedName } from '../../../model/identity.ts';
import { clusterKey, namespaceKey, namespaceLabelPrefix, serviceAccountKey } from '../../../model/pod-labels.ts';
import type { Cluster } from '../../../testing/cluster.ts';
import { declareWord } from '../asked-peer.ts';
import { reservedPeers } from '../peer.ts';
import { type Change, changeOf } from './change.ts';
import type { RecordedFlow, RecordedPeer } from './recorded.ts';

export interface FlowChange extends Change {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  /** How often it was recorded. */
  readonly count: number;
}

export interface FlowChanges {
  readonly changes: readonly FlowChange[];
  readonly unchanged: number;
  /** Pods of flows that are neither in the manifests nor recorded with their labels, and how many flows they take with them. */
  readonly unknown: { readonly flows: number; readonly pods: readonly string[] };
  /** Pods that are known from the recording only. */
  readonly recorded: readonly string[];
}

export function flowChanges(clusters: readonly [Cluster, Cluster], flows: readonly RecordedFlow[], pods: readonly string[]): FlowChanges {
  const [before, after] = clusters;
  const places = new Places(clusters, pods);
  const { known, unknown } = placed(flows, places);
  const changes: FlowChange[] = [];
  let unchanged = 0;
  for (const { count, from, to, protocol, port, fromText, toText } of known) {
    const question = { from, to, protocol, port };
    const change = attempt(() => changeOf(before.flow(question), after.flow(question)));
    if (change === undefined) unchanged++;
    else changes.push({ ...change, from: fromText, to: toText, protocol, port, count });
  }
  changes.sort((a, b) => b.count - a.count);
  return { changes, unchanged, unknown: { flows: unknown, pods: [...places.unknown] }, recorded: [...places.recorded] };
}

interface PlacedFlow extends Pick<RecordedFlow, 'protocol' | 'port' | 'count'> {
  readonly from: string;
  readonly to: string;
  readonly fromText: string;
  readonly toText: string;
}

/** Flows between the same places are one: pods of a workload share theirs. Everybody is declared before anything is asked. */
function placed(flows: readonly RecordedFlow[], places: Places): { known: PlacedFlow[]; unknown: number } {
  const known = new Map<string, PlacedFlow>();
  let unknown = 0;
  for (const { from, to, protocol, port, count } of flows) {
    const [source, destination] = [places.find(from), places.find(to)];
    if (source === undefined || destination === undefined) {
      unknown++;
      continue;
    }
    const key = [source, destination, protocol, port].join(' ');
    const texts = { fromText: from.pod === undefined ? peerText(from) : source, toText: to.pod === undefined ? peerText(to) : destination };
    const flow = { from: source, to: destination, protocol, port, count, ...texts };
    known.set(key, { ...flow, count: count + (known.get(key)?.count ?? 0) });
  }
  return { known: [...known.values()], unknown };
}

/** A packet that the datapath refuses before it asks a policy is not changed by one. */
function attempt(ask: () => Change | undefined): Change | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof AgentError && error.code === 'WORLD_INVALID') return undefined;
    throw error;
  }
}

export function peerText({ pod, address, reserved, names }: RecordedPeer): string {
  if (pod !== undefined) return pod;
  if (reserved !== undefined) return address === undefined ? reserved.join('+') : `${reserved.join('+')} (${address})`;
  return names === undefined ? (address ?? '') : `${address} (${names.join(', ')})`;
}

/** Where recorded peers are in the clusters; what is not there and can be declared, is. */
class Places {
  readonly unknown = new Set<string>();
  readonly recorded = new Set<string>();
  private readonly clusters: readonly Cluster[];
  private readonly pods: Set<string>;
  private readonly declared = new Set<string>();

  constructor(clusters: readonly Cluster[], pods: readonly string[]) {
    this.clusters = clusters;
    this.pods = new Set(pods);
  }

  /** Undefined: a pod of which nothing is known, or no peer at all. */
  find(peer: RecordedPeer): string | undefined {
    const { pod, workload, labels, reserved, address } = peer;
    if (reserved !== undefined) return this.reserved(reserved, address);
    if (pod === undefined) return address === undefined ? undefined : this.outside(address, peer.names ?? []);
    if (this.pods.has(pod)) return pod;
    if (workload !== undefined && this.pods.has(workload)) return workload;
    if (labels !== undefined) return this.ofLabels(pod, labels);
    this.unknown.add(pod);
    return undefined;
  }

  private reserved(kinds: readonly string[], address: string | undefined): string {
    const known = kinds.filter((kind) => reservedPeers.includes(kind));
    if (address === undefined) {
      const [word = 'world'] = known;
      if (!this.isDeclared(word)) for (const cluster of this.clusters) declareWord(cluster, word);
      return word;
    }
    const reserved = known.filter((kind): kind is ReservedName => kind !== 'world');
    if (reserved.length > 0 && !this.isDeclared(address)) for (const cluster of this.clusters) cluster.outside(address, { reserved });
    return address;
  }

  private outside(address: string, names: readonly string[]): string {
    if (!this.isDeclared(`${address} ${names.join(' ')}`)) for (const cluster of this.clusters) cluster.outside(address, { names });
    return address;
  }

  /** The labels of its identity say all that policies ask of it, but for the numbers of its named ports. */
  private ofLabels(pod: string, labels: readonly string[]): string {
    if (this.isDeclared(pod)) return pod;
    const own: Record<string, string> = {};
    const ofNamespace: Record<string, string> = {};
    let serviceAccount = 'default';
    for (const label of labels) {
      const [, key = '', value = ''] = /^k8s:([^=]+)=?(.*)$/.exec(label) ?? [];
      if (key === serviceAccountKey) serviceAccount = value;
      else if (key.startsWith(namespaceLabelPrefix)) ofNamespace[key.slice(namespaceLabelPrefix.length)] = value;
      else if (key !== '' && key !== namespaceKey && key !== clusterKey) own[key] = value;
    }
    const [namespace] = pod.split('/');
    const isNew = ![...this.pods, ...this.recorded].some((name) => name.startsWith(`${namespace}/`));
    for (const cluster of this.clusters) {
      if (isNew) cluster.namespace(namespace, { labels: ofNamespace });
      cluster.pod(pod, { labels: own, serviceAccount });
    }
    this.recorded.add(pod);
    return pod;
  }

  private isDeclared(key: string): boolean {
    if (this.declared.has(key)) return true;
    this.declared.add(key);
    return false;
  }
}
