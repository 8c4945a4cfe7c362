// Endpoint book: what one pod was told: its addresses, what each is granted under, and the names that led there.

import { AddressTable, mostSlots } from './address-table.ts';
import { Evictions } from './evictions.ts';
import { GrantPlaces } from './grant-places.ts';
import { isLater } from './lifetime.ts';
import { type NameLimits, NameLinks } from './name-links.ts';

/** Bits of `AddressTable.holders`; 2 is `named`. */
export const holder = { granted: 1, named: 2, inUse: 4, expired: 8, pinned: 16 } as const;

export class EndpointBook {
  readonly id: number;
  readonly table = new AddressTable();
  readonly places = new GrantPlaces(this.table.capacity);
  readonly names: NameLinks;
  readonly evictions: Evictions;
  /** Addresses that are in the map. */
  granted = 0;

  constructor(id: number, limits: NameLimits) {
    this.id = id;
    this.names = new NameLinks(this.table, limits);
    this.evictions = new Evictions(this.table, this.places);
  }

  get bytes(): number {
    return this.table.bytes + this.places.pairs.byteLength + this.names.bytes;
  }

  isGranted(slot: number): boolean {
    return (this.table.holders[slot] & holder.granted) !== 0;
  }

  isLive(slot: number, now: number): boolean {
    return this.isGranted(slot) && isLater(this.places.end(slot), now);
  }

  /** The slot of an address in words; a new one when there is none, held by nobody yet. -1: no room, which limits keep from happening. */
  slotFor(words: Int32Array, at: number): number {
    const [a, b, c, d] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
    const known = this.table.find(a, b, c, d);
    if (known >= 0) return known;
    if (this.table.isFull) {
      if (this.table.capacity === mostSlots) return -1;
      const capacity = this.table.nextCapacity;
      this.table.grow(capacity);
      this.places.grow(capacity);
      this.names.grow(capacity);
    }
    return this.table.add(a, b, c, d);
  }

  /** Makes an entry of the map out of the slot, without places yet. */
  enter(slot: number): void {
    this.places.clear(slot);
    this.table.hold(slot, holder.granted);
    this.granted += 1;
  }

  /** Undoes that; the address is still known if a name leads to it. */
  leave(slot: number): void {
    this.places.clear(slot);
    this.granted -= 1;
    this.table.holders[slot] &= holder.named | holder.pinned;
    this.table.release(slot, holder.granted);
  }

  /** A name led to an address, given as words, until then. */
  link(name: number, words: Int32Array, at: number, expires: number): void {
    const slot = this.slotFor(words, at);
    if (slot < 0) return;
    // Making room for the link must not take the address away.
    this.table.hold(slot, holder.pinned);
    this.names.link(name, slot, expires);
    this.table.holders[slot] &= ~holder.pinned;
  }
}
