// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The host contract: a lookup's answer is a function of map and key; a callee's results are a function of what it reads. Both machines
// are asked the same questions in one universe, so the same question has the same answer.

import type { MapShape, Parameter } from '../machine/btf.ts';
import type { CallState, Contract } from '../machine/machine.ts';
import {
  isPointer,
  isPresent,
  loadThrough,
  type Memory,
  nullHazard,
  type Pointer,
  pointerTo,
  type Region,
  type Value,
} from '../machine/memory.ts';
import { Unsupported } from '../machine/unsupported.ts';
import { and, bit, ite } from '../terms/normalise-boolean.ts';
import { isNonZero } from '../terms/normalise-compare.ts';
import { concat, extract, zeroExtend } from '../terms/normalise-slices.ts';
import { apply, constant, isFalse, type Term, token, truth, variable } from '../terms/terms.ts';
import type { CoreFunction } from './functions.ts';

/** Bytes of a parameter's target that a function may read before writing, and may write; and whether null may be passed. */
export interface Footprint {
  readonly reads: ReadonlySet<number>;
  readonly writes: ReadonlySet<number>;
  readonly nullable: boolean;
}

/** What callers may know of a function. */
export interface Summary {
  readonly footprints: readonly Footprint[];
  /** Bits that the result can have; compilers see into callees far enough to use that a result is 0 or 1. */
  readonly resultBits: number;
}

/** One uninterpreted lookup or call, as a machine made it. */
export interface Occurrence {
  readonly token: Term;
  readonly guard: Term;
}

/** What both machines share during one proof. */
export interface Universe {
  map(name: string): MapShape;
  callee(name: string): CoreFunction;
  summary(name: string): Summary;
}

export function wordWidth(size: number, index: number): number {
  return 8 * Math.min(8, size - 8 * index);
}

/** A parameter's target: its words are unknowns of the proof, and so is, where null may be passed, whether it is there. */
export function unknownRegion(name: string, size: number, demanded: (() => void) | undefined): Region {
  return {
    name,
    size,
    writable: true,
    found: demanded ? variable(`${name}.present`, 0) : truth(true),
    reads: new Set(),
    writes: new Set(),
    ...(demanded ? { demanded } : {}),
    initial: (index) => variable(`${name}.${index * 8}`, wordWidth(size, index)),
  };
}

/** Remembers regions by token, so that one key leads both machines to one place. */
export class Answers {
  readonly #regions = new Map<number, Region>();

  region(name: string, size: number, of: Term): Region {
    const known = this.#regions.get(of.id);
    if (known) return known;
    const made: Region = {
      name: `${name}#${of.id}`,
      size,
      writable: false,
      found: apply('found', 0, of),
      reads: new Set(),
      writes: new Set(),
      initial: (index) => apply(`word${index}`, wordWidth(size, index), of),
    };
    this.#regions.set(of.id, made);
    return made;
  }
}

export type Machine = 'wasm' | 'bpf';

export class HostContract implements Contract {
  readonly occurrences: Occurrence[] = [];
  readonly hazards: Term[] = [];
  readonly #machine: Machine;
  readonly #universe: Universe;
  readonly #answers: Answers;

  constructor(machine: Machine, universe: Universe, answers: Answers) {
    this.#machine = machine;
    this.#universe = universe;
    this.#answers = answers;
  }

  unsafe(condition: Term): void {
    if (!isFalse(condition)) this.hazards.push(condition);
  }

