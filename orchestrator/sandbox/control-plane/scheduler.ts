// The scheduler: a pod without a node gets the one with the fewest pods, of those that are Ready and that its nodeSelector takes.

import { KubeAnswer, type KubeClient, type KubeObject } from './client.ts';

export class Scheduler {
  readonly #kube: KubeClient;
  readonly #nodes = new Map<string, KubeObject>();
  /** Node of every pod that has one, by the pod's path. */
  readonly #placed = new Map<string, string>();
  readonly #waiting = new Map<string, KubeObject>();

  constructor(kube: KubeClient) {
    this.#kube = kube;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#follow('/api/v1/nodes', signal, (type, node) => {
        if (type === 'DELETED') this.#nodes.delete(node.metadata.name);
        else this.#nodes.set(node.metadata.name, node);
      }),
      this.#follow('/api/v1/pods', signal, (type, pod) => this.#see(type, pod)),
    ]);
  }

  async #follow(path: string, signal: AbortSignal, see: (type: string, object: KubeObject) => void): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const { type, object } of this.#kube.watch(path, { signal })) {
          if (type === 'ERROR') break;
          see(type, object);
          await this.#place();
        }
      } catch {
        // The server is away, or it was told something by others first: what is there now decides.
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  #see(type: string, pod: KubeObject): void {
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
    const over = type === 'DELETED' || ['Succeeded', 'Failed'].includes(pod.status?.phase);
    this.#placed.delete(path);
    this.#waiting.delete(path);
    if (over) return;
    if (pod.spec.nodeName) this.#placed.set(path, pod.spec.nodeName);
    else if (pod.metadata.deletionTimestamp === undefined) this.#waiting.set(path, pod);
  }

  async #place(): Promise<void> {
    for (const [path, pod] of [...this.#waiting]) {
      const node = this.#choose(pod);
      if (node === undefined) continue;
      this.#waiting.delete(path);
      this.#placed.set(path, node);
      const { name, namespace } = pod.metadata;
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      };
      await this.#kube.create(`${path}/binding`, binding).catch((error) => {
        // It is gone, or somebody else was first.
        if (!(error instanceof KubeAnswer)) throw error;
      });
    }
  }

  #choose(pod: KubeObject): string | undefined {
    const wanted = Object.entries(pod.spec.nodeSelector ?? {});
    const fits = ({ metadata, spec, status }: KubeObject) =>
      !spec?.unschedulable && isReady(status) && wanted.every(([key, value]) => metadata.labels?.[key] === value);
    const pods = new Map<string, number>();
    for (const node of this.#placed.values()) pods.set(node, (pods.get(node) ?? 0) + 1);
    const names = [...this.#nodes.values()].filter(fits).map(({ metadata }) => metadata.name);
    return names.sort((a, b) => (pods.get(a) ?? 0) - (pods.get(b) ?? 0) || a.localeCompare(b))[0];
  }
}

function isReady(status: { conditions?: readonly { readonly type: string; readonly status: string }[] } | undefined): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}
