// Pods that come to a node: the plugin as a runtime starts it, until policy is in force, and what the agent holds of a full node. Their
// namespaces have no processes.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openClient } from '../../../orchestrator/api/client.ts';
import type { ExecResult } from '../../../orchestrator/sandbox/exec.ts';
import type { RunningNode } from '../../../orchestrator/sandbox/running-node.ts';
import { type Comparison, quantile } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { namespace, pod, type World } from './world.ts';

export const attachmentMetrics = ['node.cni_add', 'node.endpoint_ready', 'node.agent_rss'];
const fullNode = 110;
const perRound = 15;
/** What an agent reads at start is returned to the system some time after. */
const settleMs = 5_000;

export async function attachmentComparisons(world: World, wanted: (metric: string) => boolean, { scale }: Effort): Promise<Comparison[]> {
  const runtime = await openRuntime(world);
  const count = Math.max(3, Math.round(perRound * scale));
  const comparisons: Comparison[] = [];
  if (wanted('node.cni_add')) comparisons.push(cniAdd(runtime, count));
  if (wanted('node.endpoint_ready')) comparisons.push({ metric: 'node.endpoint_ready', measure: () => endpointReady(runtime, count) });
  if (wanted('node.agent_rss')) comparisons.push(agentMemory(runtime, Math.max(5, Math.round(fullNode * scale))));
  return comparisons;
}

/** Pods of an application that the node knows already. The plugin and an empty process take turns. */
function cniAdd(runtime: Runtime, count: number): Comparison {
  let ofPlugin = Number.NaN;
  return {
    metric: 'node.cni_add',
    isNet: true,
    baseline: {
      name: 'node -e 0',
      async measure() {
        const samples = { empty: [] as number[], plugin: [] as number[] };
        const names = await runtime.make('known', count, () => ({ app: 'known' }));
        for (const name of names) {
          samples.empty.push(await runtime.emptyProcess());
          samples.plugin.push(await runtime.attach(name));
        }
        await runtime.unmake(names);
        ofPlugin = quantile(samples.plugin, 0.5);
        return quantile(samples.empty, 0.5);
      },
    },
    measure: () => ofPlugin,
  };
}

/** From the start of the plugin; nobody has had their labels before, so that each needs an identity of its own. */
async function endpointReady(runtime: Runtime, count: number): Promise<number> {
  const names = await runtime.make('new', count, (name) => ({ app: name }));
  const samples: number[] = [];
  for (const name of names) {
    const begun = performance.now();
    await runtime.attach(name);
    await runtime.ready(name);
    samples.push(performance.now() - begun);
  }
  await runtime.unmake(names);
  return quantile(samples, 0.5);
}

function agentMemory(runtime: Runtime, count: number): Comparison {
  let isFull = false;
  return {
    metric: 'node.agent_rss',
    async measure() {
      if (!isFull) for (const name of await runtime.make('full', count, (_, at) => ({ app: `app-${at % 20}` }))) await runtime.attach(name);
      if (!isFull) await new Promise((resolve) => setTimeout(resolve, settleMs));
      isFull = true;
      return residentMegabytes(runtime.node.stateDir);
    },
  };
}

interface Runtime {
  readonly node: RunningNode;
  /** Pods in the API, and namespaces for them. */
  make(word: string, count: number, labels: (name: string, at: number) => Record<string, string>): Promise<string[]>;
  unmake(names: readonly string[]): Promise<void>;
  /** Milliseconds of an ADD. */
  attach(name: string): Promise<number>;
  emptyProcess(): Promise<number>;
  ready(name: string): Promise<void>;
}

async function openRuntime({ cluster, folders }: World): Promise<Runtime> {
  const node = cluster.node('b');
  const { cniConfig, cniPlugins } = folders('bench/b');
  const [file = ''] = readdirSync(cniConfig);
  const { name: network, cniVersion, plugins } = JSON.parse(readFileSync(join(cniConfig, file), 'utf8'));
  const input = JSON.stringify({ ...plugins[0], name: network, cniVersion });
  const agent = openClient({ socket: node.socket });
  let made = 0;
  const timed = async (words: readonly string[], options: object = {}): Promise<number> => {
    const begun = performance.now();
    checked(words, await node.exec(words, options));
    return performance.now() - begun;
  };
  const call = (command: 'ADD' | 'DEL', name: string) =>
    timed([join(cniPlugins, plugins[0].type)], {
      input,
      env: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: name,
        CNI_NETNS: `/run/netns/${name}`,
        CNI_IFNAME: 'eth0',
        CNI_PATH: cniPlugins,
        CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name}`,
      },
    });
  const path = (name: string) => `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`;
  return {
    node,
    async make(word, count, labels) {
      const names = Array.from({ length: count }, (_, at) => `${word}-${made + at}`);
      made += count;
      await cluster.apply(names.map((name, at) => pod(name, 'b', ['true'], labels(name, at))));
      const script = 'for name in "$@"; do ip netns add "$name" || exit 1; done';
      checked(['ip netns add'], await node.exec(['sh', '-c', script, 'sh', ...names]));
      return names;
    },
    async unmake(names) {
      for (const name of names) {
        await call('DEL', name);
        await cluster.kube.json('DELETE', path(name));
      }
      checked(['ip netns del'], await node.exec(['sh', '-c', 'for name in "$@"; do ip netns del "$name"; done', 'sh', ...names]));
    },
    attach: (name) => call('ADD', name),
    emptyProcess: () => timed([process.execPath, '-e', '0']),
    async ready(name) {
      for (const end = Date.now() + 10_000; Date.now() < end; ) {
        const { items } = (await agent.get('/v1/tables/endpoints')) as { items: { pod: string; state: string; ingress: string }[] };
        const found = items.find((row) => row.pod === `${namespace}/${name}` || row.pod === name);
        if (found?.state === 'ready') return;
      }
      throw new Error(`bench: pod ${name} was not under policy after 10 s`);
    },
  };
}

function checked(words: readonly string[], { status, stdout, stderr }: ExecResult): void {
  if (status !== 0) throw new Error(`bench: ${words.join(' ')}: ${stderr.trim() || stdout.trim() || `ended with ${status}`}`);
}

/** Of the agent that was started with this folder. */
function residentMegabytes(stateDir: string): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const words = readOf(pid, 'cmdline').split('\0');
    if (!words.includes('agent') || words[words.indexOf('--state-dir') + 1] !== stateDir) continue;
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readOf(pid, 'status')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) / 1024;
  }
  throw new Error(`bench: no agent of ${stateDir} runs`);
}

function readOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
