// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// WASM executor: runs a function of the linked module on terms. Structured control says where paths meet, and there they are joined.

import { negate } from '../terms/normalise-arithmetic.ts';
import { and, bit, not } from '../terms/normalise-boolean.ts';
import { equal, isNonZero } from '../terms/normalise-compare.ts';
import { extract, signExtend, zeroExtend } from '../terms/normalise-slices.ts';
import { constant, isFalse, isTrue, isZero, type Term } from '../terms/terms.ts';
import type { Contract, Outcome } from './machine.ts';
import {
  chosenValue,
  dereferenced,
  isPointer,
  isPresent,
  loadThrough,
  type Memory,
  movedBy,
  type Pointer,
  storeThrough,
  type Value,
} from './memory.ts';
import { joinAll, type Path } from './paths.ts';
import { Unsupported } from './unsupported.ts';
import { type Instruction, type WasmFunction, type WasmModule, widthOf } from './wasm-decode.ts';
import { loads, numeric, stores } from './wasm-numeric.ts';

const maximumRounds = 256;
const maximumSteps = 400_000;

/** What a function of the module is to the proof: run it, ask a map, or treat it as an opaque callee. */
export type FunctionRole =
  | { readonly kind: 'inline' }
  | { readonly kind: 'callee'; readonly name: string }
  | { readonly kind: 'lookup'; answer(args: readonly Value[], path: { condition: Term; memory: Memory }): Value };

interface Label {
  readonly height: number;
  readonly arity: number;
  readonly arrivals: Path[];
}

/** A running path: its values are the locals, then the operands. */
interface Running {
  condition: Term;
  memory: Memory;
  values: (Value | undefined)[];
}

export class WasmExecutor {
  readonly #module: WasmModule;
  readonly #contract: Contract;
  readonly #role: (index: number) => FunctionRole;
  #steps = 0;

  constructor(module: WasmModule, contract: Contract, role: (index: number) => FunctionRole) {
    this.#module = module;
    this.#contract = contract;
    this.#role = role;
  }

  /** The outcome of a call of an exported function; undefined when every path traps. */
  run(index: number, args: readonly Value[], condition: Term, memory: Memory): Outcome | undefined {
    return this.#enter(this.#module.function(index), args, condition, memory);
  }

