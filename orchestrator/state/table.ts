// A table as its readers see it: immutable rows under a primary key, indexes, revisions. Only its writer (table-writer.ts) changes it.

import { Bell } from './bell.ts';
import type { Columns } from './columns.ts';
import { type Change, type Entry, Journal, type Stand } from './parts/journal.ts';
import { SourceMarks } from './parts/source-marks.ts';
import { type IndexKeys, keyList, TableIndex } from './parts/table-index.ts';
import { TableWriter } from './table-writer.ts';

export type Key = string | number;

export interface TableSpec<Row, Index extends string = never> {
  readonly name: string;
  /** The primary key; equal keys are one row. */
  readonly key: (row: Row) => Key;
  /** Name → key or keys of a row in that index; undefined leaves the row out of it. Pure. */
  readonly indexes?: { readonly [Name in Index]: IndexKeys<Row> };
  /** How a row is shown. */
  readonly columns: Columns<Row>;
  /** Sources that are known from the start; others come with `TableWriter.expect`. */
  readonly sources?: readonly string[];
  /** Whether two rows of one key say the same, so that writing one over the other is no change; by content when left out. */
  readonly isSame?: (one: Row, other: Row) => boolean;
}

/** What reader and writer of one table share. */
export interface TableParts<Row> {
  readonly spec: TableSpec<Row, string>;
  readonly rows: Map<Key, Entry<Row>>;
  readonly journal: Journal<Row>;
  readonly indexes: ReadonlyMap<string, TableIndex<Row>>;
  readonly marks: SourceMarks;
}

/** Makes an empty table. The writer goes to the one room that fills it, the table to everybody. */
export function openTable<Row extends object, Index extends string = never>(
  spec: TableSpec<Row, Index>,
): { table: Table<Row, Index>; writer: TableWriter<Row, Index> } {
  const indexes = Object.entries(spec.indexes ?? {}).map(([name, keysOf]) => [name, new TableIndex(keysOf as IndexKeys<Row>)] as const);
  const parts: TableParts<Row> = {
    spec: spec as TableSpec<Row, string>,
    rows: new Map(),
    journal: new Journal(),
    indexes: new Map(indexes),
    marks: new SourceMarks(),
  };
  for (const source of spec.sources ?? []) parts.marks.set(source, false);
  const table = new Table<Row, Index>(parts);
  return { table, writer: new TableWriter(table, parts) };
}

export class Table<Row, Index extends string = never> {
  readonly #parts: TableParts<Row>;

  constructor(parts: TableParts<Row>) {
    this.#parts = parts;
  }

  get spec(): TableSpec<Row, Index> {
    return this.#parts.spec;
  }

  get name(): string {
    return this.#parts.spec.name;
  }

  get size(): number {
    return this.#parts.rows.size;
  }

  /** Goes up by one with every change; 0 of an empty table. */
  get revision(): number {
    return this.#parts.journal.revision;
  }

  /** Deletions that some follower has yet to see. */
  get tombstones(): number {
    return this.#parts.journal.tombstones.size;
  }

  /** Whether every registered source has delivered its first full list. */
  get isInitialised(): boolean {
    return this.#parts.marks.isInitialised;
  }

  /** Sources whose first full list is awaited. */
  missingSources(): string[] {
    return this.#parts.marks.missing();
  }

  get(key: Key): Row | undefined {
    return this.#parts.rows.get(key)?.row;
  }

  /** When the row was last written, or deleted if somebody has yet to see that. */
  revisionOf(key: Key): number | undefined {
    return (this.#parts.rows.get(key) ?? this.#parts.journal.tombstones.get(key))?.revision;
  }

  /** In no particular order; to be read to its end before the table changes. */
  *rows(): Iterable<Row> {
    for (const { row } of this.#parts.rows.values()) yield row;
  }

  /** Rows under a key of an index, in no particular order; as `rows`. */
  *by(index: Index, key: Key): Iterable<Row> {
    for (const { row } of this.#index(index).entries(key)) yield row;
  }

  /** Their primary keys. */
  *keysBy(index: Index, key: Key): Iterable<Key> {
    for (const entry of this.#index(index).entries(key)) yield entry.key;
  }

  /** The keys that a row has in an index. */
  indexKeys(index: Index, row: Row): readonly Key[] {
    return keyList(this.#index(index).keysOf(row));
  }

  /** Begins before every row that there is. The bell, which may be shared, is rung at each change, also when it becomes initialised. */
  follow(bell: Bell = new Bell()): Follower<Row> {
    return new Follower(this.#parts.journal, bell);
  }

  #index(name: Index): TableIndex<Row> {
    const index = this.#parts.indexes.get(name);
    if (index === undefined) throw new Error(`table ${this.name}: no index: "${name}"`);
    return index;
  }
}

/** One reader's way through the changes of a table, independent of every other's. Deleted rows are kept for it until it closes. */
export class Follower<Row> {
  readonly bell: Bell;
  readonly #journal: Journal<Row>;
  readonly #stand: Stand;

  constructor(journal: Journal<Row>, bell: Bell) {
    this.bell = bell;
    this.#journal = journal;
    this.#stand = journal.enter(bell);
    bell.ring();
  }

  /** Every change up to this revision was taken. */
  get revision(): number {
    return this.#stand.seen;
  }

  get isBehind(): boolean {
    return this.#journal.isBehind(this.#stand);
  }

  /** What changed since the last call, oldest first, each row once and as it is now; at most `limit` of them. */
  take(limit = Number.POSITIVE_INFINITY): Change<Row>[] {
    return this.#journal.take(this.#stand, limit);
  }

  /** May be repeated. */
  close(): void {
    this.#journal.leave(this.#stand);
  }
}
