// Merge: services and slices, as they come and go, to frontends and backends, each once however many services speak of it.

import { betterRow } from './backends.ts';
import { serviceRows } from './frontends.ts';
import type { BackendRow, FrontendRow, ServiceFacts, SliceFacts } from './rows.ts';

/** What became different since it was last taken. */
export interface MergeChange {
  readonly frontends: { readonly put: readonly FrontendRow[]; readonly removed: readonly string[] };
  readonly backends: { readonly put: readonly BackendRow[]; readonly removed: readonly string[] };
}

export class ServiceMerge {
  readonly #services = new Map<string, ServiceFacts>();
  /** By key of the slice. */
  readonly #slices = new Map<string, SliceFacts>();
  /** Keys of slices, by service. */
  readonly #slicesOf = new Map<string, Set<string>>();
  readonly #frontends = new Claims<FrontendRow>((claims) => claims.reduce((a, b) => (a.service <= b.service ? a : b)));
  readonly #backends = new Claims<BackendRow>((claims) => claims.reduce(betterRow));
  readonly #dirty = new Set<string>();

  putService(service: ServiceFacts): void {
    this.#services.set(service.key, service);
    this.#dirty.add(service.key);
  }

  removeService(key: string): void {
    if (this.#services.delete(key)) this.#dirty.add(key);
  }

  putSlice(slice: SliceFacts): void {
    this.removeSlice(slice.key);
    if (slice.service === '') return;
    const service = serviceOf(slice);
    this.#slices.set(slice.key, slice);
    this.#slicesOf.set(service, (this.#slicesOf.get(service) ?? new Set()).add(slice.key));
    this.#dirty.add(service);
  }

  removeSlice(key: string): void {
    const slice = this.#slices.get(key);
    if (slice === undefined) return;
    const service = serviceOf(slice);
    this.#slices.delete(key);
    const rest = this.#slicesOf.get(service);
    rest?.delete(key);
    if (rest?.size === 0) this.#slicesOf.delete(service);
    this.#dirty.add(service);
  }

  takeChanges(): MergeChange {
    for (const key of this.#dirty) {
      const service = this.#services.get(key);
      const slices = [...(this.#slicesOf.get(key) ?? [])].flatMap((slice) => this.#slices.get(slice) ?? []);
      const { frontends, backends } = service === undefined ? { frontends: [], backends: [] } : serviceRows(service, slices);
      this.#frontends.replace(key, frontends);
      this.#backends.replace(key, backends);
    }
    this.#dirty.clear();
    return { frontends: this.#frontends.takeChanges(), backends: this.#backends.takeChanges() };
  }

  /** As of the last `takeChanges`. */
  frontends(): Iterable<FrontendRow> {
    return this.#frontends.rows();
  }

  backends(): Iterable<BackendRow> {
    return this.#backends.rows();
  }

  /** Frontends that several services claim: the service that comes first by name has it. */
  conflicts(): { readonly frontend: string; readonly services: readonly string[] }[] {
    return this.#frontends.disputed().map(({ key, owners }) => ({ frontend: key, services: owners }));
  }
}

function serviceOf({ namespace, service }: SliceFacts): string {
  return `${namespace}/${service}`;
}

/** Rows of one kind, each claimed by one owner or more. */
class Claims<Row extends { readonly key: string }> {
  readonly #choose: (claims: Row[]) => Row;
  /** Key → owner → row. */
  readonly #claims = new Map<string, Map<string, Row>>();
  readonly #keysOf = new Map<string, Set<string>>();
  readonly #told = new Map<string, Row>();
  readonly #touched = new Set<string>();

  constructor(choose: (claims: Row[]) => Row) {
    this.#choose = choose;
  }

  /** Of rows of one key in a list, the chosen one counts. */
  replace(owner: string, rows: readonly Row[]): void {
    const before = this.#keysOf.get(owner) ?? new Set<string>();
    const now = new Map<string, Row>();
    for (const row of rows) {
      const other = now.get(row.key);
      now.set(row.key, other === undefined ? row : this.#choose([other, row]));
    }
    for (const key of before) if (!now.has(key)) this.#drop(key, owner);
    for (const [key, row] of now) {
      this.#claims.set(key, (this.#claims.get(key) ?? new Map()).set(owner, row));
      this.#touched.add(key);
    }
    if (now.size > 0) this.#keysOf.set(owner, new Set(now.keys()));
    else this.#keysOf.delete(owner);
  }

  takeChanges(): { put: Row[]; removed: string[] } {
    const put: Row[] = [];
    const removed: string[] = [];
    for (const key of [...this.#touched].sort()) {
      const claims = this.#claims.get(key);
      const before = this.#told.get(key);
      if (claims === undefined) {
        if (this.#told.delete(key)) removed.push(key);
        continue;
      }
      const row = this.#choose([...claims.values()]);
      if (before !== undefined && JSON.stringify(before) === JSON.stringify(row)) continue;
      this.#told.set(key, row);
      put.push(row);
    }
    this.#touched.clear();
    return { put, removed };
  }

  rows(): Iterable<Row> {
    return this.#told.values();
  }

  disputed(): { key: string; owners: string[] }[] {
    return [...this.#claims].flatMap(([key, claims]) => (claims.size > 1 ? [{ key, owners: [...claims.keys()].sort() }] : []));
  }

  #drop(key: string, owner: string): void {
    const claims = this.#claims.get(key);
    claims?.delete(owner);
    if (claims?.size === 0) this.#claims.delete(key);
    this.#touched.add(key);
  }
}
