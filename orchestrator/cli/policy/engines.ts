// Engines: who answers. model reads the rules; wasm and kernel put packets through the datapath. Opening one takes longer than most of
// what is asked of it, so a cluster is used again and again.

import type { Enforcement } from '../../model/policy/evaluate/question.ts';
import { type Cluster, openCluster } from '../../testing/cluster.ts';

export const engineNames = ['model', 'wasm', 'kernel'] as const;
export type EngineName = (typeof engineNames)[number];

export interface ClusterWish {
  readonly enforcement: Enforcement;
  /** Manifests are as a cluster holds them: its API server has checked them. */
  readonly stored?: boolean;
  /** Selectors mean this cluster only: true unless given. */
  readonly localCluster?: boolean;
}

export class Engines implements AsyncDisposable {
  readonly names: readonly EngineName[];
  private readonly clusters = new Map<string, Cluster>();

  private constructor(names: readonly EngineName[]) {
    this.names = names;
  }

  /** Rejects with NOT_SUPPORTED when one of them cannot be had here: a run that leaves one out would say more than it knows. */
  static async open(names: readonly EngineName[]): Promise<Engines> {
    const engines = new Engines(names);
    try {
      for (const name of names) await engines.take(name, { enforcement: 'default' });
    } catch (error) {
      await engines[Symbol.asyncDispose]();
      throw error;
    }
    return engines;
  }

  /** An empty cluster, until the next one of its kind is taken. */
  async take(engine: EngineName, { enforcement, stored = false, localCluster = true }: ClusterWish): Promise<Cluster> {
    const key = `${engine} ${stored} ${localCluster}`;
    let cluster = this.clusters.get(key);
    if (cluster === undefined) {
      cluster = await openCluster({ engine, stored, localCluster });
      this.clusters.set(key, cluster);
    } else cluster.reset();
    cluster.enforcement = enforcement;
    return cluster;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cluster of this.clusters.values()) await cluster.close();
    this.clusters.clear();
  }
}

/** A run of cases or suites. */
export interface CaseRun {
  readonly engines: Engines;
  readonly enforcement: 'default' | 'always';
}
