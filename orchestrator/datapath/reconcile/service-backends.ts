// Backends as they are wanted and as they are written, each under a number that means it alone: flows keep numbers, and find what is gone
// by its absence.

import { addressWords, swapPort, wordText } from '../../net/words.ts';
import type { Clock } from '../../state/clock.ts';
import { Ids } from '../../state/ids.ts';
import type { DatapathMap } from '../datapath.ts';
import { dropEntries } from '../drop-entries.ts';
import { BACKEND_ACTIVE, BACKEND_TERMINATING } from '../generated/enums.ts';
import type { Backend, BackendHits } from '../generated/layouts.ts';
import type { MaglevBackend } from './maglev-table.ts';
import type { ServiceBackendRow } from './service-rows.ts';

const lastNumber = 2 ** 31 - 1;
/** Longer than a client keeps a backend by default. */
const numbersRestMs = 4 * 3600_000;

export interface BackendTableOptions {
  /** What the datapath has given to each; it goes with its backend. */
  readonly hits: DatapathMap<number, BackendHits>;
  readonly clock: Clock;
  /** Ticks of the datapath: the generation of a number that is given out now. */
  readonly now: () => number;
}

/** What may differ between two backends of one name. */
interface Written {
  readonly state: number;
  readonly generation: number;
}

export class BackendTable {
  readonly #map: DatapathMap<number, Backend>;
  readonly #options: BackendTableOptions;
  readonly #wanted = new Map<string, ServiceBackendRow>();
  /** By key; undefined: a write failed, it may be there or not, or be the one before. */
  readonly #written = new Map<string, Written | undefined>();
  readonly #dirty = new Set<string>();
  #ids: Ids;

  constructor(map: DatapathMap<number, Backend>, options: BackendTableOptions) {
    this.#map = map;
    this.#options = options;
    this.#ids = this.#numbers([]);
  }

  async load(): Promise<void> {
    const held: [string, number][] = [];
    for await (const [id, backend] of this.#map.entries()) {
      const key = backendKey(backend);
      if (this.#written.has(key) || id > lastNumber) await this.#map.delete([id]);
      else {
        this.#written.set(key, { state: backend.state, generation: backend.generation });
        held.push([key, id]);
      }
    }
    this.#ids = this.#numbers(held);
    const numbers = new Set(held.map(([, id]) => id));
    await dropEntries(this.#options.hits, (id) => !numbers.has(id));
  }

  put(row: ServiceBackendRow): void {
    this.#wanted.set(row.key, row);
    this.#dirty.add(row.key);
  }

  remove(key: string): void {
    if (this.#wanted.delete(key)) this.#dirty.add(key);
  }

  /** From now on backends of nobody go. */
  prune(): void {
    for (const key of this.#written.keys()) this.#dirty.add(key);
  }

  /** What is there and wanted, of a list of keys with the weight of each. */
  present(keys: readonly string[], weights: readonly number[]): MaglevBackend[] {
    const found: MaglevBackend[] = [];
    for (const [at, key] of keys.entries()) {
      const row = this.#wanted.get(key);
      const id = this.#ids.get(key);
      if (row === undefined || id === undefined || this.#written.get(key) === undefined) continue;
      found.push({ address: row.address, protocol: row.protocol, port: row.port, id, weight: weights[at] });
    }
    return found;
  }

  numberOf(key: string): number | undefined {
    return this.#ids.get(key);
  }

  /** Writes what is new or changed. Returns the keys of what came, and of what there is no room for. */
  async write(): Promise<{ came: string[]; missing: string[] }> {
    const came: string[] = [];
    const missing: string[] = [];
    const changed: { readonly key: string; readonly id: number; readonly written: Written }[] = [];
    for (const key of [...this.#dirty].sort()) {
      const row = this.#wanted.get(key);
      if (row === undefined) continue;
      const before = this.#written.get(key);
      const isNew = !this.#written.has(key);
      const id = isNew && this.#written.size >= this.#map.capacity ? undefined : this.#ids.take(key);
      if (id === undefined) {
        missing.push(key);
        continue;
      }
      const written = { state: stateOf(row), generation: before?.generation ?? (this.#options.now() || 1) };
      if (before?.state === written.state) this.#dirty.delete(key);
      else {
        this.#written.set(key, undefined);
        changed.push({ key, id, written });
      }
      if (before === undefined) came.push(key);
    }
    await this.#map.update(this.#entries(changed));
    for (const { key, written } of changed) {
      this.#written.set(key, written);
      this.#dirty.delete(key);
    }
    return { came, missing };
  }

  /** Removes what is not wanted; after nothing names it any more. */
  async removeGone(): Promise<void> {
    const gone = [...this.#dirty].filter((key) => !this.#wanted.has(key));
    const there = gone.filter((key) => this.#written.has(key));
    for (const key of there) this.#written.set(key, undefined);
    const numbers = there.map((key) => this.#ids.get(key) as number);
    await this.#map.delete(numbers);
    await this.#options.hits.delete(numbers);
    for (const key of gone) {
      this.#written.delete(key);
      this.#ids.release(key);
      this.#dirty.delete(key);
    }
  }

  *#entries(changed: readonly { readonly key: string; readonly id: number; readonly written: Written }[]): Iterable<[number, Backend]> {
    for (const { key, id, written } of changed) {
      const { address, protocol, port } = this.#wanted.get(key) as ServiceBackendRow;
      const { hi, lo } = addressWords(address);
      const { state, generation } = written;
      yield [id, { hi, lo, port: swapPort(port), protocol, state, generation, cluster: 0, zone: 0, flags: 0 }];
    }
  }

  #numbers(held: readonly (readonly [string, number])[]): Ids {
    return new Ids({ first: 1, last: lastNumber, reuseAfterMs: numbersRestMs, clock: this.#options.clock, held, isCautious: true });
  }
}

function backendKey({ hi, lo, port, protocol }: Backend): string {
  return `${wordText({ hi, lo })} ${protocol} ${swapPort(port)}`;
}

function stateOf({ state }: ServiceBackendRow): number {
  return state === 'draining' ? BACKEND_TERMINATING : BACKEND_ACTIVE;
}
