// Pods of a diff: those that policy cannot tell apart are one, and one of them is asked for all.

import type { Labels } from '../../../model/labels.ts';
import { podLabels } from '../../../model/pod-labels.ts';
import type { CheckedDocument, ManifestObject } from '../documents.ts';
import { podOfWorkload } from '../workload.ts';

export interface PodGroup {
  /** `namespace/name` of each; at least one. */
  readonly names: readonly string[];
  readonly labels: Labels;
}

interface PodSpec {
  readonly serviceAccountName?: unknown;
  readonly hostNetwork?: unknown;
  readonly containers?: readonly { readonly ports?: readonly PodPort[] }[];
}

interface PodPort {
  readonly name?: string;
  readonly containerPort?: number;
}

/** `sides`: the documents of either side; a pod must be the same in both to be like another one. */
export function podGroups(sides: readonly (readonly CheckedDocument[])[]): PodGroup[] {
  const views = sides.map((documents) => podsOf(documents));
  const groups = new Map<string, PodGroup>();
  for (const [name, { labels }] of views[0]) {
    const key = JSON.stringify([name.split('/')[0], ...views.map((view) => view.get(name)?.key)]);
    const known = groups.get(key);
    groups.set(key, { names: [...(known?.names ?? []), name], labels });
  }
  return [...groups.values()];
}

/** Numbers that a port's name stands for, anywhere. */
export function portNumbers(sides: readonly (readonly CheckedDocument[])[]): (name: string) => number[] {
  const numbers = new Map<string, Set<number>>();
  for (const { object } of sides.flat()) {
    const { containers = [] } = ((object && podObject(object)?.spec) ?? {}) as PodSpec;
    for (const { name, containerPort } of containers.flatMap(({ ports = [] }) => ports)) {
      if (typeof name !== 'string' || typeof containerPort !== 'number') continue;
      const known = numbers.get(name.toLowerCase()) ?? new Set();
      numbers.set(name.toLowerCase(), known.add(containerPort));
    }
  }
  return (name) => [...(numbers.get(name) ?? [])];
}

function podsOf(documents: readonly CheckedDocument[]): Map<string, { key: string; labels: Labels }> {
  const namespaces = new Map<string, Record<string, string>>();
  for (const { object } of documents) {
    if (object?.kind === 'Namespace')
      namespaces.set(String(object.metadata?.name), (object.metadata?.labels ?? {}) as Record<string, string>);
  }
  const pods = new Map<string, { key: string; labels: Labels }>();
  for (const { object, problems } of documents) {
    const pod = object && !problems.some(({ severity }) => severity === 'error') ? podObject(object) : undefined;
    const spec = (pod?.spec ?? {}) as PodSpec;
    if (pod === undefined || spec.hostNetwork === true) continue;
    const { name, namespace = 'default', labels = {} } = (pod.metadata ?? {}) as Record<string, never>;
    const all = podLabels({
      namespace,
      labels,
      namespaceLabels: { ...namespaces.get(namespace), 'kubernetes.io/metadata.name': namespace },
      serviceAccount: typeof spec.serviceAccountName === 'string' ? spec.serviceAccountName : 'default',
      cluster: 'default',
    });
    const ports = (spec.containers ?? []).flatMap((container) => container.ports ?? []);
    pods.set(`${namespace}/${name}`, { key: JSON.stringify([all.text, ports]), labels: all });
  }
  return pods;
}

function podObject(object: ManifestObject): ManifestObject | undefined {
  return object.kind === 'Pod' ? object : (podOfWorkload(object) as ManifestObject | undefined);
}
