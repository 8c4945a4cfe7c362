// Every table of a process by its name, for those who show any of them: `axoneme table NAME`, the API, a bug report.

import type { Table } from './table.ts';

/** A table of rows that the reader doesn't know; they print themselves. */
export type AnyTable = Table<never, string>;

export class TableRegistry {
  readonly #tables = new Map<string, AnyTable>();

  /** Two tables of one name are a mistake of the wiring. */
  add<Row>(table: Table<Row, string>): void {
    if (this.#tables.has(table.name)) throw new Error(`table registry: two tables are named "${table.name}"`);
    this.#tables.set(table.name, table as unknown as AnyTable);
  }

  get(name: string): AnyTable | undefined {
    return this.#tables.get(name);
  }

  names(): string[] {
    return [...this.#tables.keys()].sort();
  }
}