  #enter(fn: WasmFunction, args: readonly (Value | undefined)[], condition: Term, memory: Memory): Outcome | undefined {
    const locals = [...args, ...fn.locals.map((type) => constant(widthOf(type), 0))];
    const arity = fn.type.results.length;
    const height = locals.length;
    const label: Label = { height, arity, arrivals: [] };
    const start: Running = { condition, memory, values: locals };
    const end = this.#sequence(fn.body, start, [label]);
    const joined = joinAll([...label.arrivals, end && left(end, label)]);
    if (!joined) return undefined;
    return { condition: joined.condition, memory: joined.memory, result: arity === 0 ? undefined : joined.values[height] };
  }

  #sequence(body: readonly Instruction[], start: Running, labels: readonly Label[]): Running | undefined {
    let path: Running | undefined = start;
    for (const instruction of body) {
      if (!path) return undefined;
      if (++this.#steps > maximumSteps) throw new Unsupported('wasm: too many steps');
      path = this.#control(instruction, path, labels);
    }
    return path;
  }

  #control(instruction: Instruction, path: Running, labels: readonly Label[]): Running | undefined {
    switch (instruction.op) {
      case 0x00:
        this.#contract.unsafe(path.condition);
        return undefined;
      case 0x02:
        return this.#block(instruction, instruction.body, path, labels);
      case 0x03:
        return this.#loop(instruction, path, labels);
      case 0x04:
        return this.#choice(instruction, path, labels);
      case 0x0c:
        return branch(labels, instruction.index, path);
      case 0x0d:
        return this.#branchIf(instruction, path, labels);
      case 0x0e:
        return this.#branchTable(instruction, path, labels);
      case 0x0f:
        return branch(labels, labels.length - 1, path);
      case 0x10:
        return this.#call(instruction.index, path);
      default:
        return this.#step(instruction, path);
    }
  }

  #block(instruction: Instruction, body: readonly Instruction[], path: Running, labels: readonly Label[]): Running | undefined {
    const label: Label = { height: path.values.length, arity: instruction.arity, arrivals: [] };
    const end = this.#sequence(body, path, [...labels, label]);
    return running(joinAll([...label.arrivals, end && left(end, label)]));
  }

  #loop(instruction: Instruction, path: Running, labels: readonly Label[]): Running | undefined {
    const exits: Path[] = [];
    let round: Running | undefined = path;
    const height = path.values.length;
    for (let rounds = 0; round; rounds++) {
      if (rounds > maximumRounds) throw new Unsupported('wasm: a loop has no known bound');
      const label: Label = { height, arity: 0, arrivals: [] };
      const end = this.#sequence(instruction.body, round, [...labels, label]);
      if (end) exits.push(left(end, { height, arity: instruction.arity, arrivals: [] }));
      round = running(joinAll(label.arrivals));
    }
    return running(joinAll(exits));
  }

  #choice(instruction: Instruction, path: Running, labels: readonly Label[]): Running | undefined {
    const condition = this.#condition(path);
    const [yes, no] = forked(path, condition);
    const arms = [
      yes && this.#block(instruction, instruction.body, yes, labels),
      no && this.#block(instruction, instruction.otherwise, no, labels),
    ];
    return running(joinAll(arms));
  }

  #branchIf(instruction: Instruction, path: Running, labels: readonly Label[]): Running | undefined {
    const [yes, no] = forked(path, this.#condition(path));
    if (yes) branch(labels, instruction.index, yes);
    return no;
  }

  #branchTable(instruction: Instruction, path: Running, labels: readonly Label[]): undefined {
    const index = number(path.values.pop());
    let rest: Running | undefined = path;
    for (const [i, label] of instruction.labels.entries()) {
      if (!rest) return undefined;
      const [yes, no]: readonly [Running | undefined, Running | undefined] = forked(rest, equal(index, constant(32, i)));
      if (yes) branch(labels, label, yes);
      rest = no;
    }
    if (rest) branch(labels, instruction.index, rest);
    return undefined;
  }

  #condition(path: Running): Term {
    const value = path.values.pop();
    if (!value) throw new Unsupported('wasm: a condition has no single value');
    return isPointer(value) ? isPresent(value) : isNonZero(value);
  }

  #call(index: number, path: Running): Running | undefined {
    const imported = this.#module.imports[index];
    if (imported) throw new Unsupported(`wasm: call of the imported function ${imported.name}`);
    const role = this.#role(index);
    const type = this.#module.function(index).type;
    const args = path.values.splice(path.values.length - type.params.length);
    if (role.kind === 'inline') {
      const outcome = this.#enter(this.#module.function(index), args, path.condition, path.memory);
      if (!outcome) return undefined;
      const values = type.results.length === 0 ? path.values : [...path.values, outcome.result];
      return { condition: outcome.condition, memory: outcome.memory, values };
    }
    const given = args.map(present);
    const result = role.kind === 'lookup' ? role.answer(given, path) : this.#contract.call(role.name, given, path);
    if (type.results.length > 0) path.values.push(result);
    return path;
  }

  #step(instruction: Instruction, path: Running): Running | undefined {
    const { op } = instruction;
    const { values } = path;
    if (loads.has(op)) this.#load(instruction, path);
    else if (stores.has(op)) this.#store(instruction, path);
    else if (op === 0x20) values.push(values[instruction.index]);
    else if (op === 0x21) values[instruction.index] = values.pop();
    else if (op === 0x22) values[instruction.index] = values[values.length - 1];
    else if (op === 0x23) values.push(this.#global(instruction.index));
    else if (op === 0x41) values.push(constant(32, instruction.value));
    else if (op === 0x42) values.push(constant(64, instruction.value));
    else if (op === 0x1a) values.pop();
    else if (op === 0x45 || op === 0x50) values.push(bit(not(this.#condition(path)), 32));
    else if (op === 0x1b) this.#select(path);
    else if (op !== 0x01) this.#compute(op, path);
    return isFalse(path.condition) ? undefined : path;
  }

  #global(index: number): Term {
    const global = this.#module.globals[index]!;
    if (global.mutable) throw new Unsupported('wasm: the core reads a mutable global');
    return constant(widthOf(global.type), global.value);
  }

  #select(path: Running): void {
    const condition = this.#condition(path);
    const b = path.values.pop();
    const a = path.values.pop();
    path.values.push(chosenValue(condition, a, b));
  }

  #compute(op: number, path: Running): void {
    const operation = numeric.get(op);
    if (!operation) throw new Unsupported(`wasm: instruction 0x${op.toString(16)} is not supported`);
    const second = operation.operands === 2 ? present(path.values.pop()) : undefined;
    const first = present(path.values.pop());
    if (isPointer(first) || (second && isPointer(second))) {
      path.values.push(pointerArithmetic(op, first, second));
      return;
    }
    if (operation.divides) this.#guardDivision(path, second as Term);
    path.values.push(operation.compute(first, (second ?? first) as Term));
  }

  #guardDivision(path: Running, divisor: Term): void {
    const zero = equal(divisor, constant(divisor.width, 0));
    this.#contract.unsafe(and(path.condition, zero));
    path.condition = and(path.condition, not(zero));
  }

  #load(instruction: Instruction, path: Running): void {
    const [bytes, width, signed] = loads.get(instruction.op)!;
    const pointer = address(path.values.pop());
    const { places, unsafe } = dereferenced(pointer, path.condition);
    this.#contract.unsafe(unsafe);
    const value = loadThrough(path.memory, places, instruction.offset, bytes);
    if (isPointer(value)) throw new Unsupported('wasm: a pointer is loaded from memory');
    path.values.push(signed ? signExtend(width, value) : zeroExtend(width, value));
  }

  #store(instruction: Instruction, path: Running): void {
    const bytes = stores.get(instruction.op)!;
    const value = number(path.values.pop());
    const pointer = address(path.values.pop());
    const { places, unsafe } = dereferenced(pointer, path.condition);
    this.#contract.unsafe(unsafe);
    storeThrough(path.memory, places, instruction.offset, bytes, extract(8 * bytes - 1, 0, value));
  }
}

