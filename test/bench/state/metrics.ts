// What is measured of the state engine: how long a change takes from the table it is written to into the target, and what a row costs.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { threadMs } from '../cpu-time.ts';
import { type Comparison, quantile } from '../rounds.ts';
import { sequence } from '../sequence.ts';
import type { Effort } from '../wasm-metrics.ts';
import { fill, nodeCount, nodeName, nodeOf, openEngine, openPlain, podCount, podName, type StateWorld, type Written } from './world.ts';

const changesPerSecond = 1000;
/** Of a round. */
const seconds = 2;
/** One change in so many is a node's, which concerns a hundred pods; one in as many deletes a pod, and the next brings it back. */
const nodeEvery = 100;
const deleteEvery = 25;

export interface StateComparisons {
  readonly comparisons: readonly Comparison[];
  close(): Promise<void>;
}

export async function stateComparisons(wanted: (metric: string) => boolean, { scale }: Effort): Promise<StateComparisons> {
  const pods = Math.ceil(podCount * Math.min(scale, 1));
  const comparisons: Comparison[] = [];
  const streams: Stream[] = [];
  // First, as it looks at the whole heap.
  if (wanted('state.row_overhead')) comparisons.push(rowOverhead(pods));
  if (wanted('state.change_p99')) {
    const [engine, plain] = [await Stream.open(openEngine, pods), await Stream.open(openPlain, pods)];
    const count = Math.ceil(changesPerSecond * seconds * scale);
    comparisons.push({
      metric: 'state.change_p99',
      baseline: { name: 'plain maps, at once', measure: () => plain.play(count) },
      measure: () => engine.play(count),
    });
    streams.push(engine, plain);
  }
  return {
    comparisons,
    async close() {
      for (const stream of streams) await stream.close();
    },
  };
}

/** Changes at their times, whatever became of those before. */
class Stream {
  readonly #world: StateWorld;
  readonly #pods: number;
  readonly #random = sequence(5);
  /** Pod → since when its route is to be written. */
  readonly #due: Map<string, number>;
  readonly #latencies: number[];
  readonly #versions = new Map<number, number>();
  readonly #addresses = new Map<number, number>();
  #version = 0;

  private constructor(world: StateWorld, pods: number, due: Map<string, number>, latencies: number[]) {
    this.#world = world;
    this.#pods = pods;
    this.#due = due;
    this.#latencies = latencies;
  }

  static async open(openWorld: (written: Written) => StateWorld, pods: number): Promise<Stream> {
    const due = new Map<string, number>();
    const latencies: number[] = [];
    const world = openWorld((pod) => {
      const since = due.get(pod);
      if (since === undefined) return;
      latencies.push(threadMs() - since);
      due.delete(pod);
    });
    await fill(world, pods);
    return new Stream(world, pods, due, latencies);
  }

  /** The 99th percentile, in milliseconds of this thread's time, from when a change was due to when it is in the target. */
  async play(count: number): Promise<number> {
    this.#latencies.length = 0;
    const from = threadMs();
    for (let turn = 0; turn < count; turn++) {
      const due = from + (turn * 1000) / changesPerSecond;
      // Spinning: a timer would be late by as much as is to be measured, and a thread that waits has no time.
      do await new Promise((resolve) => setImmediate(resolve));
      while (threadMs() < due);
      this.#change(turn, due);
    }
    for (let waits = 0; this.#due.size > 0; waits++) {
      if (waits > 1000) throw new Error(`bench: state.change_p99: ${this.#due.size} changes never reached the target`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.#check();
    return quantile(this.#latencies, 0.99);
  }

  #change(turn: number, due: number): void {
    this.#version += 1;
    const pod = this.#random() % this.#pods;
    if (turn % nodeEvery === 0) {
      const node = this.#random() % Math.min(nodeCount, this.#pods);
      for (let other = node; other < this.#pods; other += nodeCount) this.#await(podName(other), due);
      this.#addresses.set(node, nodeCount + this.#version);
      this.#world.putNode({ name: nodeName(node), address: nodeCount + this.#version });
    } else {
      if (turn % deleteEvery === 0) this.#world.deletePod(podName(pod));
      this.#await(podName(pod), due);
      this.#versions.set(pod, this.#version);
      this.#world.putPod({ name: podName(pod), node: nodeOf(pod), version: this.#version });
    }
  }

  #await(pod: string, due: number): void {
    if (!this.#due.has(pod)) this.#due.set(pod, due);
  }

  #check(): void {
    for (let pod = 0; pod < this.#pods; pod++) {
      const node = pod % nodeCount;
      const wanted = `${this.#addresses.get(node) ?? node} ${this.#versions.get(pod) ?? 0}`;
      const found = this.#world.target.get(podName(pod));
      if (found !== wanted) throw new Error(`bench: state.change_p99: route of ${podName(pod)}: "${found}" instead of "${wanted}"`);
    }
  }

  close(): Promise<void> {
    return this.#world.close();
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes a pod for its row, its route and the target's entry; the baseline's are those of the rows themselves. */
function rowOverhead(pods: number): Comparison {
  const measure = (openWorld: (written: Written) => StateWorld) => async () => {
    const before = heap();
    const world = openWorld(() => {});
    await fill(world, pods);
    const bytes = (heap() - before) / pods;
    await world.close();
    return bytes;
  };
  return {
    metric: 'state.row_overhead',
    isNet: true,
    baseline: { name: 'the same rows in plain maps', measure: measure(openPlain) },
    measure: measure(openEngine),
  };
}

function heap(): number {
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().heapUsed;
}
