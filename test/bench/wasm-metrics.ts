// What is measured of the WebAssembly machine: the two loops that have a native yardstick, and whole packets.

import { maglevSpec, policySpec } from '../../orchestrator/datapath/generated/maps.ts';
import { cpuTimePerOperation } from './cpu-time.ts';
import { buildNative, workFolder } from './native.ts';
import {
  exactQueries,
  exactTable,
  nativeEntryBytes,
  queryBytes,
  rangeQueries,
  rangeSet,
  rangeTable,
  tableSet,
  writeTable,
} from './policy-table.ts';
import type { Comparison } from './rounds.ts';
import { sequence } from './sequence.ts';
import { forgetFlows, settleFlows, type Traffic, traffic, writeNode } from './traffic.ts';
import { WasmBench } from './wasm.ts';

/** How much work one round is: 1 in real runs, less in tests. */
export interface Effort {
  readonly scale: number;
}

const manyFlows = 65536;
const calls = 1 << 21;
const packets = 1 << 18;
const maglevSlots = 16381;

/** Comparisons by metric; only those whose names are wanted are set up. */
export async function wasmComparisons(wanted: (metric: string) => boolean, effort: Effort): Promise<Comparison[]> {
  const isAny = (...names: string[]): boolean => names.some((name) => wanted(name) || wanted(`${name}_65536`));
  const found: Comparison[] = [];
  if (isAny('wasm.crossing')) found.push(await crossing(effort));
  if (isAny('wasm.policy_verdict')) found.push(...(await policyVerdict(effort)));
  if (isAny('wasm.policy_16k')) found.push(...(await rangedPolicy(effort)));
  if (isAny('wasm.maglev_select')) found.push(...(await maglevSelect(effort)));
  if (isAny('wasm.decision_established')) found.push(...(await established('wasm.decision_established', traffic.pods, effort)));
  if (isAny('wasm.decision_new_flow')) found.push(await newFlow());
  if (isAny('wasm.service_10')) found.push(...(await established('wasm.service_10', traffic.service10, effort)));
  if (isAny('wasm.service_10000')) found.push(...(await established('wasm.service_10000', traffic.service10000, effort)));
  if (isAny('wasm.denied')) found.push(...(await denied(effort)));
  return found.filter(({ metric }) => wanted(metric));
}

const flowCounts = (name: string): [metric: string, flows: number][] => [
  [name, 1],
  [`${name}_65536`, manyFlows],
];

async function crossing({ scale }: Effort): Promise<Comparison> {
  const bench = await WasmBench.open();
  return { metric: 'wasm.crossing', measure: () => crossingTime(bench, scale) };
}

function crossingTime(bench: WasmBench, scale: number): number {
  const count = Math.ceil(calls * scale);
  return cpuTimePerOperation(count, () => bench.loops.calls(count));
}

/** Net of the calls from the loops' module into the shipped one, which no caller in that module makes; measured right before. */
function net(bench: WasmBench, scale: number, crossings: number, measure: () => number): () => number {
  return () => {
    const each = crossingTime(bench, scale);
    return measure() - crossings * each;
  };
}

async function policyVerdict({ scale }: Effort): Promise<Comparison[]> {
  const rows = exactTable();
  const queries = queryBytes(exactQueries());
  const native = buildNative('policy', [
    writeTable(workFolder, 'policy-entries', nativeEntryBytes(rows)),
    writeTable(workFolder, 'policy-queries', queries),
  ]);
  const bench = await WasmBench.open();
  await bench.datapath.map(policySpec).update(rows);
  const count = Math.ceil(calls * scale);
  const at = bench.table(queries);
  return flowCounts('wasm.policy_verdict').map(([metric, flows]): Comparison => {
    let sum = 0n;
    const wasm = (): number =>
      cpuTimePerOperation(count, () => {
        sum = bench.loops.verdicts(count, tableSet, at, flows - 1);
      });
    return {
      metric,
      baseline: {
        name: 'native C, three lookups by hash',
        measure: () => {
          wasm();
          const round = native(count, flows);
          if (round.sum !== sum) throw new Error(`bench: ${metric}: found rules that add up to ${sum}, not ${round.sum} as the yardstick`);
          return round.nanoseconds;
        },
      },
      measure: net(bench, scale, 1, wasm),
    };
  });
}

