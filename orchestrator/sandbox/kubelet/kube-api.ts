// Kube API: the few requests a kubelet makes besides following its pods.

import { KubeError } from '../../sources/kubernetes/failure.ts';
import type { KubeObject } from '../../sources/kubernetes/object.ts';
import { pathOf, resources } from '../../sources/kubernetes/resource.ts';
import type { Transport } from '../../sources/kubernetes/transport.ts';
import type { PodName } from './pod.ts';

const mergePatch = 'application/merge-patch+json';

export class KubeApi {
  readonly #transport: Transport;
  readonly #signal: AbortSignal;

  constructor(transport: Transport, signal: AbortSignal) {
    this.#transport = transport;
    this.#signal = signal;
  }

  /** Only that very pod: one of the same name that came later is left alone. */
  async setPodStatus({ namespace, name, uid }: PodName, status: object): Promise<void> {
    const path = pathOf(resources.pods, { namespace, name, part: 'status' });
    await this.#ask('PATCH', path, { metadata: { uid }, status }, mergePatch);
  }

  /** The pod has ended: its object may go. */
  async deletePod({ namespace, name, uid }: PodName): Promise<void> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#ask('DELETE', pathOf(resources.pods, { namespace, name }), body);
  }

  async setNodeStatus(name: string, status: object): Promise<void> {
    await this.#ask('PATCH', pathOf(resources.nodes, { name, part: 'status' }), { status }, mergePatch);
  }

  /** Says that the node lives. */
  async renewLease(node: string, now: Date): Promise<void> {
    const spec = { holderIdentity: node, leaseDurationSeconds: 40, renewTime: now.toISOString().replace('Z', '000Z') };
    const folder = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    const renewed = await this.#found(() => this.#ask('PATCH', `${folder}/${node}`, { spec }, mergePatch));
    if (renewed !== undefined) return;
    await this.#ask('POST', folder, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: node }, spec });
  }

  /** Undefined when the server gives none. */
  async serviceAccountToken(namespace: string, account: string, pod: PodName): Promise<string | undefined> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: pod.name, uid: pod.uid };
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600, boundObjectRef } };
    const answer = (await this.#found(() => this.#ask('POST', path, body))) as { status?: { token?: string } } | undefined;
    return answer?.status?.token;
  }

  async configMap(namespace: string, name: string): Promise<Record<string, string> | undefined> {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
    const found = (await this.#found(() => this.#ask('GET', path))) as { data?: Record<string, string> } | undefined;
    return found && (found.data ?? {});
  }

  async secret(namespace: string, name: string): Promise<Record<string, Uint8Array> | undefined> {
    const found = (await this.#found(() => this.#ask('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`))) as
      | { data?: Record<string, string> }
      | undefined;
    return found && Object.fromEntries(Object.entries(found.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]));
  }

  /** What happened, for `kubectl get events`. Nobody waits for it. */
  tell(
    object: KubeObject | { metadata: { namespace?: string; name?: string; uid?: string } },
    reason: string,
    message: string,
    type = 'Normal',
  ) {
    const { namespace = 'default', name = '', uid = '' } = object.metadata;
    const now = new Date().toISOString();
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${Date.now().toString(16)}${Math.floor(Math.random() * 0xffff).toString(16)}`, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
      reason,
      message: message.slice(0, 1024),
      type,
      source: { component: 'kubelet' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    this.#ask('POST', `/api/v1/namespaces/${namespace}/events`, event).catch(() => {});
  }

  async #found<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof KubeError && (error.status === 404 || error.status === 405)) return undefined;
      throw error;
    }
  }

  #ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, contentType?: string): Promise<unknown> {
    return this.#transport.json({ method, path, body, contentType, signal: this.#signal, deadlineMs: 15_000 });
  }
}
