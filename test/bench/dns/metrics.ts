// What is measured of the DNS proxy: beside the server that it asks, asked directly by the same pods in the same slices.

import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { kernelSkip } from '../../support/kernel.ts';
import { buildProgram } from '../native.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import type { WriteTimes } from './grant-writes.ts';
import type { Loads, Memory } from './worker.ts';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
/** Pods, names of each, addresses of each name. */
const [busy, full] = [
  [16, 2000, 1],
  [110, 1000, 10],
] as const;
const slices = 6;
const sliceMs = 400;
const rate = 5000;
const writes = 20_000;
const programs = ['ip', 'nft', 'dnsmasq', 'taskset', 'setpriv', 'nsenter'];

export interface OpenedComparisons {
  readonly comparisons: readonly Comparison[];
  close(): Promise<void>;
}

/** One after the other, for each wants the machine for itself. A sentence where nothing of it can be had. */
export async function dnsGroups(
  wanted: (metric: string) => boolean,
  effort: Effort,
): Promise<string | (() => Promise<OpenedComparisons>)[]> {
  const missing = programs.find((program) => spawnSync(program, ['--version']).error !== undefined);
  const skip = missing === undefined ? await kernelSkip() : `${missing} is not here`;
  if (skip !== false) return skip;
  const load = buildProgram('dns_load');
  return [busyGroup, fileGroup, fullGroup].flatMap((group) => {
    const metrics = group(effort).filter(({ metric }) => wanted(metric));
    return metrics.length === 0 ? [] : [() => open(group, load, effort, wanted)];
  });
}

type Measure = <Result>(words: string) => Promise<Result>;
interface Wish {
  readonly metric: string;
  readonly world: readonly [number, number, number];
  /** Where the log goes besides its reader. */
  readonly sink?: 'file';
  compare(measure: Measure): Omit<Comparison, 'metric'>;
}

/** How long a slice is, and how many there are: less than one is a shorter one. */
const slicesOf = ({ scale }: Effort): string =>
  `${Math.max(100, Math.round(sliceMs * Math.min(1, slices * scale)))} ${Math.max(1, Math.round(slices * scale))}`;
const floodOf = (effort: Effort): string => `flood ${slicesOf(effort)}`;

type Sides = (loads: Required<Loads>) => readonly [own: number, other: number];

/** What both sides of a load in turns have come to; the other one is the baseline. */
function beside(words: string, name: string, of: Sides): Wish['compare'] {
  return (measure) => {
    let own = Number.NaN;
    return {
      isPaired: true,
      baseline: {
        name,
        async measure() {
          const [mine, other] = of(await measure<Required<Loads>>(words));
          own = mine;
          return other;
        },
      },
      measure: () => own,
    };
  };
}

const addedTo = (part: 'p50' | 'p99', effort: Effort): Wish['compare'] =>
  beside(`pace ${rate} ${slicesOf(effort)}`, 'dnsmasq, asked directly', ({ proxied, direct }) => [
    (proxied[part] - direct[part]) / 1000,
    direct[part] / 1000,
  ]);

/** Both beside the server that answers; that of the one that forwards is the quicker one. */
const addedBeside = (part: 'p50' | 'p99', effort: Effort): Wish['compare'] =>
  beside(`pace ${rate} ${slicesOf(effort)}`, 'dnsmasq that only forwards', ({ proxied, direct, forwarded }) => [
    (proxied[part] - direct[part]) / 1000,
    (forwarded[part] - direct[part]) / 1000,
  ]);

function busyGroup(effort: Effort): Wish[] {
  const flood = floodOf(effort);
  return [
    {
      metric: 'dns.queries_per_second',
      world: busy,
      compare: beside(flood, 'dnsmasq, asked directly', ({ proxied, direct }) => [proxied.rate, direct.rate]),
    },
    {
      metric: 'dns.queries_per_second_forward',
      world: busy,
      compare: beside(flood, 'dnsmasq that only forwards', ({ proxied, forwarded }) => [proxied.rate, forwarded.rate]),
    },
    {
      metric: 'dns.cpu_per_query',
      world: busy,
      compare: (measure) => ({ measure: async () => (await measure<Loads>(flood)).cost * 1000 }),
    },
    { metric: 'dns.added_latency_p50', world: busy, compare: addedTo('p50', effort) },
    { metric: 'dns.added_latency_p99', world: busy, compare: addedTo('p99', effort) },
    { metric: 'dns.added_latency_p50_forward', world: busy, compare: addedBeside('p50', effort) },
    { metric: 'dns.added_latency_p99_forward', world: busy, compare: addedBeside('p99', effort) },
  ];
}

