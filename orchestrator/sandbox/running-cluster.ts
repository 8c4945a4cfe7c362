// A cluster of a running sandbox.

import { AgentError } from '../errors.ts';
import { type AppliedObject, applyObjects, deleteObjects, readObjects } from './control-plane/apply.ts';
import type { KubeClient } from './control-plane/client.ts';
import { clusterFiles } from './control-plane/cluster-files.ts';
import { openKubeClient } from './control-plane/kubeconfig.ts';
import { type ExecOptions, type ExecProcess, type ExecResult, execIn, spawnIn } from './exec.ts';
import { clusterFolder } from './folders.ts';
import { type Entry, podEntry } from './place.ts';
import { awaitPods, isReady } from './readiness.ts';
import type { Record } from './record.ts';
import { RunningNode } from './running-node.ts';
import type { SandboxCluster, SandboxPod } from './sandbox.ts';
import type { SupervisorClient } from './supervisor/client.ts';
import type { PartState } from './supervisor/part.ts';
import type { ClusterPlan } from './topology/plan.ts';

export class RunningCluster implements SandboxCluster {
  readonly name: string;
  readonly nodes: readonly RunningNode[];
  readonly kubeconfig: string;
  readonly kube: KubeClient;
  readonly etcd: SandboxCluster['etcd'];
  readonly #record: Record;
  readonly #supervisor: SupervisorClient;

  constructor(record: Record, supervisor: SupervisorClient, plan: ClusterPlan, namespaces: Readonly<{ [name: string]: number }>) {
    const files = clusterFiles(clusterFolder(record.folder, plan.name), plan);
    this.name = plan.name;
    this.kubeconfig = files.kubeconfig;
    this.kube = openKubeClient(files.kubeconfig);
    const { endpoint, certificate, key } = files.etcd;
    this.etcd = { endpoints: [endpoint], ca: files.ca, certificate, key };
    this.nodes = plan.nodes.map((node) => new RunningNode(record, supervisor, node, namespaces[`${plan.name}/${node.name}`]));
    this.#record = record;
    this.#supervisor = supervisor;
  }

  node(name: string): RunningNode {
    const node = this.nodes.find((one) => one.name === name);
    if (node !== undefined) return node;
    throw new AgentError(
      'SANDBOX_UNKNOWN',
      `sandbox: ${this.name}: no node "${name}": there are ${this.nodes.map((one) => one.name).join(', ')}`,
    );
  }

  async apply(manifests: string | readonly object[]): Promise<AppliedObject[]> {
    return applyObjects(this.kube, readObjects(manifests));
  }

  async delete(manifests: string | readonly object[], { wait = false } = {}): Promise<void> {
    const objects = readObjects(manifests);
    await deleteObjects(this.kube, objects);
    if (!wait) return;
    for (const object of objects) {
      const path = await this.kube.pathOf(object);
      for (const end = Date.now() + 60_000; (await this.kube.find(path)) !== undefined; ) {
        if (Date.now() > end) throw new AgentError('SANDBOX_FAILED', `sandbox: ${this.name}: ${path} is still there after 60 s`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async pods(): Promise<SandboxPod[]> {
    return (await this.kube.list('/api/v1/pods')).map((pod) => ({
      namespace: pod.metadata.namespace!,
      name: pod.metadata.name,
      node: pod.spec.nodeName ?? '',
      phase: pod.status?.phase ?? 'Pending',
      ready: isReady(pod),
      addresses: (pod.status?.podIPs ?? []).map(({ ip }: { ip: string }) => ip),
    }));
  }

  ready(names?: readonly string[], timeoutMs = 60_000): Promise<void> {
    return awaitPods(this.kube, { names: names?.map(wholeName), timeoutMs });
  }

  async exec(pod: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return execIn(this.podEntry(pod), argv, options);
  }

  spawn(pod: string, argv: readonly string[], options?: ExecOptions): ExecProcess {
    return spawnIn(this.podEntry(pod), argv, options);
  }

  /** Throws SANDBOX_UNKNOWN when it does not run. */
  podEntry(pod: string): Entry {
    const [namespace, name] = wholeName(pod).split('/');
    return podEntry(
      this.#record,
      this.nodes.map((node) => `${this.name}/${node.name}`),
      namespace,
      name,
    );
  }

  async stopApi(signal?: NodeJS.Signals): Promise<void> {
    await this.#supervisor.part({ part: `${this.name}/api`, action: 'stop', signal });
  }

  /** Resolves when it answers out of etcd, if that is there. */
  async startApi(): Promise<void> {
    const { parts } = await this.#supervisor.part({ part: `${this.name}/api`, action: 'start' });
    if (isRunning(parts, `${this.name}/etcd`)) await this.#answers();
  }

  async stopEtcd(signal?: NodeJS.Signals): Promise<void> {
    await this.#supervisor.part({ part: `${this.name}/etcd`, action: 'stop', signal });
  }

  /** Resolves when the API answers out of it, if that is there. */
  async startEtcd(): Promise<void> {
    const { parts } = await this.#supervisor.part({ part: `${this.name}/etcd`, action: 'start' });
    if (isRunning(parts, `${this.name}/api`)) await this.#answers();
  }

  async #answers(): Promise<void> {
    for (const end = Date.now() + 30_000; ; ) {
      try {
        await this.kube.get('/api/v1/namespaces/default');
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

function isRunning(parts: readonly PartState[], name: string): boolean {
  return parts.some((part) => part.name === name && part.state === 'running');
}

function wholeName(pod: string): string {
  return pod.includes('/') ? pod : `default/${pod}`;
}
