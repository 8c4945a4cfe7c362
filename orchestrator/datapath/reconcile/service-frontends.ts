// Frontends as they are wanted and as they are written, with the slices of slots that they refer to.

import { type AddressWords, addressWords, swapPort, wordText } from '../../net/words.ts';
import type { Clock } from '../../state/clock.ts';
import { Ids } from '../../state/ids.ts';
import { ticks } from '../clock.ts';
import type { DatapathMap } from '../datapath.ts';
import {
  FRONTEND_AFFINITY,
  FRONTEND_CLOSED,
  FRONTEND_DSR,
  FRONTEND_SOURCE_RANGES,
  SCOPE_EXTERNAL,
  SCOPE_INTERNAL,
} from '../generated/enums.ts';
import type { Frontend, FrontendKey } from '../generated/layouts.ts';
import { emptySlice, type MaglevSlices, type Slice } from './maglev-slices.ts';
import type { MaglevBackend } from './maglev-table.ts';
import type { ServiceFrontendRow } from './service-rows.ts';
import type { SourceRanges } from './source-ranges.ts';
import { Users } from './users.ts';

/** Rows between two breaths of the event loop. */
const rowsAtOnce = 50;
const lastNumber = 2 ** 31 - 1;
const numbersRestMs = 4 * 3600_000;

interface Written {
  readonly key: FrontendKey;
  /** undefined: a write failed, and it is one or the other. */
  value: Frontend | undefined;
  /** That it may refer to. */
  slices: Slice[];
}

/** Backends that are there, of a list with its weights. */
type Present = (keys: readonly string[], weights: readonly number[]) => MaglevBackend[];

/** Keys of frontends for which something has no room. */
export interface FrontendsWithoutRoom {
  readonly frontends: string[];
  readonly maglev: string[];
  /** Those of them that have no table at all: their connections are refused. */
  readonly closed: string[];
  readonly source_ranges: string[];
}

export interface FrontendTableOptions {
  readonly slices: MaglevSlices;
  readonly ranges: SourceRanges;
  readonly clock: Clock;
  /** By which part of a whole turn this node moves slots that need not be as everywhere. */
  readonly turn: number;
}

export class FrontendTable {
  readonly #map: DatapathMap<FrontendKey, Frontend>;
  readonly #slices: MaglevSlices;
  readonly #ranges: SourceRanges;
  readonly #clock: Clock;
  readonly #turn: number;
  readonly #wanted = new Map<string, ServiceFrontendRow>();
  readonly #written = new Map<string, Written>();
  readonly #dirty = new Set<string>();
  /** Those that have a smaller table than they should, or none, and how often room had become free when that was tried. */
  readonly #waiting = new Map<string, { readonly freed: number; readonly isClosed: boolean }>();
  /** Backend → frontends that name it. */
  readonly #users = new Users();
  readonly #keys = new Map<number, string>();
  /** By key: those that are there now and were not, or were found. */
  readonly #appeared = new Map<string, FrontendKey>();
  #ids: Ids;

  constructor(map: DatapathMap<FrontendKey, Frontend>, { slices, ranges, clock, turn }: FrontendTableOptions) {
    this.#map = map;
    this.#slices = slices;
    this.#ranges = ranges;
    this.#clock = clock;
    this.#turn = turn;
    this.#ids = this.#numbers([]);
  }

  async load(): Promise<void> {
    const held = new Map<number, string>();
    for await (const [key, value] of this.#map.entries()) {
      const text = keyText(key);
      this.#appeared.set(text, key);
      this.#written.set(text, { key, value, slices: [this.#slices.adopt(value.offset, value.size)] });
      if (value.service > 0 && value.service <= lastNumber && !held.has(value.service)) held.set(value.service, text);
    }
    this.#ids = this.#numbers(Array.from(held, ([number, text]) => [text, number] as const));
    for (const [number, text] of held) this.#keys.set(number, text);
  }

