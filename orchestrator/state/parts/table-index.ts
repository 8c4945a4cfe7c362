// A secondary index: rows by a key that several may share, or that one row may have several of.

import type { Key } from '../table.ts';
import type { Entry } from './journal.ts';

export type IndexKeys<Row> = (row: Row) => Key | readonly Key[] | undefined;

/** The keys as a list, whichever way they were given. */
export function keyList(keys: Key | readonly Key[] | undefined): readonly Key[] {
  if (keys === undefined) return [];
  return typeof keys === 'object' ? keys : [keys];
}

export class TableIndex<Row> {
  readonly keysOf: IndexKeys<Row>;
  /** Most keys of most indexes have one row, for which a set would cost more than the row. */
  readonly #entries = new Map<Key, Entry<Row> | Set<Entry<Row>>>();

  constructor(keysOf: IndexKeys<Row>) {
    this.keysOf = keysOf;
  }

  *entries(key: Key): Iterable<Entry<Row>> {
    const found = this.#entries.get(key);
    if (found instanceof Set) yield* found;
    else if (found !== undefined) yield found;
  }

  keys(): Iterable<Key> {
    return this.#entries.keys();
  }

  /** `before` is the row that the entry had, if it had one; without a row after it the entry leaves. */
  move(entry: Entry<Row>, before: Row | undefined, after: Row | undefined): void {
    const old = before === undefined ? undefined : this.keysOf(before);
    const now = after === undefined ? undefined : this.keysOf(after);
    if (old === now) return;
    const [oldKeys, newKeys] = [keyList(old), keyList(now)];
    for (const key of oldKeys) if (!newKeys.includes(key)) this.#remove(key, entry);
    for (const key of newKeys) if (!oldKeys.includes(key)) this.#add(key, entry);
  }

  #add(key: Key, entry: Entry<Row>): void {
    const found = this.#entries.get(key);
    if (found === undefined) this.#entries.set(key, entry);
    else if (found instanceof Set) found.add(entry);
    else if (found !== entry) this.#entries.set(key, new Set([found, entry]));
  }

  #remove(key: Key, entry: Entry<Row>): void {
    const found = this.#entries.get(key);
    if (found instanceof Set) {
      found.delete(entry);
      if (found.size === 0) this.#entries.delete(key);
    } else if (found === entry) this.#entries.delete(key);
  }
}
