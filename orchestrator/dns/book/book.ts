// The book: what every pod was told, and the entries of the map of grants that follow from it. Calls that change entries leave them in
// `changes`, to be written before anything else is called. Those that may change many are generators: at each stop there is something to be
// written, and other calls may come in between.

import { formatAddress, fromMapped } from '../../net/address.ts';
import type { NameGrant } from '../matcher/set-matcher.ts';
import { nameHash } from '../name-table.ts';
import { mostSlots } from './address-table.ts';
import { EndpointBook, holder } from './endpoint-book.ts';
import { Granting, type GrantRefusal } from './granting.ts';
import { endOfTtl, isLater, secondsLeft } from './lifetime.ts';
import { MapChanges, valueBytes } from './map-changes.ts';
import type { NameLimits } from './name-links.ts';
import { namesBytes, restoreNames } from './snapshot.ts';
import type { ToldAddresses } from './told.ts';

export interface BookLimits extends Partial<NameLimits> {
  /** Addresses granted to one pod. */
  readonly addresses?: number;
  /** Of one answer: see LearningLimits. */
  readonly records?: number;
}

export interface BookCounts {
  readonly endpoints: number;
  /** Entries of the map. */
  readonly addresses: number;
  readonly names: number;
  readonly evictedAddresses: number;
  readonly evictedNames: number;
  /** Of packed arrays. */
  readonly bytes: number;
}

export interface NameOfAddress {
  readonly name: string;
  /** Tick at which the last answer ended. */
  readonly expires: number;
}

/** A name as one pod knows it. */
export interface CachedName {
  readonly endpoint: number;
  readonly name: string;
  /** Tick. */
  readonly lastUse: number;
  readonly addresses: readonly { readonly address: string; readonly expires: number }[];
}

const defaults = { addresses: 16_384, names: 2048, links: 16_384, perName: 256, records: 1024 };
const noIdentities: readonly number[] = [];

export class Book {
  readonly changes: MapChanges;
  readonly #limits: Required<BookLimits>;
  readonly #endpoints = new Map<number, EndpointBook>();
  readonly #granting: Granting;
  /** Of pods that are gone. */
  #evictedNames = 0;
  readonly #words = new Int32Array(4);
  readonly #wordBytes = new Uint8Array(this.#words.buffer);

  constructor(limits: BookLimits = {}) {
    this.#limits = { ...defaults, ...limits };
    const { addresses, links, names, perName, records } = this.#limits;
    if (addresses + links + records > mostSlots) throw new RangeError(`DNS book: more than ${mostSlots} addresses for one pod`);
    if (names > mostSlots) throw new RangeError(`DNS book: more than ${mostSlots} names for one pod: ${names}`);
    if (perName > records) throw new RangeError(`DNS book: more addresses for a name than an answer has: ${perName}`);
    this.changes = new MapChanges(records);
    this.#granting = new Granting(this.changes, addresses);
  }

  get endpoints(): Iterable<number> {
    return this.#endpoints.keys();
  }

  /** Grants what an answer told: all of it, or nothing and why. The answer is released once `changes` are in the map. */
  grant(endpoint: number, told: ToldAddresses, grants: readonly NameGrant[], now: number): GrantRefusal | undefined {
    this.begin();
    return this.grantMore(endpoint, told, grants, now);
  }

  /** Before grants that are written together. */
  begin(): void {
    this.#granting.begin();
  }

  /** `grant`, to be written with what was granted since `begin`: `changes.room` must be enough for its addresses. */
  grantMore(endpoint: number, told: ToldAddresses, grants: readonly NameGrant[], now: number): GrantRefusal | undefined {
    return this.#granting.grant(this.#of(endpoint), told, grants, now);
  }

  /**
   * The entries from `written` on could not be written. Those of grants, or of a stop of `regrant`, the book takes back; whatever else
   * changes entries makes them less, and is to be tried again.
   */
  undo(written: number): void {
    this.#granting.undo(written);
  }

  /** Remembers that a name led to addresses: those that are as deep in the chain as the name, or deeper. */
  note(endpoint: number, name: string, told: ToldAddresses, now: number, depth = 0, hash = nameHash(name)): void {
    if (told.count === 0) return;
    const book = this.#of(endpoint);
    const number = book.names.touch(name, now, hash);
    for (let index = 0; index < told.count; index += 1) {
      if (told.depths[index] >= depth) book.link(number, told.words, index * 4, endOfTtl(now, told.ttls[index]));
    }
  }

