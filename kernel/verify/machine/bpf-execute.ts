// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// eBPF executor: runs a function of the object on terms. Waiting paths at one instruction are joined; the decoder's ranks see to it
// that they all wait there before it runs.

import { negate } from '../terms/normalise-arithmetic.ts';
import { and, not } from '../terms/normalise-boolean.ts';
import { extract, resize, signExtend, zeroExtend } from '../terms/normalise-slices.ts';
import { constant, isConstant, isFalse, isTrue, type Term, truth } from '../terms/terms.ts';
import { computed, endian, jumpCondition } from './bpf-alu.ts';
import { type BpfFunction, type BpfInstruction, decodeFunction, wideLoadOp } from './bpf-decode.ts';
import type { Elf } from './elf.ts';
import type { Contract, Outcome } from './machine.ts';
import {
  dereferenced,
  isPointer,
  isPresent,
  loadThrough,
  type Memory,
  movedBy,
  type Pointer,
  pointerTo,
  type Region,
  storeThrough,
  type Value,
} from './memory.ts';
import { joinAll, type Path } from './paths.ts';
import { Unsupported } from './unsupported.ts';

const maximumSteps = 400_000;
const stackBytes = 512;
const framePointer = 10;
const lookupHelper = 1;
const bytesBySize: Readonly<Record<number, number>> = { 0: 4, 8: 2, 16: 1, 24: 8 };

/** Which functions are opaque callees, and what the maps look like. */
export interface BpfRoles {
  isCallee(name: string): boolean;
  /** Bytes of a map's key; undefined if the symbol is no map. */
  keySize(map: string): number | undefined;
}

interface Running {
  condition: Term;
  memory: Memory;
  values: (Value | undefined)[];
}

export class BpfExecutor {
  readonly #elf: Elf;
  readonly #contract: Contract;
  readonly #roles: BpfRoles;
  readonly #maps = new Map<string, Region>();
  readonly #functions = new Map<string, BpfFunction>();
  #frames = 0;
  #steps = 0;

  constructor(elf: Elf, contract: Contract, roles: BpfRoles) {
    this.#elf = elf;
    this.#contract = contract;
    this.#roles = roles;
  }

  run(name: string, args: readonly Value[], condition: Term, memory: Memory): Outcome | undefined {
    const exit = this.#enter(name, args, condition, memory);
    return exit && { condition: exit.condition, memory: exit.memory, result: exit.values[0] };
  }

