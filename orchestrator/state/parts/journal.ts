// The order of a table's changes: one ring of places, oldest first. A row stands where it last changed, a deleted one leaves a
// tombstone there, and a follower is a place too: what comes after it, it has not seen. So each step costs what changed, never the table.

import type { Bell } from '../bell.ts';
import type { Key } from '../table.ts';

interface Place {
  before: Place;
  after: Place;
}

/** A row's place. It stays the same object while the row is replaced; deleted, it is the tombstone. */
export class Entry<Row> implements Place {
  before: Place = this;
  after: Place = this;
  readonly key: Key;
  row: Row;
  revision = 0;
  isDeleted = false;

  constructor(key: Key, row: Row) {
    this.key = key;
    this.row = row;
  }
}

/** The state of one row as a follower finds it. */
export interface Change<Row> {
  readonly key: Key;
  /** When deleted, the last one. */
  readonly row: Row;
  readonly isDeleted: boolean;
  readonly revision: number;
}

export interface Stand extends Place {
  /** The table's revision when it entered: rows that were deleted by then are none of its concern. */
  readonly since: number;
  /** Revision of the last change that was taken. */
  seen: number;
  readonly bell: Bell;
}

export class Journal<Row> {
  readonly #ring: Place;
  /** In the order of revisions: a row that comes again is another entry, and its tombstone goes. */
  readonly #tombstones = new Map<Key, Entry<Row>>();
  readonly #stands = new Set<Stand>();
  #revision = 0;

  constructor() {
    const ring = {} as Place;
    ring.before = ring.after = ring;
    this.#ring = ring;
  }

  /** Of the last change; 0 before the first. */
  get revision(): number {
    return this.#revision;
  }

  get tombstones(): ReadonlyMap<Key, Entry<Row>> {
    return this.#tombstones;
  }

  /** The entry has changed just now. */
  append(entry: Entry<Row>): void {
    unlink(entry);
    link(entry, this.#ring);
    entry.revision = ++this.#revision;
    if (entry.isDeleted) {
      if (this.#stands.size === 0) unlink(entry);
      else this.#tombstones.set(entry.key, entry);
    }
    this.ring();
  }

  /** A deleted row comes again: its tombstone has nothing more to tell. */
  exhume(key: Key): void {
    const tombstone = this.#tombstones.get(key);
    if (tombstone === undefined) return;
    this.#tombstones.delete(key);
    unlink(tombstone);
  }

  ring(): void {
    for (const { bell } of this.#stands) bell.ring();
  }

  /** A place before every row that there is; the bell is rung at every change. */
  enter(bell: Bell): Stand {
    const stand = { since: this.#revision, seen: 0, bell } as Stand;
    link(stand, this.#ring.after);
    this.#stands.add(stand);
    return stand;
  }

  leave(stand: Stand): void {
    if (!this.#stands.delete(stand)) return;
    unlink(stand);
    this.#bury();
  }

  isBehind(stand: Stand): boolean {
    return stand.seen < this.#revision && this.#nextOf(stand) !== undefined;
  }

  /** The oldest changes that were not taken, at most `limit`. */
  take(stand: Stand, limit: number): Change<Row>[] {
    const taken: Change<Row>[] = [];
    if (!this.#stands.has(stand)) return taken;
    let last: Place = stand;
    for (let next = this.#nextOf(last); next !== undefined && taken.length < limit; next = this.#nextOf(last)) {
      const { key, row, isDeleted, revision } = next;
      if (!isDeleted || revision > stand.since) taken.push({ key, row, isDeleted, revision });
      last = next;
    }
    if (last !== stand) {
      unlink(stand);
      link(stand, last.after);
    }
    stand.seen = this.#nextOf(stand) === undefined ? this.#revision : (taken.at(-1)?.revision ?? stand.seen);
    this.#bury();
    return taken;
  }

  #nextOf(place: Place): Entry<Row> | undefined {
    let next = place.after;
    while (next !== this.#ring && !(next instanceof Entry)) next = next.after;
    return next === this.#ring ? undefined : (next as Entry<Row>);
  }

  /** Tombstones that everybody has seen go. */
  #bury(): void {
    if (this.#tombstones.size === 0) return;
    let seen = this.#revision;
    for (const stand of this.#stands) seen = Math.min(seen, stand.seen);
    for (const tombstone of this.#tombstones.values()) {
      if (tombstone.revision > seen) return;
      this.exhume(tombstone.key);
    }
  }
}

function link(place: Place, after: Place): void {
  place.before = after.before;
  place.after = after;
  after.before.after = place;
  after.before = place;
}

function unlink(place: Place): void {
  place.before.after = place.after;
  place.after.before = place.before;
  place.before = place.after = place;
}
