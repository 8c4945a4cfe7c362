// What is measured of services: 10,000 of them with 10 backends each, in a process of its own for every round.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { disruption } from '../../datapath/reconcile/disruption.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';

const services = 10_000;
const changes = 500;
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
/** In percent of the flows of those that stay. */
const counts = [10, 100, 1000] as const;

/** As the worker tells it. */
interface Run {
  readonly mode: string;
  readonly initialWork: number;
  readonly allPlain: number;
  readonly sliceMs: number;
  readonly plainMs: number;
  readonly rss: number;
  readonly rowsOnly: number;
}

export function servicesComparisons(wanted: (metric: string) => boolean, { scale }: Effort): Comparison[] {
  const runs = new Runs(Math.ceil(services * Math.min(scale, 1)), Math.ceil(changes * scale));
  const of = (metric: string, value: keyof Run, name: string, baseline: keyof Run): Comparison => ({
    metric,
    baseline: { name, measure: () => runs.value(baseline) },
    measure: () => runs.value(value),
  });
  const comparisons = [
    of('services.initial_sync', 'initialWork', 'as many slots written at once', 'allPlain'),
    of('services.slice_to_datapath', 'sliceMs', 'the slots of one service written at once', 'plainMs'),
    of('services.agent_rss', 'rss', 'before there is more than the rows that the API server told', 'rowsOnly'),
    ...counts.map((count) => ({ metric: `services.disruption_${count}`, measure: () => disruption(count).moved * 100 })),
  ].filter(({ metric }) => wanted(metric));
  if (wanted('services.disruption_10')) console.log(disruptionText());
  return comparisons;
}

/** A run serves every metric once, and then there is another. */
class Runs {
  readonly #arguments: readonly string[];
  readonly #taken = new Set<keyof Run>();
  #run: Promise<Run> | undefined;

  constructor(...numbers: readonly number[]) {
    this.#arguments = numbers.map(String);
  }

  async value(name: keyof Run): Promise<number> {
    if (this.#taken.has(name) || this.#run === undefined) {
      this.#taken.clear();
      this.#run = promisify(execFile)(process.execPath, [worker, ...this.#arguments]).then(({ stdout }) => JSON.parse(stdout) as Run);
    }
    this.#taken.add(name);
    return Number((await this.#run)[name]);
  }
}

/** Every number of backends from 2 to 40, and where the size of the table steps. */
function disruptionText(): string {
  const lines = Array.from({ length: 39 }, (_, at) => {
    const { moved, worst, size, sizeAfter } = disruption(at + 2);
    const step = size === sizeAfter ? '' : `  the table steps from ${size} to ${sizeAfter} slots`;
    return `${String(at + 2).padStart(4)}  ${(moved * 100).toFixed(2).padStart(6)}  ${(worst * 100).toFixed(2).padStart(6)}${step}`;
  });
  return ['flows of others that move when one of N backends goes, in percent', '   N    mean   worst', ...lines].join('\n');
}
