// Pod labels: the labels of a pod's identity, made of what the pod, its namespace and the cluster say.

import { defaultLabelFilter, filterLabels, type LabelFilter } from './label-filter.ts';
import type { Labels } from './labels.ts';

export const namespaceKey = 'io.kubernetes.pod.namespace';
export const clusterKey = 'io.cilium.k8s.policy.cluster';
export const serviceAccountKey = 'io.cilium.k8s.policy.serviceaccount';
/** Before the key of a namespace's own label. */
export const namespaceLabelPrefix = 'io.cilium.k8s.namespace.labels.';

export interface PodFacts {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly serviceAccount?: string | undefined;
  readonly cluster: string;
}

/** All are of source `k8s`. What a pod says of its own namespace, cluster or service account is not believed. */
export function podLabels(pod: PodFacts, filter: LabelFilter = defaultLabelFilter): Labels {
  const said = Object.entries(pod.labels).filter(([key]) => !isSpokenFor(key));
  const known: [string, string][] = [
    ...Object.entries(pod.namespaceLabels).map(([key, value]): [string, string] => [`${namespaceLabelPrefix}${key}`, value]),
    [namespaceKey, pod.namespace],
    [clusterKey, pod.cluster],
    ...(pod.serviceAccount ? [[serviceAccountKey, pod.serviceAccount] as [string, string]] : []),
  ];
  return filterLabels(
    filter,
    [...said, ...known].map(([key, value]) => ({ source: 'k8s', key, value })),
  );
}

function isSpokenFor(key: string): boolean {
  return key === namespaceKey || key === clusterKey || key === serviceAccountKey || key.startsWith(namespaceLabelPrefix);
}