/** What the file of the log costs, and what it lacks then: another process writes it, when the proxy leaves the CPU to it. */
function fileGroup(effort: Effort): Wish[] {
  const alone = floodOf(effort).replace('flood', 'alone');
  const own = { world: busy, sink: 'file' } as const;
  return [
    {
      ...own,
      metric: 'dns.queries_per_second_file',
      compare: (measure) => ({ measure: async () => (await measure<Loads>(alone)).proxied.rate }),
    },
    {
      ...own,
      metric: 'dns.log_file_missing',
      compare: (measure) => ({ measure: async () => (await measure<Loads>(alone)).missing * 100 }),
    },
    { ...own, metric: 'dns.added_latency_p50_file', compare: addedTo('p50', effort) },
    { ...own, metric: 'dns.added_latency_p99_file', compare: addedTo('p99', effort) },
  ];
}

function fullGroup({ scale }: Effort): Wish[] {
  const world = [Math.max(1, Math.round(full[0] * scale)), Math.max(1, Math.round(full[1] * scale)), full[2]] as const;
  // What it is asked for again it has already: before is before the first time.
  let empty: Memory['before'] | undefined;
  const memory = (metric: string, of: (memory: Memory['before']) => number): Wish => ({
    metric,
    world,
    compare(measure) {
      let full = Number.NaN;
      return {
        baseline: {
          name: 'before it was asked',
          async measure() {
            const { before, after } = await measure<Memory>('fill');
            empty ??= before;
            full = of(after) / 1e6;
            return of(empty) / 1e6;
          },
        },
        measure: () => full,
      };
    },
  });
  return [
    memory('dns.proxy_rss', ({ bytes }) => bytes),
    memory('dns.proxy_rss_supervised', ({ bytes, supervisor }) => bytes + supervisor),
    {
      metric: 'dns.grant_write_p99',
      world,
      compare: (measure) => {
        let times: WriteTimes | undefined;
        return {
          isPaired: true,
          baseline: {
            name: 'the same entries, written by C',
            async measure() {
              times = await measure<WriteTimes>(`write ${Math.max(100, Math.round(writes * scale))}`);
              return times.native.p99 / 1000;
            },
          },
          measure: () => (times?.ours.p99 ?? Number.NaN) / 1000,
        };
      },
    },
  ];
}

async function open(
  group: (effort: Effort) => Wish[],
  load: string,
  effort: Effort,
  wanted: (metric: string) => boolean,
): Promise<OpenedComparisons> {
  const wishes = group(effort).filter(({ metric }) => wanted(metric));
  const [first] = wishes;
  const world = new World([...(first?.world ?? []).map(String), load, ...(first?.sink === undefined ? [] : [first.sink])]);
  try {
    await world.ready();
  } catch (error) {
    await world.close();
    throw error;
  }
  const measure: Measure = (words) => world.measure(words);
  return { comparisons: wishes.map(({ metric, compare }) => ({ metric, ...compare(measure) })), close: () => world.close() };
}

/** The process with the node in it. */
class World {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  constructor(words: readonly string[]) {
    this.#child = spawn(process.execPath, [worker, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    this.#ended = once(this.#child, 'exit');
    // Whoever has ended is told of by its silence.
    this.#child.stdin.on('error', () => {});
  }

  async ready(): Promise<void> {
    await this.#line();
  }

  async measure<Result>(words: string): Promise<Result> {
    this.#child.stdin.write(`${words}\n`);
    return JSON.parse(await this.#line()) as Result;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('bench: the process with the DNS proxy has ended');
    return value;
  }
}
