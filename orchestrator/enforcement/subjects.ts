// Subjects: the pods behind the interfaces of this node, with the labels and ports that the cluster says they have.

import type { PodInterface } from '../endpoints/interfaces.ts';
import type { NamedPort } from '../model/identity.ts';
import type { Labels } from '../model/labels.ts';
import { podLabels } from '../model/pod-labels.ts';
import type { NamespaceRow } from '../sources/kubernetes/rows/namespaces.ts';
import type { PodRow } from '../sources/kubernetes/rows/pods.ts';
import type { Table } from '../state/table.ts';

export interface Subject {
  readonly row: PodInterface;
  /** Undefined until the cluster has said who it is. */
  readonly labels: Labels | undefined;
  readonly ports: readonly NamedPort[];
  readonly serviceAccount: string;
  /** Why there are no labels. */
  readonly why: string;
}

export interface SubjectTables {
  readonly interfaces: Table<PodInterface, 'pod' | 'attachment' | 'address'>;
  readonly pods: Table<PodRow>;
  readonly namespaces: Table<NamespaceRow>;
}

export class Subjects {
  readonly byEndpoint = new Map<number, Subject>();
  private readonly tables: SubjectTables;
  private readonly cluster: string;
  private readonly dirty = new Set<number>();

  constructor(tables: SubjectTables, cluster: string) {
    this.tables = tables;
    this.cluster = cluster;
  }

  touchEndpoint(endpoint: number): void {
    this.dirty.add(endpoint);
  }

  /** `namespace/name`. */
  touchPod(key: string): void {
    for (const { endpoint } of this.tables.interfaces.by('pod', key)) this.dirty.add(endpoint);
  }

  touchNamespace(name: string): void {
    for (const { row } of this.byEndpoint.values()) if (row.namespace === name) this.dirty.add(row.endpoint);
  }

  /** Endpoints that are other than they were, or gone. */
  settle(): number[] {
    const changed: number[] = [];
    for (const endpoint of this.dirty) {
      const row = this.tables.interfaces.get(endpoint);
      const before = this.byEndpoint.get(endpoint);
      if (row === undefined) {
        if (this.byEndpoint.delete(endpoint)) changed.push(endpoint);
        continue;
      }
      // A number may have another pod by now, of which nothing is known.
      const isSamePod = before !== undefined && sandboxOf(before.row) === sandboxOf(row);
      const after = this.subjectOf(row, isSamePod ? before : undefined);
      if (before !== undefined && isSame(before, after)) continue;
      this.byEndpoint.set(endpoint, after);
      changed.push(endpoint);
    }
    this.dirty.clear();
    return changed;
  }

  private subjectOf(row: PodInterface, before: Subject | undefined): Subject {
    const waits = (why: string): Subject => {
      // Whoever was known stays who it was while its object is away: it is going, or its row cannot be read.
      if (before?.labels !== undefined) return { ...before, row };
      return { row, labels: undefined, ports: [], serviceAccount: '', why };
    };
    const key = `${row.namespace}/${row.pod}`;
    const pod = this.tables.pods.get(key);
    if (pod === undefined || (row.uid !== '' && row.uid !== pod.uid)) return waits(`the API server has not told of pod ${key} yet`);
    if (pod.rejected !== undefined) return waits(`pod ${key} cannot be read: ${pod.rejected}`);
    const namespace = this.tables.namespaces.get(row.namespace);
    if (namespace === undefined || namespace.rejected !== undefined) {
      return waits(namespace?.rejected ?? `the API server has not told of namespace ${row.namespace} yet`);
    }
    const { labels, serviceAccount, ports } = pod;
    const facts = { namespace: row.namespace, labels, namespaceLabels: namespace.labels, serviceAccount, cluster: this.cluster };
    return { row, labels: podLabels(facts), ports, serviceAccount, why: '' };
  }
}

function sandboxOf({ containerId, namespace, pod, uid }: PodInterface): string {
  return `${containerId} ${namespace}/${pod} ${uid}`;
}

function isSame(one: Subject, other: Subject): boolean {
  const texts = ({ labels, ports, serviceAccount, why }: Subject) => [labels?.text, serviceAccount, why, JSON.stringify(ports)];
  return one.row === other.row && texts(one).every((text, at) => text === texts(other)[at]);
}
