// Derived tables: a pure function from rows to rows, run again for what changed. What it may look at is declared, and so the engine
// knows whom a change concerns; the function itself has no table, no clock and no promise.

import type { Clock } from './clock.ts';
import { Derivation, type Input } from './parts/derivation.ts';
import type { Key, Table } from './table.ts';
import type { TableWriter } from './table-writer.ts';

/** Rows of another table that belong to a unit. `Via`: the driving table's index whose keys lead there. */
export interface Join<Via extends string, Found> {
  readonly table: Table<never, string>;
  /** Without one, the unit's own key leads there. */
  readonly via: Via | undefined;
  /** The keys by which a row is found. */
  keysOf(row: never): readonly Key[];
  find(keys: readonly Key[]): Found;
  /** Whether a row that changes may be found by other keys than before. */
  readonly isMoving: boolean;
}

/** The row whose primary key is the unit's, or that of the driving row's index `via`; of several, the first that is there. */
export function one<Row, Via extends string = never>(table: Table<Row, string>, via?: Via): Join<Via, Row | undefined> {
  return {
    table: table as unknown as Table<never, string>,
    via,
    keysOf: (row) => [table.spec.key(row)],
    find: (keys) => keys.map((key) => table.get(key)).find((row) => row !== undefined),
    isMoving: false,
  };
}

/** The rows that have the same key in their index `on`, each once and by primary key, which is the same after any history. */
export function many<Row, On extends string, Via extends string = never>(
  table: Table<Row, On>,
  on: On,
  via?: Via,
): Join<Via, readonly Row[]> {
  return {
    table: table as unknown as Table<never, string>,
    via,
    keysOf: (row) => table.indexKeys(on, row),
    find: (keys) => rowsOf(table, on, keys),
    isMoving: true,
  };
}

function rowsOf<Row, On extends string>(table: Table<Row, On>, on: On, keys: readonly Key[]): Row[] {
  const found = new Set(keys.flatMap((key) => [...table.keysBy(on, key)]));
  const sorted = found.size < 2 ? [...found] : [...found].sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((key) => table.get(key) as Row);
}

type Joins<Via extends string> = { readonly [name: string]: Join<Via, unknown> };
type FoundBy<J> = { readonly [Name in keyof J]: J[Name] extends Join<string, infer Found> ? Found : never };
type Made<Out> = Out | readonly Out[] | undefined;

/** For each row of `from`, with the rows that `join` finds for it. */
export function derive<Row, Index extends string, J extends Joins<Index>, Out extends object>(options: {
  readonly from: Table<Row, Index>;
  readonly join?: J;
  readonly into: TableWriter<Out, string>;
  /** Pure and total: nothing but its arguments, never an exception. */
  readonly make: (row: Row, found: FoundBy<J>) => Made<Out>;
  readonly clock?: Clock;
}): Derivation<Out> {
  const { from, join = {} as J, into, make, clock } = options;
  const joins = Object.entries(join);
  return new Derivation<Out>({
    into,
    clock,
    inputs: [
      inputOf({ table: from, unitsOf: (row) => [from.spec.key(row)], isMoving: false }),
      ...joins.map(([, joined]) => inputOf({ ...joined, unitsOf: (row) => unitsOf(from as Table<unknown, string>, joined, row) })),
    ],
    make: (unit) => {
      const row = from.get(unit);
      if (row === undefined) return [];
      const found = joins.map(([name, { via, find }]) => [name, find(via === undefined ? [unit] : from.indexKeys(via, row))]);
      return listed(make(row, Object.fromEntries(found)));
    },
  });
}

/** For each key that a row of `from` has in the index `by`, or a joined row is found by, with the rows that share it, by primary key. */
export function deriveGroups<Row, Index extends string, J extends Joins<never>, Out extends object>(options: {
  readonly from: Table<Row, Index>;
  readonly by: Index;
  readonly join?: J;
  readonly into: TableWriter<Out, string>;
  /** Pure and total: nothing but its arguments, never an exception. */
  readonly make: (key: Key, rows: readonly Row[], found: FoundBy<J>) => Made<Out>;
  readonly clock?: Clock;
}): Derivation<Out> {
  const { from, by, join = {} as J, into, make, clock } = options;
  const joins = Object.entries(join);
  return new Derivation<Out>({
    into,
    clock,
    inputs: [
      inputOf({ table: from, unitsOf: (row) => from.indexKeys(by, row), isMoving: true }),
      ...joins.map(([, joined]) => inputOf({ ...joined, unitsOf: (row) => joined.keysOf(row) })),
    ],
    make: (unit) => {
      const rows = rowsOf(from, by, [unit]);
      const found = joins.map(([name, { find }]) => [name, find([unit])] as const);
      // From scratch nobody would ask about a key that is nowhere; so it must not matter that once it was somewhere.
      const isNowhere = rows.length === 0 && found.every(([, what]) => what === undefined || (Array.isArray(what) && what.length === 0));
      return isNowhere ? [] : listed(make(unit, rows, Object.fromEntries(found) as FoundBy<J>));
    },
  });
}

/** Rows of `from` that look for a joined row under one of its keys. */
function unitsOf(from: Table<unknown, string>, { via, keysOf }: Join<string, unknown>, row: never): readonly Key[] {
  const keys = keysOf(row);
  return via === undefined ? keys : keys.flatMap((key) => [...from.keysBy(via, key)]);
}

/** The engine never looks into a row: what reads it comes with the table it is from. */
function inputOf<Row>(input: Input<Row>): Input<never> {
  return input as unknown as Input<never>;
}

function listed<Out>(made: Made<Out>): readonly Out[] {
  if (made === undefined) return [];
  return Array.isArray(made) ? made : [made as Out];
}
