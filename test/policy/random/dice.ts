// Dice: choices that look random and are the same for the same seed.

import { sequence } from '../../bench/sequence.ts';

export class Dice {
  private readonly next: () => number;

  constructor(seed: number) {
    // Seeds that lie close together must not give sequences that begin alike.
    this.next = sequence(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ (seed >>> 13));
    for (let warm = 0; warm < 8; warm++) this.next();
  }

  /** 0 to count - 1. */
  below(count: number): number {
    return this.next() % count;
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in so many of 100. */
  percent(share: number): boolean {
    return this.below(1000) < share * 10;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** Distinct choices, in any order. */
  some<T>(choices: readonly T[], least: number, most: number): T[] {
    const left = [...choices];
    const count = Math.min(left.length, this.between(least, most));
    return Array.from({ length: count }, () => left.splice(this.below(left.length), 1)[0] as T);
  }

  list<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: this.between(least, most) }, make);
  }

  /** The name of a choice, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let at = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of entries) {
      if (at < weight) return name;
      at -= weight;
    }
    throw new Error('dice: weights add up to their sum');
  }
}
