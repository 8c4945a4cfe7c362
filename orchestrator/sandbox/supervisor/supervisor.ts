// The supervisor: the process that builds a sandbox up, keeps its parts running, and tells whoever asks. Read this first.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { type KubeClient, type KubeObject, unless } from '../control-plane/client.ts';
import { type ClusterFiles, writeClusterFiles } from '../control-plane/cluster-files.ts';
import { etcdWords } from '../control-plane/etcd-words.ts';
import { openKubeClient } from '../control-plane/kubeconfig.ts';
import { hasResolver, nodeObjects, otherObjects } from '../control-plane/objects.ts';
import { operatorWords } from '../control-plane/operator-words.ts';
import { type Fabric, openFabric } from '../fabric/fabric.ts';
import { clusterFolder } from '../folders.ts';
import { program } from '../program.ts';
import { type Record, recordFile, socketFile } from '../record.ts';
import type { ClusterPlan } from '../topology/plan.ts';
import { makeNodeFolders, type NodeParts, nodeMounts, nodeParts } from './node-parts.ts';
import { Part, type PartPlan, type PartState } from './part.ts';
import { serve } from './server.ts';

export interface Progress {
  readonly part: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What of a sandbox its supervisor knows. */
export interface SupervisorState {
  readonly phase: 'starting' | 'running' | 'failed';
  /** Of the building, or of a part that ends again and again. */
  readonly failure: string | undefined;
  readonly progress: readonly Progress[];
  readonly parts: readonly PartState[];
  /** Processes that hold namespaces: `fabric`, `world`, `cluster/node`. Numbers are those of the sandbox. */
  readonly namespaces: Readonly<{ [name: string]: number }>;
}

/** Resolves at SIGTERM, or when nobody is left at the other end of descriptor 3. Its caller ends the process, and with it everything. */
export async function supervise(folder: string): Promise<void> {
  const record: Record = JSON.parse(readFileSync(recordFile(folder), 'utf8'));
  const supervisor = new Supervisor(record);
  const terminated = new Promise<void>((resolve) => process.once('SIGTERM', resolve));
  const left = openerLeft();
  await serve(socketFile(folder), supervisor);
  void supervisor.build();
  await Promise.race([terminated, left]);
}

/** Of a sandbox that is tied the other end is its opener's, and the kernel closes it even when that one is killed. */
function openerLeft(): Promise<void> {
  return new Promise((resolve) => {
    try {
      const opener = new Socket({ fd: 3, readable: true, writable: false });
      opener.on('close', resolve).on('error', () => {});
      opener.resume();
    } catch {
      // It is not tied.
    }
  });
}

export class Supervisor {
  readonly #record: Record;
  readonly #parts = new Map<string, Part>();
  readonly #progress: Progress[] = [];
  readonly #listeners = new Set<() => void>();
  #phase: SupervisorState['phase'] = 'starting';
  #failure: string | undefined;
  #namespaces: { [name: string]: number } = {};

  constructor(record: Record) {
    this.#record = record;
  }

