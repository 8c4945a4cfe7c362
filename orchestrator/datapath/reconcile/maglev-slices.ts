// Slices of the map `maglev`: a table of slots for each set of backends. A slice never changes while something refers to it: a frontend goes
// over to another slice by one row. What nobody refers to any more rests before others write there, for a packet may be between two lookups.
//
// | offset                                  offset + size |
// | backend of slot 0, of slot 1, ...                     | mark |
//
// No packet looks at the mark: it tells a later life in one lookup what the slice of a frontend was made for.

import { createHash } from 'node:crypto';
import type { Clock } from '../../state/clock.ts';
import type { MaglevSlot } from '../generated/layouts.ts';
import type { RangeMap } from '../ranges.ts';
import { type MaglevBackend, maglevSlots, sizesFor } from './maglev-table.ts';
import { Room } from './room.ts';

export interface Slice {
  readonly offset: number;
  readonly size: number;
  /** What it was made for, if that is known. */
  content: string | undefined;
  /** Frontends that may refer to it. */
  users: number;
}

export interface WantedSlots {
  readonly backends: readonly MaglevBackend[];
  /** By which part of a whole turn the slots are moved: 0 where all nodes shall choose alike. */
  readonly turn: number;
}

/** Of frontends without backends. */
export const emptySlice: Slice = { offset: 0, size: 0, content: undefined, users: 0 };

const restMs = 1000;
const usualSlice = 1022;

/** Of all slots, so many are for tables of such a size and below: where many services want large ones, the others find room for a small one. */
const reserves = [
  { size: 31, part: 0 },
  { size: 251, part: 1 / 32 },
  { size: Number.POSITIVE_INFINITY, part: 1 / 16 },
] as const;

export class MaglevSlices {
  readonly #map: RangeMap<MaglevSlot>;
  readonly #clock: Clock;
  readonly #room: Room;
  /** By offset; resting ones too. */
  readonly #slices = new Map<number, Slice>();
  readonly #byContent = new Map<string, Slice>();
  readonly #resting = new Map<Slice, number>();
  #words = new Uint32Array(usualSlice);
  #freed = 0;

  constructor(map: RangeMap<MaglevSlot>, clock: Clock) {
    this.#map = map;
    this.#clock = clock;
    this.#room = new Room(map.capacity);
  }

  /** Slots that are no room for others. */
  get used(): number {
    return this.#room.parts().reduce((used, { from, to }) => used - (to - from), this.#map.capacity);
  }

  /** How often slots became room for others. */
  get freed(): number {
    return this.#freed;
  }

  /** A slice that a frontend of an earlier life refers to. */
  adopt(offset: number, size: number): Slice {
    if (size === 0) return emptySlice;
    const slice = this.#slices.get(offset) ?? { offset, size, content: undefined, users: 0 };
    if (slice.users === 0) this.#room.take(offset, size + 1);
    this.#slices.set(offset, slice);
    slice.users += 1;
    return slice;
  }

  /**
   * A slice for these backends, written, with one user more: one that there is, `own` if it was made for them, or a new one. `isSmall`: there
   * was no room for as many slots as there should be; undefined: for none at all.
   */
  async take(wanted: WantedSlots, own: Slice | undefined): Promise<{ slice: Slice; isSmall: boolean } | undefined> {
    const { backends } = wanted;
    if (backends.length === 0) return { slice: emptySlice, isSmall: false };
    const weights = backends.flatMap(({ weight }) => weight ?? []);
    for (const [index, size] of sizesFor(backends.length, weights).entries()) {
      const content = contentOf(wanted, size);
      const known = this.#byContent.get(content) ?? (await this.#recognised(own, content, size));
      const slice = known ?? (await this.#make(content, size, wanted));
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
      if (slice.content !== undefined) this.#byContent.delete(slice.content);
      slice.content = undefined;
      await this.#map.updateRange(slice.offset, this.#wordsFor(slice.size + 1).fill(0));
      this.#resting.delete(slice);
      this.#slices.delete(slice.offset);
      this.#room.give(slice.offset, slice.size + 1);
      this.#freed += 1;
    }
  }

  /**
   * Clears what an earlier life left unfinished. The lowest place is always taken, so that begins where a free part begins; should it lie
   * elsewhere, it stays until others write there, and nobody looks at it.
   */
  async clearStrays(): Promise<void> {
    const strays: number[] = [];
    for (const { from, to } of this.#room.parts()) {
      for (let slot = from; slot < to && (await this.#map.get(slot)) !== undefined; slot += 1) strays.push(slot);
    }
    await this.#map.delete(strays);
  }

  /** A frontend's slice of an earlier life that was made for the same needs no writing. */
  async #recognised(own: Slice | undefined, content: string, size: number): Promise<Slice | undefined> {
    if (own === undefined || own.size !== size || own.content !== undefined) return undefined;
    const mark = await this.#map.get(own.offset + size);
    if (mark?.backend !== markOf(content)) return undefined;
    own.content = content;
    this.#byContent.set(content, own);
    return own;
  }

  async #make(content: string, size: number, { backends, turn }: WantedSlots): Promise<Slice | undefined> {
    const offset = this.#room.find(size + 1, this.#endFor(size));
    if (offset === undefined) return undefined;
    const slice: Slice = { offset, size, content: undefined, users: 0 };
    this.#slices.set(offset, slice);
    // Until all of it is written it is nobody's: if that fails, it is cleared.
    this.#resting.set(slice, this.#clock.now());
    const words = this.#wordsFor(size + 1);
    turnInto(words, maglevSlots(backends, size), Math.floor(turn * size));
    words[size] = markOf(content);
    await this.#map.updateRange(offset, words);
    slice.content = content;
    this.#byContent.set(content, slice);
    return slice;
  }

  /** The same memory for one slice after another. */
  #wordsFor(count: number): Uint32Array {
    if (this.#words.length < count) this.#words = new Uint32Array(count);
    return this.#words.subarray(0, count);
  }

  /** Where tables of a size must end. */
  #endFor(size: number): number {
    const { capacity } = this.#map;
    return capacity - Math.floor(capacity * (reserves.find((reserve) => size <= reserve.size)?.part ?? 0));
  }
}

function turnInto(words: Uint32Array, slots: Uint32Array, angle: number): void {
  words.set(slots.subarray(angle));
  words.set(slots.subarray(0, angle), slots.length - angle);
}

/** The same for the same slots. */
function contentOf({ backends, turn }: WantedSlots, size: number): string {
  const names = backends.map(
    ({ address, protocol, port, cluster = 0, id, weight = 1 }) => `${address} ${protocol} ${port} ${cluster} ${id} ${weight}`,
  );
  return createHash('sha256').update(`${size} ${turn} ${names.sort().join()}`).digest('base64');
}

/** Not 0, which would be no slot at all. */
function markOf(content: string): number {
  return Buffer.from(content, 'base64').readUInt32LE(0) || 1;
}
