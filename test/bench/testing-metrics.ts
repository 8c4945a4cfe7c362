// What is measured of the library for tests: questions a second, and how long a process takes from nothing to its first verdict.

import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Cluster, openCluster } from '../../orchestrator/testing/cluster.ts';
import type { EngineName } from '../../orchestrator/testing/open-engines.ts';
import { bundleCode } from '../../scripts/package-code.ts';
import { cpuTimePerOperation } from './cpu-time.ts';
import type { Comparison } from './rounds.ts';
import type { Effort } from './wasm-metrics.ts';

const questions = 1 << 19;
const podCount = 110;
const root = fileURLToPath(new URL('../..', import.meta.url));

export async function testingComparisons(wanted: (metric: string) => boolean, effort: Effort): Promise<Comparison[]> {
  const found: Comparison[] = [];
  if (wanted('testing.flows_per_second')) found.push(await flowsPerSecond(effort));
  if (wanted('testing.start')) found.push(await start());
  return found;
}

async function flowsPerSecond({ scale }: Effort): Promise<Comparison> {
  const count = Math.ceil(questions * scale);
  const [wasm, model] = [await openWorld('wasm'), await openWorld('model')];
  return {
    metric: 'testing.flows_per_second',
    baseline: { name: 'the rules, read directly', measure: () => askAll(model, count) },
    measure: () => askAll(wasm, count),
  };
}

/** Each tier may talk to the next one on one port; every other port is denied, on either side. */
async function openWorld(engine: EngineName): Promise<Cluster> {
  const cluster = await openCluster({ engine, strict: true });
  for (let pod = 0; pod < podCount; pod++) cluster.pod(podName(pod), { labels: { app: `app-${pod}`, tier: `tier-${pod % 10}` } });
  for (let tier = 0; tier < 10; tier++) {
    const peers = (of: number) => [{ matchLabels: { tier: `tier-${of % 10}` } }];
    const toPorts = [{ ports: [{ port: '5432', protocol: 'TCP' }] }];
    cluster.apply({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: `tier-${tier}`, namespace: 'shop' },
      spec: {
        endpointSelector: { matchLabels: { tier: `tier-${tier}` } },
        ingress: [{ fromEndpoints: peers(tier + 9), toPorts }],
        egress: [{ toEndpoints: peers(tier + 1), toPorts }],
      },
    });
  }
  return cluster;
}

const podName = (pod: number): string => `shop/app-${pod % podCount}`;
const names = Array.from({ length: podCount }, (_, pod) => podName(pod));

/**
 * Questions in a second of this thread's time. From every pod to one of the next tier, in turn; every other one asks for a port that is
 * denied.
 */
function askAll(cluster: Cluster, count: number): number {
  let allowed = 0;
  const nanoseconds = cpuTimePerOperation(count, () => {
    for (let turn = 0; turn < count; turn++) {
      const [from, to] = [names[turn % podCount] as string, names[(turn + 1 + 10 * (turn % 11)) % podCount] as string];
      if (cluster.flow({ from, to, port: turn & 1 ? 5432 : 5433 }).verdict === 'allow') allowed += 1;
    }
  });
  if (allowed !== count >> 1) throw new Error(`bench: testing.flows_per_second: ${allowed} of ${count} were allowed, not half of them`);
  return 1e9 / nanoseconds;
}

async function start(): Promise<Comparison> {
  const folder = `${root}build/bench/package`;
  process.chdir(root);
  await bundleCode(folder);
  copyFileSync(`${root}build/datapath.wasm`, `${folder}/datapath.wasm`);
  return {
    metric: 'testing.start',
    baseline: { name: 'node -e 0', measure: () => timeOf(['-e', '0']) },
    measure: () => timeOf(['--input-type=module', '-e', firstVerdict, `${folder}/testing.js`]),
  };
}

const manifest = `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: db } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: checkout } }]
      toPorts: [{ ports: [{ port: "5432", protocol: TCP }] }]
`;

/** What a test file does before its first assertion: import the packaged library, say a little, ask. */
const firstVerdict = `
const { openCluster } = await import(process.argv[1]);
const cluster = await openCluster();
cluster.apply(${JSON.stringify(manifest)});
cluster.pod('shop/checkout', { labels: { app: 'checkout' } });
cluster.pod('shop/db', { labels: { app: 'db' } });
const { verdict } = cluster.flow({ from: 'shop/checkout', to: 'shop/db', port: 5432 });
if (verdict !== 'allow') throw new Error('the first verdict is ' + verdict);
`;

/** Milliseconds of a whole process. */
function timeOf(args: readonly string[]): number {
  const from = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const milliseconds = performance.now() - from;
  if (status !== 0) throw new Error(`bench: ${args.join(' ')}: ${stderr}`);
  return milliseconds;
}
