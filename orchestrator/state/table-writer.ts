// The right to change a table: one room has it. Writing what is there already is no change.

import { isSame } from './parts/equality.ts';
import { Entry } from './parts/journal.ts';
import type { Key, Table, TableParts } from './table.ts';

export class TableWriter<Row extends object, Index extends string = never> {
  readonly table: Table<Row, Index>;
  readonly #parts: TableParts<Row>;

  constructor(table: Table<Row, Index>, parts: TableParts<Row>) {
    this.table = table;
    this.#parts = parts;
  }

  /** Inserts or replaces; the row is frozen. Tells whether that changed anything. */
  put(row: Row): boolean {
    const { spec, rows, journal, indexes } = this.#parts;
    const key = spec.key(row);
    let entry = rows.get(key);
    const before = entry?.row;
    if (before !== undefined && (spec.isSame ?? isSame)(before, row)) return false;
    if (entry === undefined) {
      journal.exhume(key);
      entry = new Entry(key, row);
      rows.set(key, entry);
    }
    entry.row = Object.freeze(row) as Row;
    for (const index of indexes.values()) index.move(entry, before, row);
    journal.append(entry);
    return true;
  }

  /** An absent row is not an error; tells whether there was one. */
  delete(key: Key): boolean {
    const { rows, journal, indexes } = this.#parts;
    const entry = rows.get(key);
    if (entry === undefined) return false;
    rows.delete(key);
    entry.isDeleted = true;
    for (const index of indexes.values()) index.move(entry, entry.row, undefined);
    journal.append(entry);
    return true;
  }

  /**
   * A full list: what is new or different is written, and what is not in it is deleted. With `within`, only rows for which it holds are
   * deleted: those that this source had delivered.
   */
  replace(list: Iterable<Row>, within: (row: Row) => boolean = () => true): void {
    const { spec, rows } = this.#parts;
    const listed = new Set<Key>();
    for (const row of list) {
      this.put(row);
      listed.add(spec.key(row));
    }
    for (const { key, row } of [...rows.values()]) if (!listed.has(key) && within(row)) this.delete(key);
  }

  /** The table is not initialised until this source has delivered its first full list; may be repeated when that is so again. */
  expect(source: string): void {
    this.#mark(source, false);
  }

  /** The source's first full list has been written. May be repeated. */
  delivered(source: string): void {
    if (!this.#parts.marks.has(source)) throw new Error(`table ${this.table.name}: nobody expects the source: "${source}"`);
    this.#mark(source, true);
  }

  /** The source is there no more, and nobody waits for it. */
  forget(source: string): void {
    this.#mark(source, undefined);
  }

  #mark(source: string, delivered: boolean | undefined): void {
    if (this.#parts.marks.set(source, delivered)) this.#parts.journal.ring();
  }
}
