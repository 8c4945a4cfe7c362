// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Memory: regions of bytes behind opaque pointers. Neither machine's addresses exist here: a pointer is a region and a known offset,
// which is what makes 32-bit and 64-bit pointers comparable.

import { and, ite, not, or } from '../terms/normalise-boolean.ts';
import { concat, extract } from '../terms/normalise-slices.ts';
import { isConstant, isFalse, isTrue, isZero, type Term, truth } from '../terms/terms.ts';
import { Unsupported } from './unsupported.ts';

export interface Region {
  readonly name: string;
  /** Bytes; access beyond is unsupported. */
  readonly size: number;
  readonly writable: boolean;
  /** False under which the pointer is null; true for what is always there. */
  readonly found: Term;
  /** Content of the 8-byte word at `index` before anything was stored; undefined where reading it would be an error. */
  initial(index: number): Term | undefined;
  /** Bytes whose initial content mattered, and bytes that may have been stored to. */
  readonly reads: Set<number>;
  readonly writes: Set<number>;
  /** Told when the region is used where nothing on the path shows that it is there. */
  demanded?(): void;
}

/** One of the places that a pointer may stand for; `region` undefined is null. Guards exclude each other. */
export interface Target {
  readonly guard: Term;
  readonly region: Region | undefined;
  readonly offset: number;
}

export interface Pointer {
  readonly targets: readonly Target[];
}

export type Value = Term | Pointer;

export function isPointer(value: Value): value is Pointer {
  return 'targets' in value;
}

export function pointerTo(region: Region, offset = 0): Pointer {
  return { targets: [{ guard: truth(true), region, offset }] };
}

/** A pointer moved by a number of bytes: a constant, or a choice between a few. */
export function movedBy(pointer: Pointer, bytes: Term): Pointer {
  const steps = possibleConstants(bytes);
  if (!steps) throw new Unsupported('a pointer is moved by an unknown number of bytes');
  const targets = pointer.targets.flatMap((target) =>
    steps.map(({ guard, value }) => ({
      ...target,
      guard: and(target.guard, guard),
      offset: target.offset + Number(BigInt.asIntN(bytes.width, value)),
    })),
  );
  return { targets: targets.filter((target) => !isFalse(target.guard)) };
}

const maximumChoices = 16;

/** The constants that a term chooses from, with the condition of each; undefined if it is not such a choice. */
function possibleConstants(term: Term): { guard: Term; value: bigint }[] | undefined {
  if (isConstant(term)) return [{ guard: truth(true), value: term.value }];
  if (term.op === 'ite') {
    const yes = possibleConstants(term.args[1]!);
    const no = possibleConstants(term.args[2]!);
    if (!yes || !no || yes.length + no.length > maximumChoices) return undefined;
    const under = (condition: Term, list: typeof yes): typeof yes =>
      list.map(({ guard, value }) => ({ guard: and(condition, guard), value }));
    return [...under(term.args[0]!, yes), ...under(not(term.args[0]!), no)];
  }
  if (term.op !== 'concat') return undefined;
  let all: { guard: Term; value: bigint }[] = [{ guard: truth(true), value: 0n }];
  for (const piece of term.args) {
    const list = possibleConstants(piece);
    if (!list || all.length * list.length > maximumChoices) return undefined;
    all = all.flatMap((high) =>
      list.map((low) => ({ guard: and(high.guard, low.guard), value: (high.value << BigInt(piece.width)) | low.value })),
    );
  }
  return all;
}

/** The condition under which a pointer is not null. */
export function isPresent(pointer: Pointer): Term {
  return or(...pointer.targets.map((target) => (target.region ? and(target.guard, target.region.found) : truth(false))));
}

