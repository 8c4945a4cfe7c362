// Claims: rows of one kind, each wanted by one owner or more. One of them has it, and what became different is told.

export interface ClaimChange<Row> {
  readonly put: readonly Row[];
  readonly removed: readonly string[];
}

/** The row that counts, of claims in the order of their owners. */
export type Choose<Row> = (rows: readonly Row[]) => Row;

export class Claims<Row extends { readonly key: string }> {
  readonly #choose: Choose<Row>;
  readonly #rowsOf = new Map<string, ReadonlyMap<string, Row>>();
  /** Who comes first. */
  readonly #rankOf = new Map<string, string>();
  /** Most rows have one owner. */
  readonly #owners = new Map<string, string | string[]>();
  readonly #told = new Map<string, Row>();
  readonly #touched = new Set<string>();
  readonly #disputed = new Set<string>();

  constructor(choose: Choose<Row>) {
    this.#choose = choose;
  }

  /** All that an owner wants now. Owners of a lower rank, as text, come first. Of rows of one key in a list, the chosen one counts. */
  replace(owner: string, rows: readonly Row[], rank: string): void {
    const before = this.#rowsOf.get(owner);
    const now = new Map<string, Row>();
    for (const row of rows) {
      const other = now.get(row.key);
      now.set(row.key, other === undefined ? row : this.#choose([other, row]));
    }
    for (const key of before?.keys() ?? []) if (!now.has(key)) this.#drop(key, owner);
    for (const key of now.keys()) {
      if (before?.has(key) !== true) this.#add(key, owner);
      this.#touched.add(key);
    }
    if (now.size > 0) {
      this.#rowsOf.set(owner, now);
      this.#rankOf.set(owner, rank);
    } else {
      this.#rowsOf.delete(owner);
      this.#rankOf.delete(owner);
    }
  }

  takeChanges(): ClaimChange<Row> {
    const put: Row[] = [];
    const removed: string[] = [];
    for (const key of [...this.#touched].sort()) {
      const row = this.#chosen(key);
      const before = this.#told.get(key);
      if (row === undefined) {
        if (this.#told.delete(key)) removed.push(key);
        continue;
      }
      if (before !== undefined && isSame(before, row)) continue;
      this.#told.set(key, row);
      put.push(row);
    }
    this.#touched.clear();
    return { put, removed };
  }

  /** As of the last `takeChanges`. */
  rows(): Iterable<Row> {
    return this.#told.values();
  }

  /** Rows of several owners; the first has it, but where rows themselves say otherwise. */
  disputed(): { key: string; owners: string[] }[] {
    return [...this.#disputed].sort().map((key) => ({ key, owners: this.#inOrder(key) }));
  }

  #chosen(key: string): Row | undefined {
    const only = this.#owners.get(key);
    if (only === undefined) return undefined;
    if (typeof only === 'string') return this.#rowsOf.get(only)?.get(key);
    const rows = this.#inOrder(key).flatMap((owner) => this.#rowsOf.get(owner)?.get(key) ?? []);
    return rows.length > 1 ? this.#choose(rows) : rows[0];
  }

  #inOrder(key: string): string[] {
    const owners = this.#owners.get(key);
    if (owners === undefined) return [];
    if (typeof owners === 'string') return [owners];
    const rank = (owner: string) => `${this.#rankOf.get(owner)} ${owner}`;
    return [...owners].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }

  #add(key: string, owner: string): void {
    const owners = this.#owners.get(key);
    if (owners === undefined) {
      this.#owners.set(key, owner);
      return;
    }
    this.#owners.set(key, [owners, owner].flat());
    this.#disputed.add(key);
  }

  #drop(key: string, owner: string): void {
    const rest = [this.#owners.get(key) ?? []].flat().filter((one) => one !== owner);
    const [first, second] = rest;
    if (first === undefined) this.#owners.delete(key);
    else this.#owners.set(key, second === undefined ? first : rest);
    if (second === undefined) this.#disputed.delete(key);
    this.#touched.add(key);
  }
}

/** Of rows of plain values and lists of them. */
function isSame<Row extends object>(a: Row, b: Row): boolean {
  if (a === b) return true;
  for (const name of Object.keys(a) as (keyof Row)[]) {
    const [one, other] = [a[name], b[name]];
    if (one === other) continue;
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    if (one.some((item, at) => item !== other[at])) return false;
  }
  return true;
}