  lookup(map: string, key: readonly Term[], state: CallState): Pointer {
    const asked = token(`lookup ${map}`, key);
    this.occurrences.push({ token: asked, guard: state.condition });
    return pointerTo(this.#answers.region(map, this.#universe.map(map).valueSize, asked));
  }

  /** Two lookups at once: the first word of each value, 0 where there is none, side by side. */
  matches(map: string, peer: readonly Term[], everyPeer: readonly Term[], state: CallState): Pointer {
    const words = [peer, everyPeer].map((key) => {
      const found = this.lookup(map, key, state);
      const word = loadThrough(
        state.memory,
        found.targets.filter((target) => target.region),
        0,
        8,
      );
      return ite(isPresent(found), word as Term, constant(64, 0));
    });
    const region: Region = {
      name: `${map} matches#${words.map(({ id }) => id).join()}`,
      size: 16,
      writable: false,
      found: truth(true),
      reads: new Set(),
      writes: new Set(),
      initial: (index) => words[index]!,
    };
    return pointerTo(region);
  }

  call(name: string, args: readonly Value[], state: CallState): Value | undefined {
    const callee = this.#universe.callee(name);
    const given = this.#machine === 'bpf' && callee.takesHost ? args.slice(1) : args;
    const { footprints, resultBits } = this.#universe.summary(name);
    const inputs: Term[] = [];
    callee.parameters.forEach((parameter, i) => {
      const value = given[i];
      if (value === undefined) throw new Unsupported(`an argument of ${callee.name} is not known`);
      if (parameter.kind === 'number') inputs.push(this.#number(parameter.width, value, state.condition, callee));
      else inputs.push(...this.#content(parameter, footprints[i]!, value, state));
    });
    refuseOverlaps(callee, footprints, given);
    const called = token(`call ${callee.name}`, inputs);
    this.occurrences.push({ token: called, guard: state.condition });
    callee.parameters.forEach((parameter, i) => {
      if (parameter.kind === 'reference') applyWrites(parameter, footprints[i]!, given[i] as Pointer, called, state.memory);
    });
    return this.#result(callee, resultBits, called);
  }

  /** The parameter's bits; what the calling convention promises about the others is a hazard if it does not hold. */
  #number(width: number, value: Value, condition: Term, callee: CoreFunction): Term {
    if (isPointer(value)) throw new Unsupported(`a pointer is passed to ${callee.name} as a number`);
    if (this.#machine === 'bpf' && width < 32) this.unsafe(and(condition, isNonZero(extract(31, width, value))));
    return extract(width - 1, 0, value);
  }

  #content(parameter: Parameter & { kind: 'reference' }, footprint: Footprint, value: Value, state: CallState): Term[] {
    if (!isPointer(value)) throw new Unsupported(`a number is passed as ${parameter.name}`);
    const present = isPresent(value);
    if (!footprint.nullable) this.unsafe(nullHazard(value, state.condition));
    const words = new Set([...footprint.reads].map((at) => at >> 3));
    const content = [...words]
      .sort((a, b) => a - b)
      .map((index) => {
        const width = wordWidth(parameter.size, index);
        const word = loadThrough(
          state.memory,
          value.targets.filter((target) => target.region),
          index * 8,
          width / 8,
        );
        if (isPointer(word)) throw new Unsupported(`a pointer is stored in ${parameter.name}`);
        return footprint.nullable ? ite(present, word, constant(width, 0)) : word;
      });
    return footprint.nullable ? [bit(present, 1), ...content] : content;
  }

  #result(callee: CoreFunction, bits: number, called: Term): Value | undefined {
    if (!callee.result) return undefined;
    if (callee.result.kind === 'reference') return pointerTo(this.#answers.region(callee.name, callee.result.size, called));
    const { width } = callee.result;
    const value = bits === 0 ? constant(width, 0) : zeroExtend(width, apply('result', bits, called));
    if (this.#machine === 'wasm') return zeroExtend(Math.max(32, width), value);
    return width === 64 ? value : concat(apply('above', 64 - width, called), value);
  }
}

function applyWrites(parameter: Parameter, footprint: Footprint, pointer: Pointer, called: Term, memory: Memory): void {
  for (const [at, bytes] of writtenRuns(footprint.writes)) {
    if (pointer.targets.length !== 1) throw new Unsupported(`${parameter.name} is written, but may be one of several places`);
    const { region, offset } = pointer.targets[0]!;
    memory.store(region!, offset + at, bytes, apply(`${parameter.name}.${at}`, 8 * bytes, called));
  }
}

/** Runs of written bytes, none across an 8-byte word: start and length. */
export function writtenRuns(writes: ReadonlySet<number>): [number, number][] {
  const runs: [number, number][] = [];
  for (const at of [...writes].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1];
    if (last && last[0] + last[1] === at && at % 8 !== 0) last[1]++;
    else runs.push([at, 1]);
  }
  return runs;
}

/** The callee is proved with separate references; a call with overlapping ones, one of them written, is outside that proof. */
function refuseOverlaps(callee: CoreFunction, footprints: readonly Footprint[], given: readonly Value[]): void {
  const references = callee.parameters.flatMap((parameter, i) =>
    parameter.kind === 'reference' ? [{ parameter, footprint: footprints[i]!, pointer: given[i] as Pointer }] : [],
  );
  for (const [i, a] of references.entries()) {
    for (const b of references.slice(0, i)) {
      if (a.footprint.writes.size + b.footprint.writes.size === 0) continue;
      for (const left of a.pointer.targets) {
        for (const right of b.pointer.targets) {
          const apart = left.offset + a.parameter.size <= right.offset || right.offset + b.parameter.size <= left.offset;
          if (left.region === right.region && !apart) {
            throw new Unsupported(`${callee.name} is called with overlapping ${b.parameter.name} and ${a.parameter.name}`);
          }
        }
      }
    }
  }
}
