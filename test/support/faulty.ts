// A target that fails: a map in memory under operations of which a part throw, before, amid or after what they were to do.

import type { Clock } from '../../orchestrator/state/clock.ts';
import { sleep } from '../../orchestrator/state/clock.ts';
import type { TargetMap } from '../../orchestrator/state/map-operations.ts';

export interface FaultyOptions {
  readonly clock: Clock;
  /** Part of all calls that throw; may be changed at any time. */
  faults: number;
  /** Longest time a call takes, in the clock's milliseconds. */
  readonly latencyMs?: number;
}

export class FaultyMap<V> implements TargetMap<string, V> {
  readonly content = new Map<string, V>();
  readonly options: FaultyOptions;
  calls = 0;
  faults = 0;
  /** Keys that were deleted, as often as they were. */
  readonly deleted: string[] = [];
  /** Calls that came while another one had not ended. */
  overlaps = 0;
  #isBusy = false;

  constructor(options: FaultyOptions) {
    this.options = options;
  }

  async update(entries: Iterable<readonly [string, V]>): Promise<void> {
    await this.#some([...entries], ([key, value]) => this.content.set(key, value));
  }

  async delete(keys: Iterable<string>): Promise<void> {
    await this.#some([...keys], (key) => {
      this.deleted.push(key);
      this.content.delete(key);
    });
  }

  async *entries(): AsyncIterable<readonly [string, V]> {
    const listed = [...this.content];
    const fault = this.#fault(listed.length);
    for (const [place, entry] of listed.entries()) {
      if (place === fault) throw new Error('injected: listing broke off');
      yield entry;
    }
    if (fault !== undefined) throw new Error('injected: listing broke off at its end');
  }

  /** A call that is to fail does a part: nothing, some, or everything whose success is then not told. */
  async #some<Item>(items: readonly Item[], work: (item: Item) => void): Promise<void> {
    if (this.#isBusy) this.overlaps += 1;
    this.#isBusy = true;
    const { clock, latencyMs = 0 } = this.options;
    const fault = this.#fault(items.length);
    const middle = Math.floor((fault ?? items.length) / 2);
    for (const item of items.slice(0, middle)) work(item);
    if (latencyMs > 0) await sleep(clock, clock.random() * latencyMs);
    for (const item of items.slice(middle, fault)) work(item);
    this.#isBusy = false;
    if (fault !== undefined) throw new Error(`injected: after ${fault} of ${items.length}`);
  }

  /** After how many items this call fails; undefined when it doesn't. */
  #fault(length: number): number | undefined {
    const { clock, faults } = this.options;
    this.calls += 1;
    if (clock.random() >= faults) return undefined;
    this.faults += 1;
    return Math.floor(clock.random() * (length + 1));
  }
}