  #function(name: string): BpfFunction {
    const known = this.#functions.get(name) ?? decodeFunction(this.#elf, name);
    this.#functions.set(name, known);
    return known;
  }

  #enter(name: string, args: readonly (Value | undefined)[], condition: Term, memory: Memory): Path | undefined {
    const code = this.#function(name);
    const values: (Value | undefined)[] = Array(11).fill(undefined);
    args.forEach((arg, i) => {
      values[i + 1] = arg;
    });
    values[framePointer] = pointerTo(frame(++this.#frames), stackBytes);
    const waiting = new Map<number, Path>([[code.entry, { condition, memory, values }]]);
    const exits: Path[] = [];
    while (waiting.size > 0) {
      const at = lowest(waiting.keys(), code);
      const path = waiting.get(at)!;
      waiting.delete(at);
      this.#straight(code, at, { ...path, values: [...path.values] }, waiting, exits);
    }
    return joinAll(exits);
  }

  /** Runs until control forks, exits, or arrives where another path may wait or join. */
  #straight(code: BpfFunction, from: number, start: Running, waiting: Map<number, Path>, exits: Path[]): void {
    let at = from;
    let path = start;
    for (;;) {
      if (++this.#steps > maximumSteps) throw new Unsupported('bpf: too many steps');
      const instruction = code.instructions.get(at);
      if (!instruction) throw new Unsupported(`bpf: control leaves ${code.name}`);
      const kind = instruction.op & 7;
      if (instruction.op === 0x95) {
        exits.push(path);
        return;
      }
      if (instruction.op === 0x85) {
        const after = this.#call(instruction, path);
        if (!after) return;
        path = after;
        at += 1;
      } else if (kind === 5 || kind === 6) {
        this.#jump(code, instruction, at, path, waiting);
        return;
      } else {
        this.#step(instruction, path);
        at += instruction.op === wideLoadOp ? 2 : 1;
      }
      if (waiting.size > 0 && (waiting.has(at) || code.rank.get(at)! > code.rank.get(lowest(waiting.keys(), code))!)) {
        arrive(waiting, at, path);
        return;
      }
    }
  }

  #jump(code: BpfFunction, instruction: BpfInstruction, at: number, path: Running, waiting: Map<number, Path>): void {
    const target = at + 1 + instruction.offset;
    if (instruction.op >> 4 === 0) {
      arrive(waiting, target, path);
      return;
    }
    if (!code.instructions.has(target)) throw new Unsupported(`bpf: a jump leaves ${code.name}`);
    const condition = this.#condition(instruction, path);
    const taken = and(path.condition, condition);
    const passed = and(path.condition, not(condition));
    if (isTrue(condition) || isFalse(passed)) {
      arrive(waiting, target, path);
    } else if (isFalse(condition) || isFalse(taken)) {
      arrive(waiting, at + 1, path);
    } else {
      arrive(waiting, target, { condition: taken, memory: path.memory.copy(), values: [...path.values] });
      arrive(waiting, at + 1, { ...path, condition: passed });
    }
  }

  #condition(instruction: BpfInstruction, path: Running): Term {
    const code = instruction.op >> 4;
    const left = register(path, instruction.destination);
    const right = (instruction.op & 8) !== 0 ? register(path, instruction.source) : constant(64, instruction.immediate);
    if (isPointer(left) || isPointer(right)) {
      if (!isPointer(left) || isPointer(right) || !isConstant(right) || right.value !== 0n || (code !== 1 && code !== 5)) {
        throw new Unsupported('bpf: a pointer is compared with something other than null');
      }
      return code === 5 ? isPresent(left) : not(isPresent(left));
    }
    const width = (instruction.op & 7) === 6 ? 32 : 64;
    return jumpCondition(code, resize(width, left), resize(width, right));
  }

  #call(instruction: BpfInstruction, path: Running): Running | undefined {
    const { values } = path;
    if (instruction.source === 1) {
      const name = instruction.symbol;
      const args = values.slice(1, 6);
      if (this.#roles.isCallee(name)) {
        values[0] = this.#contract.call(name, args as Value[], path);
      } else {
        const exit = this.#enter(name, args, path.condition, path.memory);
        if (!exit) return undefined;
        path = { condition: exit.condition, memory: exit.memory, values };
        values[0] = exit.values[0];
      }
    } else if (instruction.immediate === lookupHelper) {
      values[0] = this.#lookup(path);
    } else {
      throw new Unsupported(`bpf: helper ${instruction.immediate} is called`);
    }
    values.fill(undefined, 1, 6);
    return path;
  }

  #lookup(path: Running): Value {
    const target = (register(path, 1) as Pointer).targets?.[0]?.region;
    const size = target && this.#roles.keySize(target.name);
    if (size === undefined) throw new Unsupported('bpf: a lookup is not in a known map');
    const key = register(path, 2);
    if (!isPointer(key)) throw new Unsupported('bpf: a key is not in memory');
    const { places, unsafe } = dereferenced(key, path.condition);
    this.#contract.unsafe(unsafe);
    const words: Term[] = [];
    for (let at = 0; at < size; at += 8) {
      const word = loadThrough(path.memory, places, at, Math.min(8, size - at));
      if (isPointer(word)) throw new Unsupported('bpf: a key holds a pointer');
      words.push(word);
    }
    return this.#contract.lookup(target!.name, words, path);
  }

  #step(instruction: BpfInstruction, path: Running): void {
    const kind = instruction.op & 7;
    if (kind === 7 || kind === 4) this.#arithmetic(instruction, path, kind === 7 ? 64 : 32);
    else if (instruction.op === wideLoadOp) path.values[instruction.destination] = this.#wide(instruction);
    else if (kind === 1) this.#load(instruction, path);
    else if (kind === 2 || kind === 3) this.#store(instruction, path, kind === 2);
    else throw new Unsupported(`bpf: instruction 0x${instruction.op.toString(16)} is not supported`);
  }

  #wide(instruction: BpfInstruction): Value {
    const { symbol } = instruction;
    if (symbol === '') return constant(64, (BigInt(instruction.upper) << 32n) | BigInt(instruction.immediate >>> 0));
    if (this.#roles.keySize(symbol) === undefined) throw new Unsupported(`bpf: data "${symbol}" is used`);
    const known = this.#maps.get(symbol) ?? opaque(symbol);
    this.#maps.set(symbol, known);
    return pointerTo(known);
  }

  #arithmetic(instruction: BpfInstruction, path: Running, width: 32 | 64): void {
    const code = instruction.op >> 4;
    const { values } = path;
    const immediate = constant(64, instruction.immediate);
    if (code === 0xd) {
      const swap = width === 64 || (instruction.op & 8) !== 0;
      values[instruction.destination] = endian(number(path, instruction.destination), instruction.immediate, swap);
      return;
    }
    const right = (instruction.op & 8) !== 0 ? register(path, instruction.source) : immediate;
    if (code === 0xb) {
      values[instruction.destination] = isPointer(right) ? wholePointer(right, width) : moved(right, instruction.offset, width);
      return;
    }
    const left = register(path, instruction.destination);
    if (isPointer(left) || isPointer(right)) {
      values[instruction.destination] = displaced(code, width, left, right);
      return;
    }
    values[instruction.destination] = zeroExtend(64, computed(code, resize(width, left), resize(width, right)));
  }

  #load(instruction: BpfInstruction, path: Running): void {
    const mode = instruction.op & 0xe0;
    if (mode !== 0x60 && mode !== 0x80) throw new Unsupported('bpf: a packet load is used');
    const bytes = bytesBySize[instruction.op & 0x18]!;
    const { places, unsafe } = dereferenced(pointer(path, instruction.source), path.condition);
    this.#contract.unsafe(unsafe);
    const value = loadThrough(path.memory, places, instruction.offset, bytes);
    if (isPointer(value)) path.values[instruction.destination] = value;
    else path.values[instruction.destination] = mode === 0x80 ? signExtend(64, value) : zeroExtend(64, value);
  }

  #store(instruction: BpfInstruction, path: Running, immediate: boolean): void {
    if ((instruction.op & 0xe0) !== 0x60) throw new Unsupported('bpf: an atomic operation is used');
    const bytes = bytesBySize[instruction.op & 0x18]!;
    const value = immediate ? constant(64, instruction.immediate) : register(path, instruction.source);
    if (isPointer(value) && bytes !== 8) throw new Unsupported('bpf: part of a pointer is stored');
    const { places, unsafe } = dereferenced(pointer(path, instruction.destination), path.condition);
    this.#contract.unsafe(unsafe);
    storeThrough(path.memory, places, instruction.offset, bytes, isPointer(value) ? value : extract(8 * bytes - 1, 0, value));
  }
}

