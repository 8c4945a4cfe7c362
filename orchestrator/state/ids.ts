// Small numbers for keys: as long as a key is held it has one number. A number that was let go is not given to another key before
// everybody may be taken to have forgotten it.

import type { Clock } from './clock.ts';
import { DueQueue } from './parts/due-queue.ts';
import type { Key } from './table.ts';

export interface IdsOptions {
  readonly first: number;
  readonly last: number;
  /** How long a number rests before another key may get it. */
  readonly reuseAfterMs: number;
  readonly clock: Clock;
  /** Numbers of an earlier life, held until released; `retain` lets go of those that nobody wants any more. */
  readonly held?: Iterable<readonly [Key, number]>;
  /** Numbers below the highest of an earlier life are not given out for the first time: who had them may not be forgotten yet. */
  readonly isCautious?: boolean;
}

interface Resting {
  readonly key: Key;
  readonly id: number;
  readonly until: number;
}

export class Ids {
  readonly #options: IdsOptions;
  readonly #held = new Map<Key, number>();
  /** Of an earlier life: the fresh ones skip them. */
  readonly #restored = new Set<number>();
  /** By the time of release, which is the order in which they are free again. */
  readonly #resting = new Map<Key, Resting>();
  /** Numbers that have rested, lowest first. */
  readonly #free = new DueQueue<number>();
  #fresh: number;

  constructor(options: IdsOptions) {
    this.#options = options;
    this.#fresh = options.first;
    for (const [key, id] of options.held ?? []) this.#restore(key, id);
    if (options.isCautious === true) for (const id of this.#restored) this.#fresh = Math.max(this.#fresh, id + 1);
  }

  get size(): number {
    return this.#held.size;
  }

  entries(): Iterable<readonly [Key, number]> {
    return this.#held.entries();
  }

  get(key: Key): number | undefined {
    return this.#held.get(key);
  }

  /** The key's number; the one it had if it comes back in time, else a free one. Undefined when all are held or rest. */
  take(key: Key): number | undefined {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    this.#wake();
    const id = this.#resting.get(key)?.id ?? this.#free.shift(Number.POSITIVE_INFINITY) ?? this.#nextFresh();
    if (id === undefined) return undefined;
    this.#resting.delete(key);
    this.#held.set(key, id);
    return id;
  }

  /** A key that holds none is not an error. */
  release(key: Key): void {
    const id = this.#held.get(key);
    if (id === undefined) return;
    this.#held.delete(key);
    this.#resting.set(key, { key, id, until: this.#options.clock.now() + this.#options.reuseAfterMs });
  }

  /** Releases all but these. */
  retain(keys: ReadonlySet<Key>): void {
    for (const key of [...this.#held.keys()]) if (!keys.has(key)) this.release(key);
  }

  #restore(key: Key, id: number): void {
    const { first, last } = this.#options;
    const isInRange = Number.isInteger(id) && id >= first && id <= last;
    if (!isInRange || this.#restored.has(id) || this.#held.has(key)) throw new RangeError(`ids: cannot restore ${id} for "${key}"`);
    this.#held.set(key, id);
    this.#restored.add(id);
  }

  /** What has rested long enough is free. */
  #wake(): void {
    const now = this.#options.clock.now();
    for (const { key, id, until } of this.#resting.values()) {
      if (until > now) break;
      this.#resting.delete(key);
      this.#free.push(id, id);
    }
  }

  #nextFresh(): number | undefined {
    while (this.#restored.has(this.#fresh)) this.#fresh += 1;
    return this.#fresh <= this.#options.last ? this.#fresh++ : undefined;
  }
}
