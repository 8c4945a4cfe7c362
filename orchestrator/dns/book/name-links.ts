// Name links: which names of one pod led to which of its addresses. Names are in the order of their last use, and the one that was not
// used for longest makes room.

import { NameTable, nameHash } from '../name-table.ts';
import { type AddressTable, mostSlots } from './address-table.ts';
import { extended, growing, lengthen } from './growing-array.ts';
import { isLater } from './lifetime.ts';

export interface NameLimits {
  /** Names of one pod. */
  readonly names: number;
  /** Addresses of all its names, an address of two names twice. */
  readonly links: number;
  /** Addresses of one name. */
  readonly perName: number;
}

export interface NamedAddress {
  readonly slot: number;
  /** Tick. */
  readonly expires: number;
}

/** The bit of `AddressTable.holders`. */
export const named = 2;

const none = 0xffff;

export class NameLinks {
  /** Names that made room for others. */
  evicted = 0;
  readonly #limits: NameLimits;
  readonly #table: AddressTable;
  /** Numbers of names. */
  readonly #known = new NameTable();
  // By name.
  #firstLink = new Uint16Array(0);
  #newer = new Uint16Array(0);
  #older = new Uint16Array(0);
  #lastUse = new Int32Array(0);
  #newest = none;
  #oldest = none;
  // By link.
  #slots = new Uint16Array(0);
  #names = new Uint16Array(0);
  #nextOfName = new Uint16Array(0);
  #nextOfSlot = new Uint16Array(0);
  #expires = new Int32Array(0);
  #linkCount = 0;
  #freeLink = none;
  /** By slot, link + 1, or 0: what was never written to needs no memory. */
  readonly #firstOfSlot: Uint16Array;

  constructor(table: AddressTable, limits: NameLimits) {
    this.#table = table;
    this.#limits = limits;
    this.#firstOfSlot = growing(Uint16Array, table.capacity, mostSlots);
  }

  get size(): number {
    return this.#known.size;
  }

  get links(): number {
    return this.#linkCount;
  }

  /** Without the texts. */
  get bytes(): number {
    return this.#known.bytes + this.#firstLink.length * 10 + this.#slots.length * 12 + this.#firstOfSlot.byteLength;
  }