function frame(count: number): Region {
  return {
    name: `frame${count}`,
    size: stackBytes,
    writable: true,
    found: truth(true),
    initial: () => undefined,
    reads: new Set(),
    writes: new Set(),
  };
}

function opaque(name: string): Region {
  return { name, size: 0, writable: false, found: truth(true), initial: () => undefined, reads: new Set(), writes: new Set() };
}

function lowest(places: Iterable<number>, code: BpfFunction): number {
  let best = -1;
  for (const at of places) if (best < 0 || code.rank.get(at)! < code.rank.get(best)!) best = at;
  return best;
}

function arrive(waiting: Map<number, Path>, at: number, path: Path): void {
  const other = waiting.get(at);
  waiting.set(at, other ? joinAll([other, path])! : path);
}

function register(path: Running, index: number): Value {
  const value = path.values[index];
  if (value === undefined) throw new Unsupported(`bpf: register ${index} is used without one value`);
  return value;
}

function number(path: Running, index: number): Term {
  const value = register(path, index);
  if (isPointer(value)) throw new Unsupported('bpf: a pointer is used as a number');
  return value;
}

function pointer(path: Running, index: number): Pointer {
  const value = register(path, index);
  if (!isPointer(value)) throw new Unsupported('bpf: a number is used as a pointer');
  return value;
}

function wholePointer(value: Pointer, width: 32 | 64): Pointer {
  if (width === 32) throw new Unsupported('bpf: half of a pointer is moved');
  return value;
}

/** `mov`, and with an offset the sign-extending `movsx`. */
function moved(value: Term, signedBits: number, width: 32 | 64): Term {
  const source = signedBits === 0 ? resize(width, value) : signExtend(width, extract(signedBits - 1, 0, value));
  return zeroExtend(64, source);
}

function displaced(code: number, width: 32 | 64, left: Value, right: Value): Pointer {
  const [base, by] = isPointer(left) ? [left, right] : [right as Pointer, left];
  if (width === 32 || isPointer(by) || code > 1 || (code === 1 && base !== left)) {
    throw new Unsupported('bpf: arithmetic on a pointer that is not a displacement');
  }
  return movedBy(base, code === 0 ? by : negate(by));
}