  /** Enters what is in the map already. False: there is no room for it, and it should be removed from the map. */
  takeOver(endpoint: number, address: Uint8Array, at: number, value: DataView, valueAt: number): boolean {
    const book = this.#of(endpoint);
    this.#read(address, at);
    if (book.granted >= mostSlots - this.#limits.links - this.#limits.records) return false;
    const slot = book.slotFor(this.#words, 0);
    if (!book.isGranted(slot)) book.enter(slot);
    for (let place = valueAt; place < valueAt + valueBytes; place += 8) {
      const identity = value.getInt32(place, true);
      if (identity !== 0) book.places.renew(slot, identity, value.getInt32(place + 4, true));
    }
    return true;
  }

  /** Identities that an address of 16 bytes is granted under now. */
  identities(endpoint: number, address: Uint8Array, at: number, now: number): readonly number[] {
    const book = this.#endpoints.get(endpoint);
    const slot = book === undefined ? -1 : this.#find(book, address, at);
    if (book === undefined || slot < 0 || !book.isLive(slot, now)) return noIdentities;
    return book.places.live(slot, now);
  }

  /** Names that led the pod to an address of 16 bytes, expired ones too. */
  namesOf(endpoint: number, address: Uint8Array, at: number): NameOfAddress[] {
    const book = this.#endpoints.get(endpoint);
    const slot = book === undefined ? -1 : this.#find(book, address, at);
    return book === undefined || slot < 0 ? [] : [...book.names.namesOf(slot)];
  }

  /** Names that a pod knows, the last used one first. */
  *names(endpoint: number): Iterable<CachedName> {
    const book = this.#endpoints.get(endpoint);
    if (book === undefined) return;
    for (const { name, lastUse } of book.names.names()) {
      const addresses = [...book.names.addressesOf(name)].map(({ slot, expires }) => ({ address: this.#text(book, slot), expires }));
      yield { endpoint, name, lastUse, addresses };
    }
  }

  /** The names of a pod, for `restoreNames` of a later process. */
  namesBytes(endpoint: number): Buffer {
    const book = this.#endpoints.get(endpoint);
    return book === undefined ? Buffer.alloc(0) : namesBytes(book);
  }

  /** How many names there were. */
  restoreNames(endpoint: number, bytes: Uint8Array): number {
    return restoreNames(this.#of(endpoint), bytes);
  }

  /** Grants again what is remembered and has not ended: for a pod whose rules have changed. Who is refused stays as it was. */
  *regrant(endpoint: number, grantsOf: (name: string) => readonly NameGrant[], now: number): Iterable<void> {
    const book = this.#endpoints.get(endpoint);
    if (book === undefined) return;
    for (const name of [...book.names.names()].map(({ name }) => name)) {
      if (this.#endpoints.get(endpoint) !== book) return;
      const grants = grantsOf(name);
      const lacks = (slot: number): boolean => {
        const live = book.isGranted(slot) ? book.places.live(slot, now) : noIdentities;
        return grants.some(({ identity }) => !live.includes(identity));
      };
      const left = [...book.names.addressesOf(name)].filter(({ slot, expires }) => isLater(expires, now) && lacks(slot));
      if (left.length === 0) continue;
      const words = new Int32Array(left.length * 4);
      for (const [index, { slot }] of left.entries()) words.set(book.table.words.subarray(slot * 4, slot * 4 + 4), index * 4);
      const ttls = left.map(({ expires }) => secondsLeft(expires, now));
      this.#granting.begin();
      this.#granting.grant(book, { count: left.length, words, ttls, depths: new Uint8Array(left.length) }, grants, now);
      if (this.changes.removed + this.changes.written > 0) yield;
    }
  }

  /** Withdraws what a pod has under identities that its rules no longer know. */
  *retain(endpoint: number, isKept: (identity: number) => boolean): Iterable<void> {
    const book = this.#endpoints.get(endpoint);
    if (book === undefined) return;
    const { changes } = this;
    this.#granting.settle();
    changes.clear();
    for (let slot = 0; slot < book.table.capacity; slot += 1) {
      if (!book.isGranted(slot) || !book.places.retain(slot, isKept)) continue;
      if (book.places.isEmpty(slot)) this.#remove(book, slot);
      else changes.write(book.table.words, slot * 4, book.id, book.places.pairs, book.places.at(slot), book.places.width);
      if (changes.isFull) {
        yield;
        changes.clear();
      }
    }
    book.evictions.forget();
    if (changes.removed + changes.written > 0) yield;
  }

  /** Forgets a pod: its entries are to be removed. */
  *remove(endpoint: number): Iterable<void> {
    const book = this.#endpoints.get(endpoint);
    if (book === undefined) return;
    yield* this.#removeWhere(book, () => true);
    this.#endpoints.delete(endpoint);
    this.#evictedNames += book.names.evicted;
  }

  /** Forgets a name, and withdraws the addresses that no other name led to. */
  *forget(endpoint: number, name: string): Iterable<void> {
    const book = this.#endpoints.get(endpoint);
    if (book === undefined) return;
    const slots = [...book.names.addressesOf(name)].map(({ slot }) => slot);
    book.names.forget(name);
    this.#granting.settle();
    this.changes.clear();
    for (const slot of slots) if (book.isGranted(slot) && (book.table.holders[slot] & holder.named) === 0) this.#remove(book, slot);
    if (this.changes.removed > 0) yield;
  }

  /** Before connections are listed: what has expired by now may go, unless a connection is found that goes there. */
  beginSweep(now: number): void {
    for (const book of this.#endpoints.values()) {
      const { holders, capacity } = book.table;
      for (let slot = 0; slot < capacity; slot += 1) {
        if ((holders[slot] & holder.granted) === 0) continue;
        holders[slot] &= ~(holder.inUse | holder.expired);
        if (!isLater(book.places.end(slot), now)) holders[slot] |= holder.expired;
      }
    }
  }

  /** Addresses of a pod that had expired when the sweep began, 16 bytes each. */
  expired(endpoint: number): Uint8Array {
    const book = this.#endpoints.get(endpoint);
    if (book === undefined) return new Uint8Array(0);
    const { holders, words, capacity } = book.table;
    const found = Array.from({ length: capacity }, (_, slot) => slot).filter((slot) => (holders[slot] & holder.expired) !== 0);
    const copy = new Int32Array(found.length * 4);
    for (const [index, slot] of found.entries()) copy.set(words.subarray(slot * 4, slot * 4 + 4), index * 4);
    return new Uint8Array(copy.buffer);
  }

  /** A connection of the pod goes to that address of 16 bytes. */
  markInUse(endpoint: number, address: Uint8Array, at: number): void {
    const book = this.#endpoints.get(endpoint);
    const slot = book === undefined ? -1 : this.#find(book, address, at);
    if (book !== undefined && slot >= 0 && book.isGranted(slot)) book.table.hold(slot, holder.inUse);
  }

  /** After all of them were marked: removes what nobody uses. */
  *endSweep(now: number): Iterable<void> {
    for (const book of this.#endpoints.values()) {
      yield* this.#removeWhere(
        book,
        (slot) => (book.table.holders[slot] & (holder.expired | holder.inUse)) === holder.expired && !isLater(book.places.end(slot), now),
      );
    }
  }

  /** How many addresses are granted under each identity now. */
  liveGrants(now: number): Map<number, number> {
    const counts = new Map<number, number>();
    for (const book of this.#endpoints.values()) {
      for (let slot = 0; slot < book.table.capacity; slot += 1) {
        if (!book.isGranted(slot)) continue;
        for (const identity of book.places.live(slot, now)) counts.set(identity, (counts.get(identity) ?? 0) + 1);
      }
    }
    return counts;
  }

  counts(): BookCounts {
    let [addresses, names, bytes, evictedNames] = [0, 0, 0, this.#evictedNames];
    for (const book of this.#endpoints.values()) {
      addresses += book.granted;
      names += book.names.size;
      bytes += book.bytes;
      evictedNames += book.names.evicted;
    }
    return { endpoints: this.#endpoints.size, addresses, names, evictedAddresses: this.#granting.evicted, evictedNames, bytes };
  }

  *#removeWhere(book: EndpointBook, isGone: (slot: number) => boolean): Iterable<void> {
    const { changes } = this;
    this.#granting.settle();
    changes.clear();
    for (let slot = 0; slot < book.table.capacity; slot += 1) {
      if (!book.isGranted(slot) || !isGone(slot)) continue;
      this.#remove(book, slot);
      if (!changes.isFull) continue;
      yield;
      changes.clear();
    }
    if (changes.removed > 0) yield;
  }

  #remove(book: EndpointBook, slot: number): void {
    this.changes.remove(book.table.words, slot * 4, book.id);
    book.leave(slot);
  }

  #of(endpoint: number): EndpointBook {
    let book = this.#endpoints.get(endpoint);
    if (book === undefined) {
      book = new EndpointBook(endpoint, this.#limits);
      this.#endpoints.set(endpoint, book);
    }
    return book;
  }

  #read(address: Uint8Array, at: number): void {
    for (let index = 0; index < 16; index += 1) this.#wordBytes[index] = address[at + index];
  }

  #find(book: EndpointBook, address: Uint8Array, at: number): number {
    this.#read(address, at);
    return book.table.find(this.#words[0], this.#words[1], this.#words[2], this.#words[3]);
  }

  #text(book: EndpointBook, slot: number): string {
    this.#words.set(book.table.words.subarray(slot * 4, slot * 4 + 4));
    return formatAddress(fromMapped(this.#wordBytes));
  }
}
