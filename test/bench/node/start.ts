// How long a cluster takes to come up on this machine: processes, namespaces, API, agents, pods.

import { endSandbox } from '../../../orchestrator/sandbox/end.ts';
import { openSandbox } from '../../../orchestrator/sandbox/open.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { namespace, pod, topology } from './world.ts';

export const startMetrics = ['sandbox.up'];
const nodes = ['a', 'b'];
const pods = 10;

export function startComparisons({ scale }: Effort): Comparison[] {
  const count = Math.max(nodes.length, Math.round(pods * scale));
  return [{ metric: 'sandbox.up', measure: () => secondsUp(count) }];
}

async function secondsUp(count: number): Promise<number> {
  const name = `bench-up-${process.pid}`;
  const begun = performance.now();
  try {
    const sandbox = await openSandbox(topology(name, nodes), { name, tied: true, timeoutMs: 180_000 });
    const [cluster] = sandbox.clusters;
    if (cluster === undefined) throw new Error('bench: the sandbox has no cluster');
    const names = Array.from({ length: count }, (_, at) => `pod-${at}`);
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ...names.map((one, at) => pod(one, nodes[at % nodes.length] as string, ['sleep', 'infinity'])),
    ]);
    await cluster.ready(names.map((one) => `${namespace}/${one}`));
    sandbox.close();
    return (performance.now() - begun) / 1000;
  } finally {
    await endSandbox(name);
  }
}
