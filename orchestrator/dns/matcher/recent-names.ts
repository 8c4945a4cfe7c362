// Recent names: what was found out about a name, remembered in bounded room. Two generations: what is asked for again while the younger one
// fills up moves into it, the rest goes with the older.

import { mostNames, NameTable, nameHash } from '../name-table.ts';

interface Generation<Value> {
  readonly names: NameTable;
  /** By number of the name. */
  readonly values: Value[];
}

export class RecentNames<Value extends object> {
  readonly #most: number;
  #young: Generation<Value> = { names: new NameTable(), values: [] };
  #old: Generation<Value> = this.#young;

  /** Up to twice as many are remembered. */
  constructor(most: number) {
    if (most > mostNames) throw new RangeError(`DNS names: more than ${mostNames} to be remembered: ${most}`);
    this.#most = most;
  }

  get(name: string, hash = nameHash(name)): Value | undefined {
    const young = this.#young;
    const number = young.names.find(name, hash);
    return number >= 0 ? young.values[number] : this.#older(name, hash);
  }

  set(name: string, value: Value, hash = nameHash(name)): void {
    if (this.#young.names.size >= this.#most) {
      this.#old = this.#young;
      this.#young = { names: new NameTable(), values: [] };
    }
    const { names, values } = this.#young;
    const known = names.find(name, hash);
    values[known >= 0 ? known : names.add(name, hash)] = value;
  }

  get size(): number {
    return this.#young.names.size + (this.#old === this.#young ? 0 : this.#old.names.size);
  }

  #older(name: string, hash: number): Value | undefined {
    const { names, values } = this.#old;
    const number = names.find(name, hash);
    if (number < 0) return undefined;
    const value = values[number];
    this.set(name, value, hash);
    return value;
  }
}