function present(value: Value | undefined): Value {
  if (value === undefined) throw new Unsupported('wasm: a value that differs in kind between paths is used');
  return value;
}

function number(value: Value | undefined): Term {
  const known = present(value);
  if (isPointer(known)) throw new Unsupported('wasm: a pointer is used as a number');
  return known;
}

function address(value: Value | undefined): Pointer {
  const known = present(value);
  if (!isPointer(known)) throw new Unsupported('wasm: an address that is not known to be a reference is used');
  return known;
}

function pointerArithmetic(op: number, a: Value, b: Value | undefined): Value {
  const [pointer, other] = isPointer(a) ? [a, b] : [b as Pointer, a];
  if (other && !isPointer(other)) {
    if (op === 0x6a) return movedBy(pointer, other);
    if (op === 0x6b && pointer === a) return movedBy(pointer, negate(other));
    if (isZero(other) && op === 0x46) return bit(not(isPresent(pointer)), 32);
    if (isZero(other) && op === 0x47) return bit(isPresent(pointer), 32);
  }
  throw new Unsupported(`wasm: instruction 0x${op.toString(16)} on a reference`);
}

function forked(path: Running, condition: Term): readonly [Running | undefined, Running | undefined] {
  if (isTrue(condition)) return [path, undefined];
  if (isFalse(condition)) return [undefined, path];
  const yes = and(path.condition, condition);
  const no = and(path.condition, not(condition));
  if (isFalse(yes)) return [undefined, path];
  if (isFalse(no)) return [path, undefined];
  return [
    { condition: yes, memory: path.memory, values: [...path.values] },
    { condition: no, memory: path.memory.copy(), values: [...path.values] },
  ];
}

function left(path: Running, label: Label): Path {
  const kept = label.arity === 0 ? [] : path.values.slice(-label.arity);
  return { condition: path.condition, memory: path.memory, values: [...path.values.slice(0, label.height), ...kept] };
}

function branch(labels: readonly Label[], depth: number, path: Running): undefined {
  const label = labels[labels.length - 1 - depth]!;
  label.arrivals.push(left(path, label));
}

function running(path: Path | undefined): Running | undefined {
  return path && { condition: path.condition, memory: path.memory, values: [...path.values] };
}
