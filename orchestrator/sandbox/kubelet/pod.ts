// Pods as this kubelet reads them: the parts of the object that it acts on, and the ports that names stand for.

import type { V1Container, V1Pod, V1Probe } from '@kubernetes/client-node';
import type { KubeObject } from '../../sources/kubernetes/object.ts';

export type Pod = V1Pod;
export type ContainerSpec = V1Container;
export type ProbeSpec = V1Probe;

/** Timestamps are texts here, as they came. */
export function podOf(object: KubeObject): Pod {
  return object as unknown as Pod;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function nameOf(pod: Pod): PodName {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  return { namespace, name, uid };
}

export function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

export function isLeaving(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

/** Seconds that its containers have to end. */
export function graceSeconds(pod: Pod): number {
  return pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export function restartPolicyOf(pod: Pod): RestartPolicy {
  const { restartPolicy = 'Always' } = pod.spec ?? {};
  return restartPolicy === 'OnFailure' || restartPolicy === 'Never' ? restartPolicy : 'Always';
}

/** The number of a probe's port; undefined for a name that no port of the container has. */
export function portNumber(container: ContainerSpec, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  if (/^[0-9]+$/.test(port)) return Number(port);
  return container.ports?.find(({ name }) => name === port)?.containerPort;
}
