// Slices of the map `maglev`: a table of slots for each set of backends. A slice never changes while something refers to it: a frontend goes
// over to another slice by one row. What nobody refers to any more rests before others write there, for a packet may be between two lookups.

import type { Clock } from '../../state/clock.ts';
import type { DatapathMap } from '../datapath.ts';
import type { MaglevSlot } from '../generated/layouts.ts';
import { fillMaglev, type MaglevBackend, sizesFor } from './maglev-table.ts';

export interface Slice {
  readonly offset: number;
  readonly size: number;
  /** What is in it, if that is known. */
  content: string | undefined;
  /** Frontends that may refer to it. */
  users: number;
}

/** Of frontends without backends. */
export const emptySlice: Slice = { offset: 0, size: 0, content: undefined, users: 0 };

const restMs = 1000;

export class MaglevSlices {
  readonly #map: DatapathMap<number, MaglevSlot>;
  readonly #clock: Clock;
  /** By offset; resting ones too. */
  readonly #slices = new Map<number, Slice>();
  readonly #byContent = new Map<string, Slice>();
  readonly #resting = new Map<Slice, number>();
  /** Slots of an earlier life that are not 0, until `forgetFound`. */
  readonly #found = new Map<number, number>();

  constructor(map: DatapathMap<number, MaglevSlot>, clock: Clock) {
    this.#map = map;
    this.#clock = clock;
  }

  get capacity(): number {
    return this.#map.capacity;
  }

  /**
   * Reads what the adopted slices hold, and what stands behind them, where a write that did not end has left its slots. Not all slots: there
   * are millions, which is a second of work.
   */
  async load(): Promise<void> {
    const adopted = [...this.#slices.values()].sort((a, b) => a.offset - b.offset);
    for (const { offset, size } of [{ offset: 0, size: 0 }, ...adopted]) {
      for (const slot of slots(offset, size)) await this.#find(slot);
      let stray = offset + size;
      while (stray < this.capacity && !this.#slices.has(stray) && (await this.#find(stray))) stray += 1;
    }
  }

  /** A slice that a frontend of an earlier life refers to. */
  adopt(offset: number, size: number): Slice {
    if (size === 0) return emptySlice;
    const slice = this.#slices.get(offset) ?? { offset, size, content: undefined, users: 0 };
    this.#slices.set(offset, slice);
    slice.users += 1;
    return slice;
  }

  /**
   * A slice for these backends, written, with one user more: one that there is, `own` if that says the same, or a new one. `isSmall`: there
   * was no room for as many slots as there should be; undefined: for none at all.
   */
  async take(backends: readonly MaglevBackend[], own: Slice | undefined): Promise<{ slice: Slice; isSmall: boolean } | undefined> {
    if (backends.length === 0) return { slice: emptySlice, isSmall: false };
    const names = backends
      .map(({ id }) => id)
      .sort((a, b) => a - b)
      .join();
    for (const [index, size] of sizesFor(backends.length).entries()) {
      const content = `${size}: ${names}`;
      const slice =
        this.#byContent.get(content) ?? this.#recognised(own, content, size, backends) ?? (await this.#make(content, size, backends));
      if (slice === undefined) continue;
      slice.users += 1;
      this.#resting.delete(slice);
      return { slice, isSmall: index > 0 };
    }
    return undefined;
  }

  /** One user less. */
  release(slice: Slice): void {
    if (slice === emptySlice) return;
    slice.users -= 1;
    if (slice.users === 0) this.#resting.set(slice, this.#clock.now() + restMs);
  }

  /** Clears what has rested: the map shows what is in use and nothing else. */
  async sweep(): Promise<void> {
    const now = this.#clock.now();
    for (const [slice, until] of [...this.#resting]) {
      if (until > now) continue;
      this.#disown(slice);
      await this.#map.delete(slots(slice.offset, slice.size));
      this.#resting.delete(slice);
      this.#slices.delete(slice.offset);
    }
  }

  /** Slots of an earlier life that nobody adopted go, and what they held is forgotten. */
  async forgetFound(): Promise<void> {
    const used = new Set<number>();
    for (const { offset, size } of this.#slices.values()) for (const slot of slots(offset, size)) used.add(slot);
    const stray = [...this.#found.keys()].filter((slot) => !used.has(slot));
    await this.#map.delete(stray);
    this.#found.clear();
  }

  async #find(slot: number): Promise<boolean> {
    const found = await this.#map.get(slot);
    if (found !== undefined) this.#found.set(slot, found.backend);
    return found !== undefined;
  }

  /** A frontend's slice of an earlier life that holds what is wanted needs no writing. */
  #recognised(own: Slice | undefined, content: string, size: number, backends: readonly MaglevBackend[]): Slice | undefined {
    if (own === undefined || own.size !== size || own.content !== undefined || this.#found.size === 0) return undefined;
    const wanted = fillMaglev(backends, size);
    if (!wanted.every((id, index) => this.#found.get(own.offset + index) === id)) return undefined;
    own.content = content;
    this.#byContent.set(content, own);
    return own;
  }

  async #make(content: string, size: number, backends: readonly MaglevBackend[]): Promise<Slice | undefined> {
    const offset = this.#room(size);
    if (offset === undefined) return undefined;
    const table = fillMaglev(backends, size);
    const slice: Slice = { offset, size, content: undefined, users: 0 };
    this.#slices.set(offset, slice);
    // Until all of it is written it is nobody's: if that fails, it is cleared.
    this.#resting.set(slice, this.#clock.now());
    await this.#map.update(Array.from(table, (backend, index) => [offset + index, { backend }] as const));
    slice.content = content;
    this.#byContent.set(content, slice);
    return slice;
  }

  /** The lowest place that is free. */
  #room(size: number): number | undefined {
    let offset = 0;
    for (const slice of [...this.#slices.values()].sort((a, b) => a.offset - b.offset)) {
      if (slice.offset - offset >= size) return offset;
      offset = Math.max(offset, slice.offset + slice.size);
    }
    return offset + size <= this.capacity ? offset : undefined;
  }

  /** Nobody finds it any more. */
  #disown(slice: Slice): void {
    if (slice.content !== undefined) this.#byContent.delete(slice.content);
    slice.content = undefined;
  }
}

function slots(offset: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => offset + index);
}