  get state(): SupervisorState {
    const parts = [...this.#parts.values()].map((part) => part.state);
    return { phase: this.#phase, failure: this.#failure ?? stuck(parts), progress: this.#progress, parts, namespaces: this.#namespaces };
  }

  /** Calls when something may have changed; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async build(): Promise<void> {
    try {
      await this.#build();
      this.#phase = 'running';
    } catch (error) {
      this.#phase = 'failed';
      this.#failure = (error as Error).message;
    }
    this.#changed();
  }

  /** Throws SANDBOX_UNKNOWN. */
  part(name: string): Part {
    const part = this.#parts.get(name);
    if (part === undefined)
      throw new AgentError('SANDBOX_UNKNOWN', `sandbox: no part "${name}": there are ${[...this.#parts.keys()].join(', ')}`);
    return part;
  }

  async #build(): Promise<void> {
    const { plan, folder } = this.#record;
    for (const node of plan.clusters.flatMap(({ nodes }) => nodes)) makeNodeFolders(folder, `${node.cluster}/${node.name}`);
    const fabric = await openFabric({ plan, mounts: (node) => nodeMounts(folder, node) });
    const { router, world, nodes } = fabric;
    this.#namespaces = Object.fromEntries([router, world, ...nodes.values()].map(({ name, pid }) => [name, pid]));
    this.#tell('fabric', `${counted(nodes.size)} and the world on ${plan.underlay.prefixes.join(', ')}`);
    if (fabric.isRelayed) this.#tell('fabric', 'what is not in here goes to the world outside');
    await Promise.all(plan.clusters.map((cluster) => this.#buildCluster(cluster, fabric)));
    this.#start({ ...this.#own('world'), enter: world.enter, argv: [...program(), 'sandbox-world'] });
  }

  async #buildCluster(cluster: ClusterPlan, fabric: Fabric): Promise<void> {
    const files = writeClusterFiles(clusterFolder(this.#record.folder, cluster.name), cluster);
    const { enter } = fabric.router;
    const data = `/run/etcd-${cluster.name}`;
    mkdirSync(data, { mode: 0o700 });
    this.#start({ ...this.#own(`${cluster.name}/etcd`, files), enter, argv: etcdWords(files, cluster.address, data) });
    this.#start({ ...this.#own(`${cluster.name}/api`, files), enter, argv: [...program(), 'sandbox-api-server', files.api] });
    const parts = this.#nodeParts(cluster, files, fabric);
    // Agents have programs for the kernel to check before they need anybody: they are not kept waiting.
    const begun = Promise.all(parts.map((part) => this.#beginNode(part)));
    const kube = openKubeClient(files.kubeconfig);
    await this.#served(cluster, kube);
    this.#tell(cluster.name, `etcd and API at ${kube.server}`);
    await Promise.all(nodeObjects(cluster).map((object) => createUnlessThere(kube, object)));
    await begun;
    for (const { kubelet } of parts) this.#start(kubelet);
    await Promise.all(otherObjects(cluster, files).map((object) => createUnlessThere(kube, object)));
    kube.close();
    // Last: nobody waits for it, and what it would make is there.
    this.#start({ ...this.#own(`${cluster.name}/operator`, files), enter, argv: [...program(), ...operatorWords(files, cluster.name)] });
    const names = hasResolver() ? '' : '; no names, because dnsmasq is not installed';
    this.#tell(cluster.name, `${counted(cluster.nodes.length)}, pods in ${cluster.podCIDRs.join(', ')}${names}`);
  }

  #nodeParts(cluster: ClusterPlan, files: ClusterFiles, fabric: Fabric) {
    const { folder, cgroup } = this.#record;
    return cluster.nodes.map((node) => {
      const namespace = fabric.nodes.get(`${cluster.name}/${node.name}`)!;
      return nodeParts({ folder, cgroup, cluster, files, node, namespace });
    });
  }

  /** An agent that found no datapath process would start one of its own. */
  async #beginNode({ agent, datapath, control }: NodeParts): Promise<void> {
    if (datapath !== undefined) this.#start(datapath);
    for (const end = Date.now() + 60_000; datapath !== undefined && !existsSync(control); ) {
      if (Date.now() > end) throw new AgentError('SANDBOX_FAILED', `sandbox: ${datapath.name}: does not answer; see ${datapath.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#start(agent);
  }

  async #served({ name }: ClusterPlan, kube: KubeClient): Promise<void> {
    for (const end = Date.now() + 120_000; ; ) {
      try {
        await kube.get('/api/v1');
        return;
      } catch (error) {
        const reason = stuck([this.part(`${name}/etcd`).state, this.part(`${name}/api`).state]);
        if (reason !== undefined) throw new AgentError('SANDBOX_FAILED', reason);
        if (Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  #own(name: string, files?: ClusterFiles): Omit<PartPlan, 'enter' | 'argv'> {
    const folder = files?.folder ?? this.#record.folder;
    return { name, log: join(folder, `${name.split('/').pop()}.log`), cgroup: undefined };
  }

  #start(plan: PartPlan): void {
    const part = new Part(plan);
    this.#parts.set(plan.name, part);
    part.start();
  }

  #tell(part: string, message: string): void {
    this.#progress.push({ part, message, at: Date.now() });
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** A part that ends again and again keeps the rest from working too. */
function stuck(parts: readonly PartState[]): string | undefined {
  const part = parts.find(({ failures }) => failures >= 3);
  return part && `sandbox: ${part.name}: ${part.ended}, ${part.failures} times:\n${lastLines(part.log)}`;
}

async function createUnlessThere(kube: KubeClient, object: KubeObject): Promise<void> {
  const path = await kube.pathOf(object, { withName: false });
  await kube.create(path, object).catch(unless(409));
  // What is told of itself is not taken with the rest.
  const { status, metadata } = object;
  if (status !== undefined) await kube.patch(`${path}/${metadata.name}/status`, { status });
}

const counted = (nodes: number): string => (nodes === 1 ? '1 node' : `${nodes} nodes`);

const shownLines = 10;

function lastLines(file: string): string {
  try {
    const lines = readFileSync(file, 'utf8').trim().split('\n').slice(-shownLines);
    return lines.map((line) => `    ${line}`).join('\n');
  } catch {
    return '    (no log)';
  }
}
