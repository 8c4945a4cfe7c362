// One node's services in a process of its own: tables that are filled, the product's loop, and the maps of the kernel, or of WebAssembly
// where the kernel refuses. Argument: how many services. Prints what it took as JSON.

import { EventEmitter, once } from 'node:events';
import type { Datapath, DatapathMap } from '../../../orchestrator/datapath/datapath.ts';
import { frontendsSpec, maglevSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import type { MapSpec } from '../../../orchestrator/datapath/layout.ts';
import { Epochs } from '../../../orchestrator/datapath/reconcile/epochs.ts';
import { openWasmDatapath } from '../../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { Services } from '../../../orchestrator/enforcement/services.ts';
import { keepHeapSmall } from '../../../orchestrator/heap.ts';
import { openLog } from '../../../orchestrator/log.ts';
import type { EndpointSliceRow } from '../../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import type { NodeRow } from '../../../orchestrator/sources/kubernetes/rows/nodes.ts';
import type { PodRow } from '../../../orchestrator/sources/kubernetes/rows/pods.ts';
import type { ServiceRow } from '../../../orchestrator/sources/kubernetes/rows/services.ts';
import { realClock as clock, sleep } from '../../../orchestrator/state/clock.ts';
import { openTable } from '../../../orchestrator/state/table.ts';
import { kernelSkip, openTestKernel } from '../../support/kernel.ts';
import { threadMs } from '../cpu-time.ts';
import { quantile } from '../rounds.ts';
import { sequence } from '../sequence.ts';
import { backendsPerService, readService, readSlice, serviceAddress } from './world.ts';

const count = Number(process.argv[2]);
const changes = Number(process.argv[3]);
const rss = () => process.memoryUsage.rss() / 1e6;
keepHeapSmall();

/** Tells of every frontend that was written. */
const written = new EventEmitter();

function watched(datapath: Datapath): Pick<Datapath, 'map' | 'now'> {
  const frontends = datapath.map(frontendsSpec);
  const told: typeof frontends = Object.create(frontends, {
    update: {
      value: async (entries: Parameters<typeof frontends.update>[0]) => {
        const all = [...entries];
        await frontends.update(all);
        for (const [{ hi, lo, port }] of all) written.emit('frontend', `${hi} ${lo} ${port}`);
      },
    },
  });
  return {
    map: <K, V>(spec: MapSpec<K, V>) => (spec.name === 'frontends' ? (told as never as DatapathMap<K, V>) : datapath.map(spec)),
    now: () => datapath.now(),
  };
}

/** A sixteenth is kept for small tables, and what is changed has two of them for a moment. */
const slots = Math.min(count * 1200, 2 ** 25 - 1);
const sizes = {
  frontends: Math.max(1024, count * 4),
  backends: Math.max(1024, count * 20),
  maglev: Math.max(4096, slots),
  conntrack: 65536,
};
const reason = await kernelSkip();
const datapath = reason === false ? await openTestKernel({ sizes }) : await openWasmDatapath({ sizes });
const open = <Row extends { readonly key: string }>(name: string) =>
  openTable<Row>({ name, key: ({ key }) => key, columns: {}, sources: ['kubernetes'] });
const tables = {
  services: open<ServiceRow>('services'),
  slices: open<EndpointSliceRow>('slices'),
  pods: open<PodRow>('pods'),
  self: open<NodeRow>('self'),
};
const idle = rss();
for (let at = 0; at < count; at += 1) {
  tables.services.writer.put(readService(at));
  tables.slices.writer.put(readSlice(at));
  if (at % 100 === 99) await sleep(clock, 0);
}
const rowsOnly = rss();

const services = await Services.open({
  datapath: watched(datapath),
  epochs: await Epochs.open(datapath),
  tables: { services: tables.services.table, slices: tables.slices.table, pods: tables.pods.table, self: tables.self.table },
  nodeName: 'node-1',
  clock,
  log: openLog({ write: (line) => process.stderr.write(line), now: () => new Date() }).room('services'),
});
const stop = new AbortController();
const running = services.run({ signal: stop.signal });
let blocked = 0;
let last = performance.now();
const pulse = setInterval(() => {
  blocked = Math.max(blocked, performance.now() - last - 5);
  last = performance.now();
}, 5);
const [from, workFrom] = [performance.now(), threadMs()];
for (const { writer } of Object.values(tables)) writer.delivered('kubernetes');
services.setAddresses(['192.0.2.1']);
while (!services.isInForce) await sleep(clock, 2);
const [initialMs, initialWork] = [performance.now() - from, threadMs() - workFrom];
const longestBlock = blocked;
clearInterval(pulse);
const problems = services.problems();
if (problems.length > 0) throw new Error(`bench: services: ${problems[0]}`);
const frontends = await datapath.map(frontendsSpec).count();
if (frontends !== count * 2) throw new Error(`bench: services: ${frontends} frontends, not ${count * 2}`);

const { addressWords, swapPort } = await import('../../../orchestrator/net/words.ts');
const random = sequence(7);
const versions = new Map<number, number[]>();
const latencies: number[] = [];
for (let change = 0; change < changes; change += 1) {
  const at = random() % count;
  const of = versions.get(at) ?? new Array<number>(backendsPerService).fill(0);
  of[random() % backendsPerService] += 1;
  versions.set(at, of);
  const row = readSlice(at, of);
  const { hi, lo } = addressWords(serviceAddress(at));
  const wanted = `${hi} ${lo} ${swapPort(80)}`;
  const started = threadMs();
  tables.slices.writer.put(row);
  for (;;) {
    const [key] = await once(written, 'frontend');
    if (key === wanted) break;
  }
  latencies.push(threadMs() - started);
  // As in a cluster that is busy, not in one that does nothing else.
  await sleep(clock, 5);
}
const inUse = rss();
const entries = Array.from({ length: 1022 }, (_, index) => [index, { backend: 1 }] as const);
const spare = datapath.map(maglevSpec);
const plain: number[] = [];
const allFrom = threadMs();
for (let at = 0; at < count; at += 1) await spare.update(entries);
const allPlain = threadMs() - allFrom;
for (let turn = 0; turn < 100; turn += 1) {
  const started = threadMs();
  await spare.update(entries);
  plain.push(threadMs() - started);
}
stop.abort();
await running;
await datapath.close();
console.log(
  JSON.stringify({
    mode: datapath.mode,
    initialMs,
    initialWork,
    allPlain,
    longestBlock,
    sliceMs: quantile(latencies, 0.99),
    sliceMedianMs: quantile(latencies, 0.5),
    plainMs: quantile(plain, 0.99),
    idle,
    rowsOnly,
    rss: inUse,
    highest: process.resourceUsage().maxRSS / 1000,
  }),
);
process.exit(0);
