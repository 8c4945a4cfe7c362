// Workloads: Deployments and the like stand for pods that files do not hold; one pod, made of the template, stands for all of them.

import type { ManifestObject } from './documents.ts';

const templatesOf: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** The pod named like the workload, or undefined if the object is none or its template is no object. */
export function podOfWorkload({ kind, metadata, ...object }: ManifestObject): object | undefined {
  if (typeof kind !== 'string' || !Object.hasOwn(templatesOf, kind)) return undefined;
  let found: unknown = object;
  for (const step of templatesOf[kind]) found = isFields(found) ? found[step] : undefined;
  if (!isFields(found)) return undefined;
  const labels = isFields(found.metadata) ? found.metadata.labels : undefined;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: metadata?.name, namespace: metadata?.namespace ?? 'default', ...(isFields(labels) && { labels }) },
    spec: found.spec ?? {},
  };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
