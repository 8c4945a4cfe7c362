// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// eBPF decoder: the instructions of one function of the object, their control flow, and the order in which to run them so that paths
// meet before what comes after them is run.

import { type Elf, symbolFunction, symbolSection } from './elf.ts';
import { Unsupported } from './unsupported.ts';

export interface BpfInstruction {
  readonly op: number;
  readonly destination: number;
  readonly source: number;
  readonly offset: number;
  readonly immediate: number;
  /** Second immediate of the 16-byte load. */
  readonly upper: number;
  /** Name of the map, function or section referred to. */
  readonly symbol: string;
}

export interface BpfFunction {
  readonly name: string;
  readonly instructions: ReadonlyMap<number, BpfInstruction>;
  readonly entry: number;
  /** Rank of every instruction: of two waiting ones, the lower runs first. */
  readonly rank: ReadonlyMap<number, number>;
}

export const callOp = 0x85;
/** Source register of a call that stays inside the object. */
export const callOfFunction = 1;
const exitOp = 0x95;
export const wideLoadOp = 0x18;

export function functionNames(elf: Elf): string[] {
  return elf.symbols.filter((symbol) => symbol.type === symbolFunction && symbol.name !== '').map((symbol) => symbol.name);
}

export function decodeFunction(elf: Elf, name: string): BpfFunction {
  const symbol = elf.symbols.find((each) => each.type === symbolFunction && each.name === name);
  if (!symbol) throw new Error(`verify: bpf: the object has no function "${name}"`);
  const base = elf.sections[symbol.section]!.offset;
  const instructions = new Map<number, BpfInstruction>();
  const entry = symbol.value / 8;
  for (let at = entry; at < (symbol.value + symbol.size) / 8; ) {
    const instruction = decode(elf, symbol.section, base, at);
    instructions.set(at, instruction);
    at += instruction.op === wideLoadOp ? 2 : 1;
  }
  return { name, instructions, entry, rank: ranked(instructions, entry) };
}

function decode(elf: Elf, section: number, base: number, at: number): BpfInstruction {
  const place = base + at * 8;
  const bytes = elf.bytes;
  const op = bytes[place]!;
  const immediate = bytes.readInt32LE(place + 4);
  const source = bytes[place + 1]! >> 4;
  const target = elf.relocation(section, at * 8);
  let symbol = target?.name ?? '';
  if (op === callOp && source === 1) {
    const inSection = target ? target.section : section;
    const start = target ? (target.type === symbolSection ? (immediate + 1) * 8 : target.value) : (at + 1 + immediate) * 8;
    const callee = elf.symbols.find((each) => each.type === symbolFunction && each.section === inSection && each.value === start);
    if (!callee) throw new Unsupported(`bpf: the call at ${at} leads to no function`);
    symbol = callee.name;
  }
  return {
    op,
    source,
    immediate,
    symbol,
    destination: bytes[place + 1]! & 15,
    offset: bytes.readInt16LE(place + 2),
    upper: op === wideLoadOp ? bytes.readUInt32LE(place + 12) : 0,
  };
}

export function successors(instruction: BpfInstruction, at: number): number[] {
  const following = at + (instruction.op === wideLoadOp ? 2 : 1);
  const kind = instruction.op & 7;
  if ((kind !== 5 && kind !== 6) || instruction.op === callOp) return [following];
  if (instruction.op === exitOp) return [];
  const target = at + 1 + instruction.offset;
  return instruction.op >> 4 === 0 ? [target] : [following, target];
}

/**
 * Bourdoncle's weak topological order: every loop is listed whole, head first, before what follows it. Running the lowest waiting
 * instruction first then finishes a loop, and joins its exits, before going on.
 */
function ranked(instructions: ReadonlyMap<number, BpfInstruction>, entry: number): Map<number, number> {
  const order: number[] = [];
  const numbers = new Map<number, number>();
  const stack: number[] = [];
  let next = 0;
  const done = Number.POSITIVE_INFINITY;
  const component = (head: number): number[] => {
    const part: number[] = [];
    for (const to of successors(instructions.get(head)!, head)) if (!numbers.has(to)) visit(to, part);
    return [head, ...part];
  };
  const visit = (at: number, part: number[]): number => {
    stack.push(at);
    numbers.set(at, ++next);
    let head = next;
    let loops = false;
    for (const to of successors(instructions.get(at)!, at)) {
      const low = numbers.has(to) ? numbers.get(to)! : visit(to, part);
      if (low <= head) {
        head = low;
        loops = true;
      }
    }
    if (head !== numbers.get(at)) return head;
    numbers.set(at, done);
    let element = stack.pop()!;
    if (loops) {
      while (element !== at) {
        numbers.delete(element);
        element = stack.pop()!;
      }
      part.unshift(...component(at));
    } else {
      part.unshift(at);
    }
    return head;
  };
  visit(entry, order);
  return new Map(order.map((at, rank) => [at, rank]));
}