  /** With the table. */
  grow(capacity: number): void {
    lengthen(this.#firstOfSlot, capacity);
  }

  /** The name's number, the newest now. It stays valid until another name is touched. */
  touch(name: string, now: number, hash = nameHash(name)): number {
    const known = this.#known.find(name, hash);
    if (known >= 0) {
      if (this.#newest !== known) {
        this.#unchain(known);
        this.#chain(known);
      }
      this.#lastUse[known] = now;
      return known;
    }
    if (this.#known.size >= this.#limits.names) this.#evict(this.#oldest);
    const index = this.#known.add(name, hash);
    if (index >= this.#firstLink.length) this.#growNames();
    this.#firstLink[index] = none;
    this.#lastUse[index] = now;
    this.#chain(index);
    return index;
  }

  /** The slot is one of the name's addresses until then; the later end counts. The slot must be held by somebody. */
  link(name: number, slot: number, expires: number): void {
    let [count, earliest] = [0, none];
    for (let link = this.#firstLink[name]; link !== none; link = this.#nextOfName[link]) {
      if (this.#slots[link] === slot) {
        if (isLater(expires, this.#expires[link])) this.#expires[link] = expires;
        return;
      }
      if (earliest === none || isLater(this.#expires[earliest], this.#expires[link])) earliest = link;
      count += 1;
    }
    if (count >= this.#limits.perName) this.#unlink(earliest);
    while (this.#linkCount >= this.#limits.links) {
      if (this.#oldest === name) this.#unlink(this.#firstLink[name]);
      else this.#evict(this.#oldest);
    }
    const link = this.#takeLink();
    this.#slots[link] = slot;
    this.#names[link] = name;
    this.#expires[link] = expires;
    this.#nextOfName[link] = this.#firstLink[name];
    this.#firstLink[name] = link;
    this.#nextOfSlot[link] = this.#linkOf(slot);
    this.#firstOfSlot[slot] = link + 1;
    this.#table.hold(slot, named);
  }

  /** Names of a slot, and until when each led to it. */
  *namesOf(slot: number): Iterable<{ readonly name: string; readonly expires: number }> {
    for (let link = this.#linkOf(slot); link !== none; link = this.#nextOfSlot[link]) {
      yield { name: this.#known.texts[this.#names[link]], expires: this.#expires[link] };
    }
  }

  /** Names, the one that was used last first. */
  *names(): Iterable<{ readonly name: string; readonly lastUse: number }> {
    for (let name = this.#newest; name !== none; name = this.#older[name]) {
      yield { name: this.#known.texts[name], lastUse: this.#lastUse[name] };
    }
  }

  *addressesOf(name: string): Iterable<NamedAddress> {
    const index = this.#known.find(name, nameHash(name));
    if (index < 0) return;
    for (let link = this.#firstLink[index]; link !== none; link = this.#nextOfName[link]) {
      yield { slot: this.#slots[link], expires: this.#expires[link] };
    }
  }

  /** Calls `name` for each name, the one not used for longest first, and `address` for each of its addresses after it: nothing is made for them. */
  visit(name: (text: string, lastUse: number) => void, address: (slot: number, expires: number) => void): void {
    for (let index = this.#oldest; index !== none; index = this.#newer[index]) {
      name(this.#known.texts[index], this.#lastUse[index]);
      for (let link = this.#firstLink[index]; link !== none; link = this.#nextOfName[link]) address(this.#slots[link], this.#expires[link]);
    }
  }

  forget(name: string): void {
    const index = this.#known.find(name, nameHash(name));
    if (index >= 0) this.#drop(index);
  }

  #evict(name: number): void {
    this.evicted += 1;
    this.#drop(name);
  }

  #drop(name: number): void {
    while (this.#firstLink[name] !== none) this.#unlink(this.#firstLink[name]);
    this.#unchain(name);
    this.#known.remove(name);
  }

  #chain(name: number): void {
    this.#older[name] = this.#newest;
    this.#newer[name] = none;
    if (this.#newest === none) this.#oldest = name;
    else this.#newer[this.#newest] = name;
    this.#newest = name;
  }

  #unchain(name: number): void {
    const [newer, older] = [this.#newer[name], this.#older[name]];
    if (newer === none) this.#newest = older;
    else this.#older[newer] = older;
    if (older === none) this.#oldest = newer;
    else this.#newer[older] = newer;
  }

  #unlink(link: number): void {
    const [name, slot] = [this.#names[link], this.#slots[link]];
    if (this.#firstLink[name] === link) this.#firstLink[name] = this.#nextOfName[link];
    else this.#nextOfName[before(this.#nextOfName, this.#firstLink[name], link)] = this.#nextOfName[link];
    const [first, next] = [this.#linkOf(slot), this.#nextOfSlot[link]];
    if (first === link) this.#firstOfSlot[slot] = next === none ? 0 : next + 1;
    else this.#nextOfSlot[before(this.#nextOfSlot, first, link)] = next;
    this.#nextOfName[link] = this.#freeLink;
    this.#freeLink = link;
    this.#linkCount -= 1;
    if (this.#firstOfSlot[slot] === 0) this.#table.release(slot, named);
  }

  /** The first of a slot. */
  #linkOf(slot: number): number {
    const number = this.#firstOfSlot[slot];
    return number === 0 ? none : number - 1;
  }

  #takeLink(): number {
    this.#linkCount += 1;
    if (this.#freeLink === none) this.#growLinks();
    const link = this.#freeLink;
    this.#freeLink = this.#nextOfName[link];
    return link;
  }

  #growNames(): void {
    const capacity = Math.min(this.#limits.names, Math.ceil(this.#firstLink.length * 1.5) + 8);
    this.#firstLink = extended(this.#firstLink, capacity);
    this.#newer = extended(this.#newer, capacity);
    this.#older = extended(this.#older, capacity);
    this.#lastUse = extended(this.#lastUse, capacity);
  }

  #growLinks(): void {
    const first = this.#slots.length;
    const capacity = Math.min(this.#limits.links, Math.ceil(first * 1.5) + 16);
    this.#slots = extended(this.#slots, capacity);
    this.#names = extended(this.#names, capacity);
    this.#nextOfName = extended(this.#nextOfName, capacity);
    this.#nextOfSlot = extended(this.#nextOfSlot, capacity);
    this.#expires = extended(this.#expires, capacity);
    for (let link = first; link < capacity; link += 1) this.#nextOfName[link] = link + 1 === capacity ? none : link + 1;
    this.#freeLink = first;
  }
}

/** The link of a list after which another stands. */
function before(next: Uint16Array, first: number, link: number): number {
  let at = first;
  while (next[at] !== link) at = next[at];
  return at;
}