/** `a` where the condition holds, else `b`; undefined when the two cannot be one value, which only matters if it is used. */
export function chosenValue(condition: Term, a: Value | undefined, b: Value | undefined): Value | undefined {
  if (a === b) return a;
  if (!a || !b) return undefined;
  if (!isPointer(a) && !isPointer(b)) return a.width === b.width ? ite(condition, a, b) : undefined;
  const left = targetsOf(a);
  const right = targetsOf(b);
  if (!left || !right) return undefined;
  const merged: Target[] = [];
  const take = (target: Target, guard: Term): void => {
    if (isFalse(guard)) return;
    const at = merged.findIndex((each) => each.region === target.region && each.offset === target.offset);
    if (at < 0) merged.push({ ...target, guard });
    else merged[at] = { ...target, guard: or(merged[at]!.guard, guard) };
  };
  for (const target of left) take(target, and(condition, target.guard));
  for (const target of right) take(target, and(not(condition), target.guard));
  return merged.length === 1 ? { targets: [{ ...merged[0]!, guard: truth(true) }] } : { targets: merged };
}

function targetsOf(value: Value): readonly Target[] | undefined {
  if (isPointer(value)) return value.targets;
  return isZero(value) ? [{ guard: truth(true), region: undefined, offset: 0 }] : undefined;
}

/** Byte `part` of a value. */
interface Slot {
  readonly value: Value;
  readonly part: number;
}

function continues(a: Slot | undefined, b: Slot | undefined, distance: number): boolean {
  if (!a || !b) return a === b;
  return a.value === b.value && b.part === a.part + distance;
}

function slice(slot: Slot, bytes: number): Value {
  if (!isPointer(slot.value)) return extract(8 * (slot.part + bytes) - 1, 8 * slot.part, slot.value);
  if (slot.part !== 0) throw new Unsupported('part of a stored pointer is read');
  return slot.value;
}

/** Contents of all regions on one path. Copies share what neither changes. */
export class Memory {
  #regions = new Map<Region, (Slot | undefined)[]>();
  #owned = new Set<Region>();

  copy(): Memory {
    const copy = new Memory();
    copy.#regions = new Map(this.#regions);
    this.#owned = new Set();
    return copy;
  }

