// What tests of outages share: two nodes with pods under policy, load between them, and what nodes hold in maps.

import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ApiClient, openClient } from '../../orchestrator/api/client.ts';
import type { ExecProcess } from '../../orchestrator/sandbox/exec.ts';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import type { Row } from './stage.ts';

export const topology = (more: object = {}) => ({
  clusters: [
    {
      name: 'east',
      id: 1,
      podCIDRs: ['10.11.0.0/16', 'fd00:11::/48'],
      serviceCIDRs: ['10.21.0.0/16', 'fd00:21::/112'],
      nodes: [{ name: 'a' }, { name: 'b' }],
      ...more,
    },
  ],
});

export const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface PodWords {
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
}

export const pod = (name: string, nodeName: string, { command, labels, annotations, hostNetwork }: PodWords = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app: name, ...labels }, ...(annotations && { annotations }) },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 0,
    ...(hostNetwork && { hostNetwork }),
    containers: [{ name: 'main', image: 'none', command: command ?? ['sleep', 'infinity'] }],
  },
});

/** Echoes on 8080. */
export const server = (name: string, nodeName: string, words: PodWords = {}) => {
  const made = pod(name, nodeName, { command: ['node', path('echo.mjs'), '8080', '8081'], ...words });
  const [main] = made.spec.containers;
  return { ...made, spec: { ...made.spec, containers: [{ ...main, readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }] } };
};

export const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

export const service = (name: string, selector: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: { selector, ipFamilyPolicy: 'PreferDualStack', ports: [{ name: 'echo', port: 80, targetPort: 8080 }] },
});

/** Who may speak to pods with the label. */
export const letIn = (name: string, to: object, from: readonly object[], metadata: object = {}) => ({
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumNetworkPolicy',
  metadata: { name, namespace: 'shop', ...metadata },
  spec: {
    endpointSelector: { matchLabels: to },
    ingress: [{ fromEndpoints: from.map((matchLabels) => ({ matchLabels })) }],
  },
});

/** Asks less often with time: what takes long on a busy machine would take longer if it were asked for all the time. */
export async function until(what: string, holds: () => unknown, ms = 60_000): Promise<void> {
  let last: unknown;
  for (let [end, pauseMs] = [Date.now() + ms, 20]; ; pauseMs = Math.min(pauseMs * 1.3, 400)) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`, { cause: last });
    await sleep(pauseMs);
  }
}

export interface Tally {
  readonly asked: number;
  readonly answered: number;
  /** Connections. */
  readonly made: number;
  /** Of those that are kept, how many are there now. */
  readonly kept: number;
  readonly refused: number;
  readonly resets: number;
  readonly lost: number;
  readonly slowestMs: number;
}

/** Nothing that was asked went unanswered. */
export const unharmed = { refused: 0, resets: 0, lost: 0, errors: {} } as const;

/** Connections out of a pod, until `end`. */
export class Load {
  readonly #child: ExecProcess;
  #heard = Promise.withResolvers<Tally>();

  constructor(
    cluster: RunningCluster,
    from: string,
    options: { targets: [string, number][]; kept: number; fresh: number; pauseMs?: number },
  ) {
    this.#child = cluster.spawn(from, [process.execPath, path('load.mjs'), JSON.stringify(options)], { timeoutMs: 0 });
    createInterface(this.#child.stdout).on('line', (line) => this.#heard.resolve(JSON.parse(line)));
    this.#child.stderr.resume();
    void this.#child.ended.then((status) => this.#heard.reject(new Error(`the load of ${from} ended with ${status}`)));
    this.#heard.promise.catch(() => {});
  }

  tell(): Promise<Tally> {
    this.#heard = Promise.withResolvers();
    this.#child.stdin.write('tell\n');
    return this.#heard.promise;
  }

  /** Until so many more answers have come. */
  async flows(more = 200): Promise<void> {
    const { answered } = await this.tell();
    await until('traffic goes on', async () => (await this.tell()).answered >= answered + more);
  }

  end(): Promise<Tally> {
    this.#heard = Promise.withResolvers();
    this.#child.stdin.end();
    return this.#heard.promise;
  }
}

export const agentOf = (cluster: RunningCluster, node: string): ApiClient => openClient({ socket: cluster.node(node).socket });

export async function tableOf(cluster: RunningCluster, node: string, table: string): Promise<readonly Row[]> {
  return ((await agentOf(cluster, node).get(`/v1/tables/${table}`)) as { items: Row[] }).items;
}

/**
 * Entries of the maps that say what passes and where to, as lines. Sets of entries and rules have other numbers in every life of an agent:
 * a set is called by the addresses that it is for.
 */
export async function mapsOf(cluster: RunningCluster, node: string): Promise<readonly string[]> {
  const entries = async (map: string) =>
    ((await agentOf(cluster, node).get(`/v1/maps/${map}`)) as { items: { key: Row; value: Row }[] }).items;
  const lines: string[] = [];
  const sets = new Map<number, string[]>();
  for (const { key, value } of await entries('endpoints')) {
    const { policySet, ...rest } = value;
    sets.set(policySet, [...(sets.get(policySet) ?? []), key.address].sort());
    lines.push(`endpoints ${JSON.stringify(key)} ${JSON.stringify(rest)}`);
  }
  for (const { key, value } of await entries('policy')) {
    const { rule: _, ...verdict } = value;
    lines.push(`policy ${JSON.stringify({ ...key, set: sets.get(key.set) })} ${JSON.stringify(verdict)}`);
  }
  for (const map of ['ipcache', 'nodes', 'frontends', 'backends']) {
    for (const { key, value } of await entries(map)) lines.push(`${map} ${JSON.stringify(key)} ${JSON.stringify(value)}`);
  }
  return lines.sort();
}

/** A TCP echo is answered: one attempt. */
export async function reaches(cluster: RunningCluster, from: string, address: string, port = 8080, seconds = 5): Promise<boolean> {
  const script = `exec 3<>/dev/tcp/${address}/${port}; echo hi >&3; head -1 <&3`;
  return (await cluster.exec(from, ['timeout', `${seconds}`, 'bash', '-c', script])).status === 0;
}

/** What it says. */
export async function etcdctl({ etcd }: RunningCluster, ...words: readonly string[]): Promise<string> {
  const { endpoints, ca, certificate, key } = etcd;
  const flags = [`--endpoints=${endpoints.join()}`, `--cacert=${ca}`, `--cert=${certificate}`, `--key=${key}`];
  return (await promisify(execFile)('etcdctl', [...flags, ...words])).stdout;
}
