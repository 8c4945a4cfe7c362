// Random numbers of a seed, so that what went wrong can be done again.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whole, from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  isLikely(chance: number): boolean {
    return this.next() < chance;
  }

  /** So many of them, in any order. */
  some<T>(all: readonly T[], count: number): T[] {
    const rest = [...all];
    return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(this.whole(0, rest.length - 1), 1)[0] as T);
  }

  one<T>(all: readonly T[]): T {
    return all[this.whole(0, all.length - 1)] as T;
  }
}
