// Connections to services, from a few of them to very many: the product beside the rules of a kube-proxy, and beside no service at all.

import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { unifiedHierarchy } from '../../../../orchestrator/datapath/kernel/hierarchy.ts';
import { removeCgroupTree } from '../../../../orchestrator/sandbox/cgroup-tree.ts';
import { kernelSkip } from '../../../support/kernel.ts';
import { buildProgram } from '../../native.ts';
import type { Comparison } from '../../rounds.ts';
import type { Effort } from '../../wasm-metrics.ts';
import { removalMs } from './place.ts';
import type { Path } from './worker.ts';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
const counts = [10, 1000, 10_000, 30_000] as const;
const sliceMs = 200;
const slices = 6;

/** Behind the name of a metric; what is there instead of the product, what it is called, and the program that it takes. */
const baselines = [
  { suffix: '', path: 'nftables', name: "kube-proxy's nftables", program: 'nft' },
  { suffix: '_iptables', path: 'iptables', name: "kube-proxy's iptables, the last service", program: 'iptables-restore' },
  { suffix: '_iptables_middle', path: 'iptables_middle', name: "kube-proxy's iptables, the middle service", program: 'iptables-restore' },
  { suffix: '_veth', path: 'veth', name: 'bare veth, no service', program: undefined },
] as const;

const metricOf = (count: number, suffix: string) => `services.crr_${count}${suffix}`;
export const crrMetrics = counts.flatMap((count) => baselines.map(({ suffix }) => metricOf(count, suffix)));

export interface OpenCrr {
  readonly comparisons: readonly Comparison[];
  close(): Promise<void>;
}

/** A sentence instead, where nothing of it can be had. */
export async function crrComparisons(wanted: (metric: string) => boolean, { scale }: Effort): Promise<OpenCrr | string> {
  const hierarchy = unifiedHierarchy(readFileSync('/proc/self/mountinfo', 'utf8'));
  const skip = (await kernelSkip()) || (hierarchy === undefined && 'there is no unified hierarchy of cgroups here');
  if (skip !== false) return skip;
  const traffic = buildProgram('traffic', ['-pthread']);
  const worlds: World[] = [];
  const close = async () => {
    await Promise.all(worlds.map((world) => world.close()));
  };
  try {
    const opening = counts.flatMap((count) => {
      const asked = baselines.filter(({ suffix, program }) => wanted(metricOf(count, suffix)) && isHere(program));
      if (asked.length === 0) return [];
      const world = new World(
        count,
        `${hierarchy}/axoneme-bench-${process.pid}-${count}`,
        traffic,
        asked.map(({ path }) => path),
      );
      worlds.push(world);
      return { count, asked, world };
    });
    await Promise.all(worlds.map((world) => world.ready()));
    const words = `${sliceMs} ${Math.max(1, Math.round(slices * scale))}`;
    const comparisons = opening.flatMap(({ count, asked, world }) => {
      const turns = new Turns(() => world.measure(words));
      return asked.map(({ suffix, path, name }) => ({
        metric: metricOf(count, suffix),
        isPaired: true,
        baseline: { name, measure: () => turns.value(`${path} beside`, path) },
        measure: () => turns.value(path, 'services'),
      }));
    });
    return { comparisons, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const told = new Set<string>();

function isHere(program: string | undefined): boolean {
  if (program === undefined || spawnSync(program, ['--version']).status === 0) return true;
  if (!told.has(program)) console.log(`services: without ${program}, what it is the yardstick of is skipped`);
  told.add(program);
  return false;
}

type Rates = Partial<Record<Path, number>>;

/** One measurement serves everybody who asks once, and then there is another. */
class Turns {
  readonly #measure: () => Promise<Rates>;
  readonly #served = new Set<string>();
  #rates: Promise<Rates> | undefined;

  constructor(measure: () => Promise<Rates>) {
    this.#measure = measure;
  }

  async value(who: string, path: Path): Promise<number> {
    if (this.#rates === undefined || this.#served.has(who)) {
      this.#served.clear();
      this.#rates = this.#measure();
    }
    this.#served.add(who);
    const rate = (await this.#rates)[path];
    if (!rate) throw new Error(`bench: ${path}: no connections`);
    return rate;
  }
}

/** A process with one number of services. */
class World {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  readonly #cgroup: string;

  constructor(count: number, cgroup: string, traffic: string, paths: readonly Path[]) {
    this.#cgroup = cgroup;
    this.#child = spawn(process.execPath, [worker, `${count}`, cgroup, traffic, ...paths], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    this.#ended = once(this.#child, 'exit');
    // Whoever has ended is told of by its silence.
    this.#child.stdin.on('error', () => {});
  }

  async ready(): Promise<void> {
    await this.#line();
  }

  async measure(words: string): Promise<Rates> {
    this.#child.stdin.write(`${words}\n`);
    return JSON.parse(await this.#line());
  }

  /** The cgroup is its own to remove, unless it could not. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
    await removeCgroupTree(this.#cgroup, removalMs);
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('bench: the process with services has ended');
    return value;
  }
}
