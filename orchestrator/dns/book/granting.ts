// Granting: the addresses of an answer become entries of the map, all of them or none; and what was not written is taken back.

import type { NameGrant } from '../matcher/set-matcher.ts';
import { type EndpointBook, holder } from './endpoint-book.ts';
import { endOfGrant } from './lifetime.ts';
import { type MapChanges, places } from './map-changes.ts';
import type { ToldAddresses } from './told.ts';

/** `full`: the pod has as many live addresses as it may have; `names`: an address would be granted under more than four live identities. */
export type GrantRefusal = 'full' | 'names';

export class Granting {
  /** Addresses that gave way to others. */
  evicted = 0;
  readonly #changes: MapChanges;
  /** Of one pod. */
  readonly #mostAddresses: number;
  /** Of the answer at hand, by its addresses; -1: not known yet. */
  readonly #known: Int32Array;
  // By entry of `changes`, of grants that are not written yet.
  readonly #books: EndpointBook[] = [];
  readonly #slots: Int32Array;
  readonly #isNew: Uint8Array;
  readonly #before: Int32Array;
  #canUndo = false;

  constructor(changes: MapChanges, mostAddresses: number) {
    this.#changes = changes;
    this.#mostAddresses = mostAddresses;
    this.#known = new Int32Array(changes.most);
    this.#slots = new Int32Array(changes.most);
    this.#isNew = new Uint8Array(changes.most);
    this.#before = new Int32Array(changes.most * places * 2);
  }

  /** Before the first of the grants that are written together. */
  begin(): void {
    this.#changes.clear();
    this.#canUndo = true;
  }

  /** Undefined: granted, and `changes` has what the map lacks, maybe nothing more than before. Else nothing has changed. */
  grant(book: EndpointBook, told: ToldAddresses, grants: readonly NameGrant[], now: number): GrantRefusal | undefined {
    if (grants.length === 0 || told.count === 0) return undefined;
    if (told.count > this.#changes.room) return 'full';
    const wanted = this.#look(book, told, grants, now);
    // Entries taken over from the map may be more than a pod may have: then each new one takes the place of an old one.
    let missing = Math.min(wanted, book.granted + wanted - this.#mostAddresses);
    if (missing > 0) missing -= this.#repeated(book, told, grants);
    const refusal = wanted < 0 ? 'names' : missing > 0 && !book.evictions.canTake(missing, now) ? 'full' : undefined;
    if (refusal === undefined) this.#apply(book, told, grants, now, missing);
    this.#unpin(book, told);
    return refusal;
  }

  /** The entries from `written` on did not come into the map: the books forget them. What was removed stays removed. */
  undo(written: number): void {
    if (!this.#canUndo) return;
    for (let entry = this.#changes.written - 1; entry >= written; entry -= 1) {
      const [book, slot] = [this.#books[entry], this.#slots[entry]];
      if (this.#isNew[entry] !== 0) book.leave(slot);
      else book.places.restore(slot, this.#before, entry * places * 2);
      book.evictions.forget();
    }
    this.#changes.written = Math.min(this.#changes.written, written);
  }

  /** What `changes` has next is no grant: there is nothing to be undone. */
  settle(): void {
    this.#canUndo = false;
  }

  /** How many addresses have no entry yet, or -1: one has too many names. Known slots are pinned: they make no room for the others. */
  #look(book: EndpointBook, told: ToldAddresses, grants: readonly NameGrant[], now: number): number {
    const { words, depths } = told;
    let [wanted, depth] = [0, -1];
    let identities: readonly number[] = [];
    let tooMany = false;
    for (let index = 0; index < told.count; index += 1) {
      if (depths[index] !== depth) {
        depth = depths[index];
        identities = identitiesAt(grants, depth);
      }
      const at = index * 4;
      const slot = book.table.find(words[at], words[at + 1], words[at + 2], words[at + 3]);
      this.#known[index] = slot;
      if (slot >= 0) book.table.hold(slot, holder.pinned);
      if (identities.length === 0) continue;
      if (slot < 0 || !book.isGranted(slot)) {
        wanted += 1;
        tooMany ||= identities.length > places;
      } else tooMany ||= !book.places.fits(slot, identities, now);
    }
    return tooMany ? -1 : wanted;
  }

  /** How many of those without an entry an answer has twice: that matters only where room is scarce. */
  #repeated(book: EndpointBook, { count, words, depths }: ToldAddresses, grants: readonly NameGrant[]): number {
    const seen = new Set<string>();
    let repeated = 0;
    for (let index = 0; index < count; index += 1) {
      const slot = this.#known[index];
      if ((slot >= 0 && book.isGranted(slot)) || !appliesAt(grants, depths[index])) continue;
      const text = words.subarray(index * 4, index * 4 + 4).join();
      if (seen.has(text)) repeated += 1;
      seen.add(text);
    }
    return repeated;
  }

  #unpin(book: EndpointBook, told: ToldAddresses): void {
    for (let index = 0; index < told.count; index += 1) {
      const slot = this.#known[index];
      if (slot >= 0) book.table.holders[slot] &= ~holder.pinned;
    }
  }

  #apply(book: EndpointBook, told: ToldAddresses, grants: readonly NameGrant[], now: number, missing: number): void {
    for (let left = missing; left > 0; left -= 1) {
      const slot = book.evictions.take(now);
      this.#changes.remove(book.table.words, slot * 4, book.id);
      book.leave(slot);
      this.evicted += 1;
    }
    for (let index = 0; index < told.count; index += 1) {
      const depth = told.depths[index];
      if (!appliesAt(grants, depth)) continue;
      const known = this.#known[index];
      const slot = known >= 0 ? known : book.slotFor(told.words, index * 4);
      const isNew = !book.isGranted(slot);
      if (isNew) book.enter(slot);
      this.#renew(book, slot, isNew, grants, { depth, ttl: told.ttls[index], now });
    }
  }

  #renew(
    book: EndpointBook,
    slot: number,
    isNew: boolean,
    grants: readonly NameGrant[],
    { depth, ttl, now }: { readonly depth: number; readonly ttl: number; readonly now: number },
  ): void {
    const entry = this.#changes.written;
    book.places.save(slot, this.#before, entry * places * 2);
    let changed = false;
    for (const grant of grants) {
      if (grant.depth > depth) continue;
      if (book.places.renew(slot, grant.identity, endOfGrant(now, ttl, grant.minTtl, grant.grace))) changed = true;
    }
    if (!changed) return;
    this.#books[entry] = book;
    this.#slots[entry] = slot;
    this.#isNew[entry] = isNew ? 1 : 0;
    if (isNew) book.evictions.noteEnd(book.places.end(slot));
    this.#changes.write(book.table.words, slot * 4, book.id, book.places.pairs, book.places.at(slot), book.places.width);
  }
}

function identitiesAt(grants: readonly NameGrant[], depth: number): readonly number[] {
  if (grants.length === 1) return grants[0].depth <= depth ? [grants[0].identity] : [];
  return [...new Set(grants.filter((grant) => grant.depth <= depth).map(({ identity }) => identity))];
}

function appliesAt(grants: readonly NameGrant[], depth: number): boolean {
  for (const grant of grants) if (grant.depth <= depth) return true;
  return false;
}
