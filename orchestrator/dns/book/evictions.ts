// Evictions: which addresses of a pod make room for others: those that have expired, longest ago first, and of them those without a
// connection before those with one. Looked for some thousand at a time, because a pod at its limit needs them again and again.

import type { AddressTable } from './address-table.ts';
import type { GrantPlaces } from './grant-places.ts';
import { isLater } from './lifetime.ts';

const granted = 1;
const inUse = 4;
const pinned = 16;
const batch = 4096;

export class Evictions {
  readonly #table: AddressTable;
  readonly #places: GrantPlaces;
  /** Slots, the best one last. */
  #queue: number[] = [];
  /** Nothing that is not in the queue expires before. */
  #nextEnd: number | undefined;

  constructor(table: AddressTable, places: GrantPlaces) {
    this.#table = table;
    this.#places = places;
  }

  /** A grant ends then: what was found out about the next end may be over. */
  noteEnd(end: number): void {
    if (this.#nextEnd !== undefined && isLater(this.#nextEnd, end)) this.#nextEnd = end;
  }

  /** Ends may have come nearer otherwise. */
  forget(): void {
    this.#nextEnd = undefined;
  }

  /** Whether that many can go. Pinned ones stay. */
  canTake(wanted: number, now: number): boolean {
    if (this.#hasReady(wanted, now)) return true;
    if (this.#nextEnd !== undefined && isLater(this.#nextEnd, now)) return false;
    this.#search(Math.max(wanted, batch), now);
    return this.#hasReady(wanted, now);
  }

  /** A slot that `canTake` has promised; taken from the queue. */
  take(now: number): number {
    let at = this.#queue.length - 1;
    while (!this.#canGo(this.#queue[at], now)) at -= 1;
    return this.#queue.splice(at, 1)[0];
  }

  /** Looks no further than it must; what was renewed or has gone leaves the queue on the way. */
  #hasReady(wanted: number, now: number): boolean {
    let ready = 0;
    for (let at = this.#queue.length - 1; at >= 0 && ready < wanted; at -= 1) {
      const slot = this.#queue[at];
      if (this.#canGo(slot, now)) ready += 1;
      else if (!this.#hasEnded(slot, now)) this.#queue.splice(at, 1);
    }
    return ready >= wanted;
  }

  #search(most: number, now: number): void {
    const { holders, capacity } = this.#table;
    const found: number[] = [];
    this.#nextEnd = undefined;
    for (let slot = 0; slot < capacity; slot += 1) {
      if ((holders[slot] & granted) === 0) continue;
      const end = this.#places.end(slot);
      const age = (now - end) | 0;
      if (age >= 0) found.push(((holders[slot] & inUse) === 0 ? 2 ** 32 + age : age) * 65536 + slot);
      else if (this.#nextEnd === undefined || isLater(this.#nextEnd, end)) this.#nextEnd = end;
    }
    // Numbers, for thousands of them are sorted while a pod waits: whether it is in use, age, slot.
    const sorted = Float64Array.from(found).sort();
    this.#queue = Array.from(sorted.subarray(Math.max(0, sorted.length - most)), (key) => key % 65536);
    // What was left out waits for the next search, which must not be put off.
    if (sorted.length > most) this.#nextEnd = undefined;
  }

  #canGo(slot: number, now: number): boolean {
    return (this.#table.holders[slot] & pinned) === 0 && this.#hasEnded(slot, now);
  }

  #hasEnded(slot: number, now: number): boolean {
    return (this.#table.holders[slot] & granted) !== 0 && !isLater(this.#places.end(slot), now);
  }
}
