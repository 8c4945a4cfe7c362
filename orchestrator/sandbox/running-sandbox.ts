// A running sandbox: what its record, its supervisor and its clusters know, together.

import { AgentError } from '../errors.ts';
import { endSandbox } from './end.ts';
import { type ExecOptions, type ExecResult, execIn, spawnIn } from './exec.ts';
import { type Entry, nodeEntry } from './place.ts';
import type { Record } from './record.ts';
import { RunningCluster } from './running-cluster.ts';
import type { RunningNode } from './running-node.ts';
import type { Place, Sandbox, SandboxWorld } from './sandbox.ts';
import type { SupervisorClient } from './supervisor/client.ts';
import { world } from './topology/plan.ts';

export class RunningSandbox implements Sandbox {
  readonly name: string;
  readonly folder: string;
  readonly clusters: readonly RunningCluster[];
  readonly world: SandboxWorld;
  readonly #record: Record;
  readonly #namespaces: Readonly<{ [name: string]: number }>;

  constructor(record: Record, supervisor: SupervisorClient, namespaces: Readonly<{ [name: string]: number }>) {
    this.name = record.name;
    this.folder = record.folder;
    this.clusters = record.plan.clusters.map((cluster) => new RunningCluster(record, supervisor, cluster, namespaces));
    this.#record = record;
    this.#namespaces = namespaces;
    this.world = {
      ...world,
      exec: (argv, options) => execIn(this.#own('world'), argv, options),
      spawn: (argv, options) => spawnIn(this.#own('world'), argv, options),
    };
  }

  cluster(name: string): RunningCluster {
    const cluster = this.clusters.find((one) => one.name === name);
    if (cluster !== undefined) return cluster;
    const names = this.clusters.map((one) => one.name).join(', ');
    throw new AgentError('SANDBOX_UNKNOWN', `sandbox ${this.name}: no cluster "${name}": there are ${names}`);
  }

  node(path: string): RunningNode {
    const [first, second] = path.split('/');
    if (second !== undefined) return this.cluster(first).node(second);
    return this.#onlyCluster(path).node(first);
  }

  async exec(place: Place, argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return execIn(await this.entry(place), argv, options);
  }

  /** Throws SANDBOX_UNKNOWN. */
  async entry(place: Place): Promise<Entry> {
    const words = place.split('/');
    if (place === 'world' || place === 'fabric') return this.#own(place);
    if (words.length === 3) return this.cluster(words[0]).podEntry(`${words[1]}/${words[2]}`);
    if (words.length > 3)
      throw new AgentError('SANDBOX_UNKNOWN', `sandbox ${this.name}: "${place}": write cluster/node or cluster/namespace/pod`);
    if (words.length === 2 && !this.clusters.some(({ name }) => name === words[0])) return this.#onlyCluster(place).podEntry(place);
    return this.node(place).entry;
  }

  async down(): Promise<void> {
    this.close();
    await endSandbox(this.name);
  }

  close(): void {
    for (const { kube } of this.clusters) kube.close();
  }

  #own(name: 'world' | 'fabric'): Entry {
    return nodeEntry(this.#record, name, this.#namespaces[name]);
  }

  #onlyCluster(path: string): RunningCluster {
    if (this.clusters.length === 1) return this.clusters[0];
    throw new AgentError(
      'SANDBOX_UNKNOWN',
      `sandbox ${this.name}: "${path}": which cluster? ${this.clusters.map((one) => one.name).join(', ')}`,
    );
  }
}
