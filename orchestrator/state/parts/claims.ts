// Who a derived row belongs to. Each unit of a derivation claims the rows it makes; when two claim one key, the smaller unit has it and
// the other waits, so that the outcome does not depend on who came first. Of two derivations into one table, the one wired first does.

import type { Key } from '../table.ts';
import type { TableWriter } from '../table-writer.ts';

const all = new WeakMap<object, Claims<never>>();

/** One for all derivations into a table. */
export function claimsOf<Row extends object>(writer: TableWriter<Row, string>): Claims<Row> {
  const found = (all.get(writer) as unknown as Claims<Row> | undefined) ?? new Claims(writer);
  all.set(writer, found as unknown as Claims<never>);
  return found;
}

/** Numbers before names: a table's keys are of one kind, but a unit may be named by another derivation. */
function isBefore(one: Key, other: Key): boolean {
  return typeof one === typeof other ? one < other : typeof one === 'number';
}

export class Claims<Row extends object> {
  readonly #writer: TableWriter<Row, string>;
  /** Unit → keys of the rows it makes. One that makes only the row of its own name, which is common, is not in here. */
  readonly #made = new Map<Key, readonly Key[]>();
  /** Key of a row → unit, where they differ. */
  readonly #owners = new Map<Key, Key>();
  /** Key of a row → the units that would have it too. */
  readonly #waiting = new Map<Key, Map<Key, Row>>();

  #derivations = 0;

  constructor(writer: TableWriter<Row, string>) {
    this.#writer = writer;
  }

  /** Another derivation; its number, and what its units are called here. Names of later ones sort after any key. */
  enter(): { readonly number: number; readonly nameOf: (unit: Key) => Key } {
    const number = ++this.#derivations;
    return { number, nameOf: number === 1 ? (unit) => unit : (unit) => `\uffff${number} ${unit}` };
  }

  /** Keys that more than one unit claims. */
  get contested(): number {
    return this.#waiting.size;
  }

  /** These are all the rows that the unit makes now, of one key the last; what it made before and makes no more goes. */
  assign(unit: Key, rows: readonly Row[]): void {
    const { key } = this.#writer.table.spec;
    const named = new Map(rows.map((row) => [key(row), row]));
    const keys = [...named.keys()];
    for (const old of this.#madeBy(unit)) if (!named.has(old)) this.#release(old, unit);
    for (const [name, row] of named) this.#claim(name, unit, row);
    if (keys.length === 0 || (keys.length === 1 && keys[0] === unit)) this.#made.delete(unit);
    else this.#made.set(unit, keys);
  }

  #madeBy(unit: Key): readonly Key[] {
    const made = this.#made.get(unit);
    if (made !== undefined) return made;
    return this.#ownerOf(unit) === unit || this.#waiting.get(unit)?.has(unit) ? [unit] : [];
  }

  #ownerOf(key: Key): Key | undefined {
    return this.#owners.get(key) ?? (this.#writer.table.get(key) === undefined ? undefined : key);
  }

  #own(key: Key, unit: Key, row: Row): void {
    if (unit === key) this.#owners.delete(key);
    else this.#owners.set(key, unit);
    this.#writer.put(row);
  }

  #claim(key: Key, unit: Key, row: Row): void {
    const owner = this.#ownerOf(key);
    if (owner === undefined || owner === unit) {
      this.#own(key, unit, row);
      return;
    }
    const waiting = this.#waiting.get(key) ?? new Map<Key, Row>();
    if (isBefore(unit, owner)) {
      waiting.delete(unit);
      waiting.set(owner, this.#writer.table.get(key) as Row);
      this.#own(key, unit, row);
    } else waiting.set(unit, row);
    this.#waiting.set(key, waiting);
  }

  #release(key: Key, unit: Key): void {
    const waiting = this.#waiting.get(key);
    if (this.#ownerOf(key) === unit) {
      const next = waiting && [...waiting.keys()].reduce((least, other) => (isBefore(other, least) ? other : least));
      if (next === undefined) {
        this.#owners.delete(key);
        this.#writer.delete(key);
      } else {
        this.#own(key, next, waiting?.get(next) as Row);
        waiting?.delete(next);
      }
    } else waiting?.delete(unit);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }
}
