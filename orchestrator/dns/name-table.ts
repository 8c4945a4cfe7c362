// Name table: names of DNS with a small number each, found by a hash that whoever asks has at hand: a Map would work one out for every text that is
// new to it, and needs more room.

import { randomInt } from 'node:crypto';

/** Numbers are smaller. */
export const mostNames = 65_534;

const leastCapacity = 8;
/** Nobody outside knows which names meet in one bucket. */
const seed = randomInt(2 ** 32) | 0;

/** Equal texts have equal ones, as long as this process lives. */
export function nameHash(text: string): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
}

export class NameTable {
  /** By number; '' where there is none. */
  readonly texts: string[] = [];
  #size = 0;
  #hashes = new Int32Array(leastCapacity);
  /** Number + 1, or 0. A power of two of buckets, at most half of them taken. */
  #buckets = new Uint16Array(leastCapacity * 2);
  readonly #free: number[] = [];

  get size(): number {
    return this.#size;
  }

  /** Without the texts. */
  get bytes(): number {
    return this.#hashes.byteLength + this.#buckets.byteLength;
  }

  /** The number of a name, or -1. */
  find(text: string, hash: number): number {
    const { texts } = this;
    const buckets = this.#buckets;
    const hashes = this.#hashes;
    const mask = buckets.length - 1;
    for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
      const number = buckets[bucket] - 1;
      if (number < 0 || (hashes[number] === hash && texts[number] === text)) return number;
    }
  }

  /** A number for a name that has none: the least that was never taken, or one that is free again. There are fewer than `mostNames` names. */
  add(text: string, hash: number): number {
    const number = this.#free.pop() ?? this.texts.length;
    if (number >= this.#hashes.length) this.#grow();
    this.texts[number] = text;
    this.#hashes[number] = hash;
    this.#size += 1;
    this.#enter(number);
    return number;
  }

  remove(number: number): void {
    this.#leave(number);
    this.texts[number] = '';
    this.#size -= 1;
    this.#free.push(number);
  }

  #enter(number: number): void {
    const mask = this.#buckets.length - 1;
    let bucket = this.#hashes[number] & mask;
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
    this.#buckets[bucket] = number + 1;
  }

  /** What stands behind moves up, so that no search ends too early. */
  #leave(number: number): void {
    const mask = this.#buckets.length - 1;
    let hole = this.#hashes[number] & mask;
    while (this.#buckets[hole] !== number + 1) hole = (hole + 1) & mask;
    for (let bucket = (hole + 1) & mask; this.#buckets[bucket] !== 0; bucket = (bucket + 1) & mask) {
      const home = this.#hashes[this.#buckets[bucket] - 1] & mask;
      if (((bucket - home) & mask) < ((bucket - hole) & mask)) continue;
      this.#buckets[hole] = this.#buckets[bucket];
      hole = bucket;
    }
    this.#buckets[hole] = 0;
  }

  /** To be called when all numbers are taken. */
  #grow(): void {
    const taken = this.#hashes.length;
    const capacity = Math.min(mostNames, Math.ceil(taken * 1.5) + leastCapacity);
    const hashes = new Int32Array(capacity);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    if (capacity * 2 <= this.#buckets.length) return;
    this.#buckets = new Uint16Array(2 ** Math.ceil(Math.log2(capacity * 2)));
    for (let number = 0; number < taken; number += 1) this.#enter(number);
  }
}
