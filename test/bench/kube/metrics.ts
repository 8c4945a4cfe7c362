// What is measured of the Kubernetes source: a first sync of many pods, each time in a process of its own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { startPods } from './server.ts';

const pods = 50_000;
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

export interface KubeComparisons {
  readonly comparisons: Comparison[];
  close(): Promise<void>;
}

export async function kubeComparisons(wanted: (name: string) => boolean, { scale }: Effort): Promise<KubeComparisons> {
  const count = Math.ceil(pods * scale);
  const server = await startPods(count);
  const run = async (what: 'sync' | 'parse', value: 'seconds' | 'megabytes'): Promise<number> => {
    const { stdout } = await promisify(execFile)(process.execPath, [worker, what, server.url, String(count)]);
    return JSON.parse(stdout)[value];
  };
  const comparison = (metric: string, value: 'seconds' | 'megabytes'): Comparison => ({
    metric,
    baseline: { name: 'JSON.parse of the same pages, nothing kept', measure: () => run('parse', value) },
    measure: () => run('sync', value),
  });
  const all = [comparison('kube.sync_50k', 'seconds'), comparison('kube.sync_rss', 'megabytes')];
  return { comparisons: all.filter(({ metric }) => wanted(metric)), close: () => server.close() };
}