  #slot(region: Region, offset: number): Slot | undefined {
    const stored = this.#regions.get(region)?.[offset];
    if (stored) return stored;
    const word = region.initial(offset >> 3);
    if (!word) return undefined;
    region.reads.add(offset);
    return { value: word, part: offset & 7 };
  }

  /** The value of `bytes` bytes, little-endian. */
  load(region: Region, offset: number, bytes: number): Value {
    bounded(region, offset, bytes);
    const pieces: Term[] = [];
    for (let at = 0; at < bytes; ) {
      const slot = this.#slot(region, offset + at);
      if (!slot) throw new Unsupported(`${region.name}+${offset + at} is read before it is written`);
      let length = 1;
      while (at + length < bytes && continues(slot, this.#slot(region, offset + at + length), length)) length++;
      const piece = slice(slot, length);
      if (isPointer(piece)) {
        if (length === bytes) return piece;
        throw new Unsupported('a stored pointer is read together with other bytes');
      }
      pieces.push(piece);
      at += length;
    }
    return concat(...pieces.reverse());
  }

  store(region: Region, offset: number, bytes: number, value: Value): void {
    bounded(region, offset, bytes);
    if (!region.writable) throw new Unsupported(`${region.name} is written, but lookups are read-only`);
    const slots = this.#own(region);
    for (let part = 0; part < bytes; part++) {
      slots[offset + part] = { value, part };
      region.writes.add(offset + part);
    }
  }

  #own(region: Region): (Slot | undefined)[] {
    const known = this.#regions.get(region);
    if (known && this.#owned.has(region)) return known;
    const slots = known ? [...known] : [];
    this.#regions.set(region, slots);
    this.#owned.add(region);
    return slots;
  }

  /** The contents of this where the condition holds, else of `other`. */
  joined(condition: Term, other: Memory): Memory {
    const result = this.copy();
    for (const region of new Set([...this.#regions.keys(), ...other.#regions.keys()])) {
      const a = this.#regions.get(region) ?? [];
      const b = other.#regions.get(region) ?? [];
      if (a !== b) joinRegion(condition, region, { a, b }, this, other, result.#own(region));
    }
    return result;
  }

  /** For joining: what stands at a byte, stored or initial. */
  at(region: Region, offset: number): Slot | undefined {
    return this.#slot(region, offset);
  }
}

function joinRegion(
  condition: Term,
  region: Region,
  stored: { a: readonly (Slot | undefined)[]; b: readonly (Slot | undefined)[] },
  left: Memory,
  right: Memory,
  out: (Slot | undefined)[],
): void {
  const end = Math.max(stored.a.length, stored.b.length);
  for (let at = 0; at < end; ) {
    const a0 = stored.a[at];
    const b0 = stored.b[at];
    if (a0 === b0 || (a0 && continues(a0, b0, 0))) {
      at++;
      continue;
    }
    const a = left.at(region, at);
    const b = right.at(region, at);
    if (!a || !b) {
      out[at++] = undefined;
      continue;
    }
    let length = 1;
    const differs = (offset: number): boolean => stored.a[offset] !== undefined || stored.b[offset] !== undefined;
    while (
      at + length < end &&
      differs(at + length) &&
      continues(a, left.at(region, at + length), length) &&
      continues(b, right.at(region, at + length), length)
    )
      length++;
    const value = joinedSlice(condition, a, b, length);
    for (let part = 0; part < length; part++) out[at + part] = value && { value, part };
    at += length;
  }
}

function joinedSlice(condition: Term, a: Slot, b: Slot, length: number): Value | undefined {
  if ((isPointer(a.value) && a.part !== 0) || (isPointer(b.value) && b.part !== 0)) return undefined;
  return chosenValue(condition, slice(a, length), slice(b, length));
}

function bounded(region: Region, offset: number, bytes: number): void {
  if (offset < 0 || offset + bytes > region.size) {
    throw new Unsupported(`access at ${region.name}+${offset} leaves its ${region.size} bytes`);
  }
}

/** The condition under which a pointer that must not be null is null. */
export function nullHazard(pointer: Pointer, under: Term): Term {
  for (const { guard, region } of pointer.targets) {
    if (region?.demanded && !isFalse(and(under, guard, not(region.found)))) region.demanded();
  }
  return and(under, not(isPresent(pointer)));
}

/** Where a pointer that is dereferenced leads, with the condition of each place; and when it would be null. */
export function dereferenced(pointer: Pointer, under: Term): { places: readonly Target[]; unsafe: Term } {
  const places = pointer.targets.filter((target) => target.region && !isFalse(and(under, target.guard)));
  return { places, unsafe: nullHazard(pointer, under) };
}

/** Loads through a pointer with one or several possible places. */
export function loadThrough(memory: Memory, places: readonly Target[], offset: number, bytes: number): Value {
  if (places.length === 0) throw new Unsupported('a pointer that is always null is read through');
  let value: Value | undefined;
  for (const place of places) {
    const here = memory.load(place.region!, place.offset + offset, bytes);
    value = value === undefined ? here : chosenValue(place.guard, here, value);
  }
  if (value === undefined) throw new Unsupported('a pointer leads to values of different kinds');
  return value;
}

export function storeThrough(memory: Memory, places: readonly Target[], offset: number, bytes: number, value: Value): void {
  for (const place of places) {
    const region = place.region!;
    if (places.length === 1 || isTrue(place.guard)) {
      memory.store(region, place.offset + offset, bytes, value);
      continue;
    }
    const before = memory.load(region, place.offset + offset, bytes);
    const merged = chosenValue(place.guard, value, before);
    if (merged === undefined) throw new Unsupported('a store through a pointer mixes kinds of values');
    memory.store(region, place.offset + offset, bytes, merged);
  }
}
