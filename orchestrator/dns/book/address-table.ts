// Address table: the addresses that one pod knows, each with a number of its own while anybody holds it. 16 bytes, a hash bucket and
// little else: a node may know a million.

import { randomInt } from 'node:crypto';
import { growing, lengthen } from './growing-array.ts';

/** Numbers of addresses are smaller. */
export const mostSlots = 65_534;

const leastCapacity = 16;
/** An address that is added takes so many buckets of the former ones with it. */
const movedAtOnce = 4;

export class AddressTable {
  /** Four words for each slot, as the machine reads the address's bytes. Of a slot that is free again the first is the next such one, or -1. */
  readonly words = growing(Int32Array, leastCapacity * 4, mostSlots * 4);
  /** Who holds it, as bits; 0: free. */
  readonly holders = growing(Uint8Array, leastCapacity, mostSlots);
  capacity = leastCapacity;
  used = 0;
  /** Slot + 1, or 0. A power of two of buckets, at most half of them taken. */
  #buckets = new Uint16Array(leastCapacity * 2);
  /** Those before: what is in them moves little by little, for an answer waits for who moves all of it. */
  #former: Uint16Array | undefined;
  #moved = 0;
  #free = -1;
  /** It and those behind it were never taken: nothing is written to their memory until then. */
  #fresh = 0;

  get bytes(): number {
    return this.words.byteLength + this.holders.byteLength + this.#buckets.byteLength + (this.#former?.byteLength ?? 0);
  }

  /** The slot of an address given as words, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const mixed = hash(a, b, c, d);
    const slot = this.#search(this.#buckets, mixed, a, b, c, d);
    return slot >= 0 || this.#former === undefined ? slot : this.#search(this.#former, mixed, a, b, c, d);
  }

  /** A slot for an address that has none; with nobody to hold it yet. There must be a free one: see `isFull` and `grow`. */
  add(a: number, b: number, c: number, d: number): number {
    const slot = this.#free < 0 ? this.#fresh++ : this.#free;
    const at = slot * 4;
    if (slot === this.#free) this.#free = this.words[at];
    this.words[at] = a;
    this.words[at + 1] = b;
    this.words[at + 2] = c;
    this.words[at + 3] = d;
    this.#enter(slot);
    if (this.#former !== undefined) this.#move(this.#former, movedAtOnce);
    this.used += 1;
    return slot;
  }

  get isFull(): boolean {
    return this.used === this.capacity;
  }

  /** The capacity that comes next; what others keep by slot grows with it. */
  get nextCapacity(): number {
    return Math.min(mostSlots, this.capacity * (this.capacity < 1024 ? 8 : 2));
  }

  grow(capacity: number): void {
    lengthen(this.words, capacity * 4);
    lengthen(this.holders, capacity);
    this.capacity = capacity;
    if (capacity * 2 <= this.#buckets.length) return;
    if (this.#former !== undefined) this.#move(this.#former, this.#former.length);
    this.#former = this.#buckets;
    this.#moved = 0;
    this.#buckets = new Uint16Array(2 ** Math.ceil(Math.log2(capacity * 2)));
  }

  hold(slot: number, holder: number): void {
    this.holders[slot] |= holder;
  }

  /** True when nobody holds it any more: it is free then. */
  release(slot: number, holder: number): boolean {
    this.holders[slot] &= ~holder;
    if (this.holders[slot] !== 0) return false;
    if (this.#former === undefined || !this.#leave(this.#former, slot)) this.#leave(this.#buckets, slot);
    this.words[slot * 4] = this.#free;
    this.#free = slot;
    this.used -= 1;
    return true;
  }

  #search(buckets: Uint16Array, mixed: number, a: number, b: number, c: number, d: number): number {
    const { words } = this;
    const mask = buckets.length - 1;
    for (let bucket = mixed & mask; ; bucket = (bucket + 1) & mask) {
      const slot = buckets[bucket] - 1;
      if (slot < 0) return -1;
      const at = slot * 4;
      if (words[at + 3] === d && words[at + 2] === c && words[at + 1] === b && words[at] === a) return slot;
    }
  }

  #enter(slot: number): void {
    const mask = this.#buckets.length - 1;
    let bucket = this.#home(slot) & mask;
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
    this.#buckets[bucket] = slot + 1;
  }

  /** What stands behind moves up, so that no search ends too early. False: the slot is not in these. */
  #leave(buckets: Uint16Array, slot: number): boolean {
    const mask = buckets.length - 1;
    let hole = this.#home(slot) & mask;
    for (; buckets[hole] !== slot + 1; hole = (hole + 1) & mask) if (buckets[hole] === 0) return false;
    for (let bucket = (hole + 1) & mask; buckets[bucket] !== 0; bucket = (bucket + 1) & mask) {
      const home = this.#home(buckets[bucket] - 1) & mask;
      if (((bucket - home) & mask) < ((bucket - hole) & mask)) continue;
      buckets[hole] = buckets[bucket];
      hole = bucket;
    }
    buckets[hole] = 0;
    return true;
  }

  /** Empties the next ones. What moves up behind them comes to a place that is looked at again, or later. */
  #move(former: Uint16Array, count: number): void {
    const end = Math.min(former.length, this.#moved + count);
    while (this.#moved < end) {
      const slot = former[this.#moved] - 1;
      if (slot < 0) this.#moved += 1;
      else {
        this.#leave(former, slot);
        this.#enter(slot);
      }
    }
    if (end === former.length) this.#former = undefined;
  }

  #home(slot: number): number {
    const at = slot * 4;
    return hash(this.words[at], this.words[at + 1], this.words[at + 2], this.words[at + 3]);
  }
}

/** Nobody outside knows which addresses meet in one bucket. */
const seed = randomInt(2 ** 32) | 0;

function hash(a: number, b: number, c: number, d: number): number {
  let mixed = Math.imul(seed ^ a, 0x85ebca6b);
  mixed = Math.imul((mixed ^ (mixed >>> 15)) + b, 0xc2b2ae35);
  mixed = Math.imul((mixed ^ (mixed >>> 15)) + c, 0x7feb352d);
  mixed = Math.imul((mixed ^ (mixed >>> 15)) + d, 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