async function rangedPolicy({ scale }: Effort): Promise<Comparison[]> {
  const bench = await WasmBench.open();
  await bench.datapath.map(policySpec).update(rangeTable());
  const count = Math.ceil(calls * scale);
  const at = bench.table(queryBytes(rangeQueries()));
  return flowCounts('wasm.policy_16k').map(([metric, flows]) => ({
    metric,
    measure: net(bench, scale, 1, () =>
      cpuTimePerOperation(count, () => {
        const sum = bench.loops.verdicts(count, rangeSet, at, flows - 1);
        if (sum !== 2n * BigInt(count)) throw new Error(`bench: ${metric}: rules add up to ${sum}: not the redirect every time`);
      }),
    ),
  }));
}

async function maglevSelect({ scale }: Effort): Promise<Comparison[]> {
  const next = sequence(9);
  const tuples = new Uint32Array(manyFlows * 4).map((_, index) => (index % 4 === 3 ? 6 : next()));
  const slots = new Uint32Array(maglevSlots).map((_, index) => 1 + ((index * 7919) % 10));
  const bytes = new Uint8Array(tuples.buffer);
  const native = buildNative('maglev', [
    writeTable(workFolder, 'maglev-slots', new Uint8Array(slots.buffer)),
    writeTable(workFolder, 'maglev-tuples', bytes),
  ]);
  const bench = await WasmBench.open();
  await bench.datapath.map(maglevSpec).update(Array.from(slots, (backend, slot) => [slot, { backend }]));
  const count = Math.ceil(calls * scale);
  const [at, scratch, client] = [bench.table(bytes), bench.scratch(), bench.scratch('client0')];
  bench.writeScratch(client, Uint8Array.from([...new Uint8Array(10), 255, 255, ...new Uint8Array(24), 6, 0, 0, 0]));
  return flowCounts('wasm.maglev_select').map(([metric, flows]) => ({
    metric,
    baseline: { name: 'native C, lookup3 over four words', measure: () => native(count, flows).nanoseconds },
    measure: net(bench, scale, 2, () =>
      cpuTimePerOperation(count, () => {
        const sum = Number(bench.loops.selections(count, scratch, client, at, flows - 1, maglevSlots)) / count;
        if (!(sum >= 1 && sum <= 10)) throw new Error(`bench: ${metric}: backends have a mean of ${sum}`);
      }),
    ),
  }));
}

async function established(name: string, kind: Traffic, { scale }: Effort): Promise<Comparison[]> {
  const bench = await openNode();
  const count = Math.ceil(packets * scale);
  bench.decide(kind, manyFlows, manyFlows);
  await settleFlows(bench.datapath);
  return flowCounts(name).map(([metric, flows]) => ({ metric, measure: net(bench, scale, 1, () => bench.decide(kind, count, flows)) }));
}

async function newFlow(): Promise<Comparison> {
  const bench = await openNode();
  return {
    metric: 'wasm.decision_new_flow',
    measure: async () => {
      await forgetFlows(bench.datapath);
      return bench.decide(traffic.pods, manyFlows, manyFlows);
    },
  };
}

async function denied({ scale }: Effort): Promise<Comparison[]> {
  const bench = await openNode();
  const count = Math.ceil(packets * scale);
  return flowCounts('wasm.denied').map(([metric, flows]) => ({
    metric,
    measure: net(bench, scale, 1, () => bench.decide(traffic.denied, count, flows)),
  }));
}

async function openNode(): Promise<WasmBench> {
  const bench = await WasmBench.open();
  await writeNode(bench.datapath);
  return bench;
}
