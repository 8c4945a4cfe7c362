// Grant places: for each address of one pod up to four identities, and until when each is granted. Most addresses have one: places for two
// and four are made for all addresses of the pod once one needs them.

import { mostSlots } from './address-table.ts';
import { growing, lengthen } from './growing-array.ts';
import { isLater } from './lifetime.ts';
import { places } from './map-changes.ts';

export class GrantPlaces {
  /** {identity, expires} × width for each slot; identity 0: empty. */
  pairs: Int32Array;
  width = 1;

  constructor(capacity: number) {
    this.pairs = growing(Int32Array, capacity * 2, mostSlots * 2);
  }

  grow(capacity: number): void {
    lengthen(this.pairs, capacity * this.width * 2);
  }

  at(slot: number): number {
    return slot * this.width * 2;
  }

  clear(slot: number): void {
    this.pairs.fill(0, this.at(slot), this.at(slot + 1));
  }

  /** Whether there is a place for each of some identities, distinct ones, without one that has not expired being lost. */
  fits(slot: number, identities: readonly number[], now: number): boolean {
    const { pairs, width } = this;
    let [wanted, free] = [identities.length, places - width];
    for (let at = this.at(slot); at < this.at(slot + 1); at += 2) {
      const identity = pairs[at];
      if (identity !== 0 && identities.includes(identity)) wanted -= 1;
      else if (identity === 0 || !isLater(pairs[at + 1], now)) free += 1;
    }
    return wanted <= free;
  }

  /** True if anything has changed. An identity that is there gets the later end; else it takes a place that is empty, or has expired. */
  renew(slot: number, identity: number, expires: number): boolean {
    const { pairs } = this;
    let [chosen, first] = [-1, -1];
    for (let at = this.at(slot); at < this.at(slot + 1); at += 2) {
      if (pairs[at] === identity) {
        if (!isLater(expires, pairs[at + 1])) return false;
        pairs[at + 1] = expires;
        return true;
      }
      if (pairs[at] === 0) chosen = chosen < 0 ? at : chosen;
      else if (first < 0 || isLater(pairs[first + 1], pairs[at + 1])) first = at;
    }
    // A connection may still go by what has expired: that is written over only when there is no other place.
    if (chosen < 0 && this.width < places) {
      this.#widen();
      return this.renew(slot, identity, expires);
    }
    const at = chosen < 0 ? first : chosen;
    this.pairs[at] = identity;
    this.pairs[at + 1] = expires;
    return true;
  }

  /** The end of what lives longest. */
  end(slot: number): number {
    const { pairs, width } = this;
    const first = this.at(slot);
    let end = pairs[first + 1];
    for (let at = first + 2; at < first + width * 2; at += 2) if (pairs[at] !== 0 && isLater(pairs[at + 1], end)) end = pairs[at + 1];
    return end;
  }

  /** Identities that have not expired. */
  live(slot: number, now: number): number[] {
    const found: number[] = [];
    for (let at = this.at(slot); at < this.at(slot + 1); at += 2) {
      if (this.pairs[at] !== 0 && isLater(this.pairs[at + 1], now)) found.push(this.pairs[at] >>> 0);
    }
    return found;
  }

  /** Empties the places of identities that are not kept; true if there were any. */
  retain(slot: number, isKept: (identity: number) => boolean): boolean {
    let changed = false;
    for (let at = this.at(slot); at < this.at(slot + 1); at += 2) {
      if (this.pairs[at] === 0 || isKept(this.pairs[at] >>> 0)) continue;
      this.pairs[at] = 0;
      this.pairs[at + 1] = 0;
      changed = true;
    }
    if (changed) this.#closeUp(slot);
    return changed;
  }

  isEmpty(slot: number): boolean {
    return this.pairs[this.at(slot)] === 0;
  }

  /** Copies all four places out, and back. */
  save(slot: number, into: Int32Array, at: number): void {
    for (let word = 0; word < places * 2; word += 1) into[at + word] = word < this.width * 2 ? this.pairs[this.at(slot) + word] : 0;
  }

  restore(slot: number, from: Int32Array, at: number): void {
    while (this.width < places && from.subarray(at + this.width * 2, at + places * 2).some((word) => word !== 0)) this.#widen();
    for (let word = 0; word < this.width * 2; word += 1) this.pairs[this.at(slot) + word] = from[at + word];
  }

  /** The first place is taken whenever any is: `end` and `isEmpty` go by it. */
  #closeUp(slot: number): void {
    const { pairs } = this;
    let to = this.at(slot);
    for (let at = to; at < this.at(slot + 1); at += 2) {
      if (pairs[at] === 0) continue;
      const [identity, expires] = [pairs[at], pairs[at + 1]];
      pairs[at] = 0;
      pairs[at + 1] = 0;
      pairs[to] = identity;
      pairs[to + 1] = expires;
      to += 2;
    }
  }

  #widen(): void {
    const { pairs, width } = this;
    const wider = growing(Int32Array, pairs.length * 2, mostSlots * width * 4);
    for (let slot = 0, at = 0; at < pairs.length; slot += 1, at += width * 2) {
      for (let word = 0; word < width * 2; word += 1) wider[slot * width * 4 + word] = pairs[at + word];
    }
    this.pairs = wider;
    this.width = width * 2;
  }
}
