// One number of services in a process of its own: the product's node and the yardsticks beside it, between the same client and server.
// Arguments: how many services, a cgroup, the traffic program, then which yardsticks. Says `ready`; for every line that it reads, `SLICE_MS
// SLICES`, it prints connections per second of each as JSON. Ends with its input, and takes everything with it.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { removeCgroupTree } from '../../../../orchestrator/sandbox/cgroup-tree.ts';
import { cpus } from '../../cpus.ts';
import { openNode } from './node.ts';
import { bareServer, makePods, removalMs, serve } from './place.ts';
import { openYardstick, type Rules } from './yardstick.ts';

export type Path = 'services' | 'veth' | 'iptables_middle' | Rules;

const [count = '', cgroup = '', traffic = '', ...wanted] = process.argv.slice(2);
const [balanced, plain] = [`${cgroup}/balanced`, `${cgroup}/plain`];
// Whoever started it ends it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
process.stdout.on('error', () => {});
const input = createInterface(process.stdin);
const lines = input[Symbol.asyncIterator]();
const stop = new AbortController();
input.once('close', () => stop.abort());
let status = 0;
const closing = new DisposableStack();
try {
  for (const folder of [balanced, plain]) mkdirSync(folder, { recursive: true });
  const measure = await open(Number(count));
  console.log('ready');
  for (let line = await lines.next(); !line.done; line = await lines.next()) console.log(JSON.stringify(measure(line.value.split(' '))));
} catch (error) {
  if (!stop.signal.aborted) console.error((error as Error).message);
  status = 1;
} finally {
  closing.dispose();
  await removeCgroupTree(cgroup, removalMs);
}
process.exit(status);

/** What measures. Each connection has the cgroup of its path, so that sockets of the yardsticks are left alone. */
async function open(services: number): Promise<(words: readonly string[]) => Partial<Record<Path, number>>> {
  const pods = closing.use(await makePods());
  const node = await openNode(services, pods, balanced);
  closing.defer(() => void node.close());
  const targets: [Path, string][] = [
    ['services', `${node.address}@${balanced}`],
    ['veth', `${bareServer}@${plain}`],
  ];
  for (const rules of ['nftables', 'iptables'] as const) {
    const isMiddleWanted = rules === 'iptables' && wanted.includes('iptables_middle');
    if (!wanted.includes(rules) && !isMiddleWanted) continue;
    const { address, middle } = closing.use(await openYardstick(rules, services, pods, stop.signal));
    targets.push([rules, `${address}@${plain}`]);
    if (isMiddleWanted) targets.push(['iptables_middle', `${middle}@${plain}`]);
  }
  const [, cpu] = cpus();
  const server = await serve(traffic, pods, cpu);
  closing.defer(() => server.kill('SIGKILL'));
  const measure = (words: readonly string[]) => {
    const all = [`--net=${pods.client.path}`, traffic, 'crr', `${cpu}`, ...words, ...targets.map(([, target]) => target)];
    const { status, stdout, stderr, error } = spawnSync('nsenter', all, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`bench: traffic: ${error?.message ?? stderr.trim()}`);
    const rates = stdout.trim().split(' ').map(Number);
    return Object.fromEntries(targets.map(([path], at) => [path, rates[at]]));
  };
  measure(['50', '1']);
  await node.check();
  return measure;
}