  put(row: ServiceFrontendRow): void {
    this.#unlink(row.key);
    this.#wanted.set(row.key, row);
    for (const backend of row.backends) this.#users.add(backend, row.key);
    this.#waiting.delete(row.key);
    this.#dirty.add(row.key);
  }

  remove(key: string): void {
    this.#unlink(key);
    this.#waiting.delete(key);
    if (this.#wanted.delete(key)) this.#dirty.add(key);
  }

  /** From now on frontends of nobody go. */
  prune(): void {
    for (const text of this.#written.keys()) this.#dirty.add(text);
  }

  /** Frontends that name these backends are to be written anew. */
  touch(backends: readonly string[]): void {
    for (const key of this.usersOf(backends)) {
      this.#waiting.delete(key);
      this.#dirty.add(key);
    }
  }

  /** Frontends that name one of these backends. */
  usersOf(backends: readonly string[]): string[] {
    return [...new Set(backends.flatMap((backend) => this.#users.of(backend)))].sort();
  }

  /** Addresses of what is about to be written. */
  newAddresses(): string[] {
    return [...this.#dirty].flatMap((key) => this.#wanted.get(key)?.address ?? []);
  }

  /** Keys of what came since `settled` was told of them; of a life that has just begun, all. */
  appeared(): FrontendKey[] {
    return [...this.#appeared.values()];
  }

  settled(): void {
    this.#appeared.clear();
  }

  /** Whether a frontend that is there may have the number. */
  isHeld(number: number): boolean {
    const key = this.#keys.get(number);
    return key !== undefined && this.#ids.get(key) === number;
  }

  /** Key of the frontend that has, or had, a number. */
  keyOf(number: number): string | undefined {
    return this.#keys.get(number);
  }

  /**
   * Writes what is wanted and differs, and adds the addresses to `changed`, also when it throws. What closes an address comes after its ports.
   * What has no room is told and tried again by the next call. Without a row it stays without, without a table its connections are refused: what
   * the table before knew may be somebody else's by now, and its slots are room for others.
   */
  async write(present: Present, changed: Set<string>): Promise<FrontendsWithoutRoom> {
    const without: FrontendsWithoutRoom = { frontends: [], maglev: [], closed: [], source_ranges: [] };
    const rows = [...this.#dirty].flatMap((key) => this.#wanted.get(key) ?? []);
    for (const [turn, row] of rows.sort(closedLast).entries()) {
      if (turn % rowsAtOnce === rowsAtOnce - 1) await breathe();
      const isNew = !this.#written.has(row.key);
      if (isNew && this.#written.size >= this.#map.capacity) {
        without.frontends.push(row.key);
        continue;
      }
      if (this.#isInVain(row.key, without)) continue;
      const before = this.#written.get(row.key);
      const own = before?.value === undefined ? undefined : before.slices.at(-1);
      const backends = present(row.backends, row.weights ?? []);
      const taken = await this.#slices.take({ backends, turn: row.algorithm === 'random' ? this.#turn : 0 }, own);
      if (taken === undefined || taken.isSmall) without.maglev.push(row.key);
      if (taken === undefined) without.closed.push(row.key);
      const slice = taken?.slice ?? emptySlice;
      if (!(await this.#ranges.add(this.#numberOf(row), row.sourceRanges ?? []))) {
        this.#slices.release(slice);
        without.source_ranges.push(row.key);
        continue;
      }
      if (await this.#writeRow(row, slice)) changed.add(row.address);
      await this.#ranges.trim(this.#numberOf(row), row.sourceRanges ?? []);
      if (taken?.isSmall === false) this.#dirty.delete(row.key);
      else this.#waiting.set(row.key, { freed: this.#slices.freed, isClosed: taken === undefined });
    }
    return without;
  }

  /** Where nothing became free since the last try there is no better table: thousands may wait, and others shall not wait for them. */
  #isInVain(key: string, without: FrontendsWithoutRoom): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting?.freed !== this.#slices.freed) return false;
    without.maglev.push(key);
    if (waiting.isClosed) without.closed.push(key);
    return true;
  }

  /** Removes what is not wanted: what closes an address goes before its ports. */
  async removeGone(changed: Set<string>): Promise<void> {
    const gone = [...this.#dirty].filter((key) => !this.#wanted.has(key));
    const there = gone.flatMap((key) => {
      const written = this.#written.get(key);
      return written === undefined ? [] : [{ text: key, written }];
    });
    for (const { text, written } of there.sort((a, b) => a.written.key.port - b.written.key.port)) {
      written.value = undefined;
      await this.#map.delete([written.key]);
      this.#written.delete(text);
      this.#appeared.delete(text);
      for (const slice of written.slices) this.#slices.release(slice);
      changed.add(wordText(written.key));
    }
    for (const key of gone) {
      const number = this.#ids.get(key);
      if (number !== undefined) await this.#ranges.trim(number, []);
      this.#ids.release(key);
      this.#dirty.delete(key);
    }
  }

  async #writeRow(row: ServiceFrontendRow, slice: Slice): Promise<boolean> {
    const key = frontendKey(row);
    const before = this.#written.get(row.key);
    const value: Frontend = {
      service: this.#numberOf(row),
      offset: slice.offset,
      size: slice.size,
      flags: flagsOf(row),
      affinityTicks: ticks(row.affinitySeconds ?? 0),
    };
    if (before?.value !== undefined && isSame(before.value, value)) {
      this.#slices.release(slice);
      return false;
    }
    this.#keys.set(value.service, row.key);
    const written: Written = before ?? { key, value: undefined, slices: [] };
    written.value = undefined;
    written.slices.push(slice);
    this.#written.set(row.key, written);
    if (before === undefined) this.#appeared.set(row.key, key);
    await this.#map.update([[key, value]]);
    for (const old of written.slices.slice(0, -1)) this.#slices.release(old);
    written.value = value;
    written.slices = [slice];
    return true;
  }

  #numberOf({ key, type }: ServiceFrontendRow): number {
    return type === 'closed' ? 0 : (this.#ids.take(key) ?? 0);
  }

  #unlink(key: string): void {
    for (const backend of this.#wanted.get(key)?.backends ?? []) this.#users.remove(backend, key);
  }

  #numbers(held: readonly (readonly [string, number])[]): Ids {
    return new Ids({ first: 1, last: lastNumber, reuseAfterMs: numbersRestMs, clock: this.#clock, held, isCautious: true });
  }
}

function closedLast(a: ServiceFrontendRow, b: ServiceFrontendRow): number {
  if ((a.type === 'closed') !== (b.type === 'closed')) return a.type === 'closed' ? 1 : -1;
  return a.key < b.key ? -1 : 1;
}

function frontendKey({ address, protocol, port, scope }: ServiceFrontendRow): FrontendKey {
  return { ...addressWords(address), port: swapPort(port), protocol, scope: scope === 'outside' ? SCOPE_EXTERNAL : SCOPE_INTERNAL };
}

function flagsOf({ type, affinitySeconds = 0, sourceRanges = [], isDirect = false }: ServiceFrontendRow): number {
  const flags: readonly [boolean, number][] = [
    [type === 'closed', FRONTEND_CLOSED],
    [affinitySeconds > 0, FRONTEND_AFFINITY],
    [sourceRanges.length > 0, FRONTEND_SOURCE_RANGES],
    [isDirect, FRONTEND_DSR],
  ];
  return flags.reduce((all, [isSet, flag]) => (isSet ? all | flag : all), 0);
}

function keyText(key: FrontendKey & AddressWords): string {
  const text = `${wordText(key)} ${key.protocol} ${swapPort(key.port)}`;
  return key.scope === SCOPE_INTERNAL ? text : `${text} outside`;
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isSame(a: Frontend, b: Frontend): boolean {
  return (
    a.service === b.service && a.offset === b.offset && a.size === b.size && a.flags === b.flags && a.affinityTicks === b.affinityTicks
  );
}
