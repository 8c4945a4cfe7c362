// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// WASM decoder: from the bytes that ship to structured instructions. Only what a checked module can contain is expected; anything
// else is refused when it is met.

import { Unsupported } from './unsupported.ts';

export type ValueWidth = 32 | 64 | 128;

export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface Instruction {
  /** Opcode; 0xfc00 + n for the prefixed ones. */
  readonly op: number;
  /** Label, local, global or function number; of `br_table` the default. */
  readonly index: number;
  /** Constant offset of a load or store. */
  readonly offset: number;
  readonly value: bigint;
  /** Of `br_table`. */
  readonly labels: readonly number[];
  /** Of `block`, `loop`, `if`. */
  readonly body: readonly Instruction[];
  readonly otherwise: readonly Instruction[];
  readonly arity: number;
}

export interface WasmFunction {
  readonly index: number;
  readonly type: FunctionType;
  /** Types of the locals that are not parameters. */
  readonly locals: readonly number[];
  readonly body: readonly Instruction[];
}

export interface WasmModule {
  readonly imports: readonly { readonly name: string; readonly type: FunctionType }[];
  readonly exports: ReadonlyMap<string, number>;
  /** Names from the name section and the exports, by function number. */
  readonly names: ReadonlyMap<number, string>;
  readonly globals: readonly { readonly mutable: boolean; readonly type: number; readonly value: bigint }[];
  function(index: number): WasmFunction;
}

export function widthOf(type: number): ValueWidth {
  if (type === 0x7f) return 32;
  if (type === 0x7e) return 64;
  throw new Unsupported(`wasm: value type 0x${type.toString(16)} is not supported`);
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 7n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << (shift - 7n);
      if (byte < 128) return BigInt.asIntN(Number(shift), value);
    }
  }

  name(): string {
    const length = this.unsigned();
    this.at += length;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at - length, length).toString('utf8');
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }
}

const blank = { index: 0, offset: 0, value: 0n, labels: [], body: [], otherwise: [], arity: 0 };

/** Reads instructions up to the `end` or `else` that closes them. */
function sequence(reader: Reader): { body: Instruction[]; closedBy: number } {
  const body: Instruction[] = [];
  for (;;) {
    const op = reader.byte();
    if (op === 0x0b || op === 0x05) return { body, closedBy: op };
    body.push(instruction(reader, op));
  }
}

function instruction(reader: Reader, op: number): Instruction {
  if (op === 0x02 || op === 0x03 || op === 0x04) return structured(reader, op);
  if (op === 0x0c || op === 0x0d || op === 0x10 || (op >= 0x20 && op <= 0x24)) return { ...blank, op, index: reader.unsigned() };
  if (op === 0x0e) return { ...blank, op, labels: reader.list(() => reader.unsigned()), index: reader.unsigned() };
  if (op >= 0x28 && op <= 0x3e) {
    reader.unsigned();
    return { ...blank, op, offset: reader.unsigned() };
  }
  if (op === 0x41 || op === 0x42) return { ...blank, op, value: reader.signed() };
  if (op === 0x3f || op === 0x40) return { ...blank, op, index: reader.byte() };
  if (op === 0xfc) {
    const kind = reader.unsigned();
    if (kind === 10) reader.at += 2;
    else if (kind === 11) reader.at += 1;
    else throw new Unsupported(`wasm: prefixed instruction 0xfc ${kind} is not supported`);
    return { ...blank, op: 0xfc00 + kind };
  }
  if (op < 0x02 || op === 0x0f || op === 0x1a || op === 0x1b || (op >= 0x45 && op <= 0xc4)) return { ...blank, op };
  throw new Unsupported(`wasm: instruction 0x${op.toString(16)} is not supported`);
}

function structured(reader: Reader, op: number): Instruction {
  const type = reader.signed();
  if (type >= 0n) throw new Unsupported('wasm: blocks with several values are not supported');
  const arity = type === -64n ? 0 : 1;
  const first = sequence(reader);
  const otherwise = first.closedBy === 0x05 ? sequence(reader).body : [];
  return { ...blank, op, arity, body: first.body, otherwise };
}

interface Parts {
  types: FunctionType[];
  imports: { name: string; type: FunctionType }[];
  functionTypes: number[];
  exports: Map<string, number>;
  names: Map<number, string>;
  globals: { mutable: boolean; type: number; value: bigint }[];
  bodies: { at: number; end: number }[];
}

export function decodeWasm(bytes: Uint8Array): WasmModule {
  const parts: Parts = { types: [], imports: [], functionTypes: [], exports: new Map(), names: new Map(), globals: [], bodies: [] };
  const reader = new Reader(bytes, 8, bytes.length);
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    section(id, new Reader(bytes, reader.at, end), parts);
    reader.at = end;
  }
  for (const [name, index] of parts.exports) parts.names.set(index, name);
  const { types, imports, functionTypes, bodies } = parts;
  const decoded = new Map<number, WasmFunction>();
  return {
    imports,
    exports: parts.exports,
    names: parts.names,
    globals: parts.globals,
    function(index) {
      const known = decoded.get(index);
      if (known) return known;
      const own = index - imports.length;
      const place = bodies[own]!;
      const made = { index, type: types[functionTypes[own]!]!, ...body(new Reader(bytes, place.at, place.end)) };
      decoded.set(index, made);
      return made;
    },
  };
}

function body(reader: Reader): { locals: number[]; body: Instruction[] } {
  const locals = reader.list(() => Array<number>(reader.unsigned()).fill(reader.byte())).flat();
  return { locals, body: sequence(reader).body };
}

function section(id: number, reader: Reader, parts: Parts): void {
  if (id === 1) parts.types = reader.list(() => functionType(reader));
  else if (id === 2) importSection(reader, parts);
  else if (id === 3) parts.functionTypes = reader.list(() => reader.unsigned());
  else if (id === 6) parts.globals.push(...reader.list(() => global(reader)));
  else if (id === 7) exportSection(reader, parts);
  else if (id === 10) parts.bodies = reader.list(() => span(reader));
  else if (id === 0) nameSection(reader, parts);
}

function functionType(reader: Reader): FunctionType {
  reader.byte();
  return { params: reader.list(() => reader.byte()), results: reader.list(() => reader.byte()) };
}

function limits(reader: Reader): void {
  const flags = reader.byte();
  reader.unsigned();
  if ((flags & 1) !== 0) reader.unsigned();
}

function importSection(reader: Reader, parts: Parts): void {
  for (let count = reader.unsigned(); count > 0; count--) {
    reader.name();
    const name = reader.name();
    const kind = reader.byte();
    if (kind === 0) {
      parts.imports.push({ name, type: parts.types[reader.unsigned()]! });
    } else if (kind === 2) {
      limits(reader);
    } else {
      throw new Unsupported(`wasm: import "${name}" is neither a function nor a memory`);
    }
  }
}

function global(reader: Reader): { mutable: boolean; type: number; value: bigint } {
  const type = reader.byte();
  const mutable = reader.byte() === 1;
  const op = reader.byte();
  if (op !== 0x41 && op !== 0x42) throw new Unsupported('wasm: a global is not initialised with an integer constant');
  const value = reader.signed();
  reader.byte();
  return { type, mutable, value };
}

function exportSection(reader: Reader, parts: Parts): void {
  for (let count = reader.unsigned(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.unsigned();
    if (kind === 0) parts.exports.set(name, index);
  }
}

function span(reader: Reader): { at: number; end: number } {
  const size = reader.unsigned();
  const at = reader.at;
  reader.at += size;
  return { at, end: at + size };
}

function nameSection(reader: Reader, parts: Parts): void {
  if (reader.name() !== 'name') return;
  while (reader.at < reader.end) {
    const id = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    if (id === 1) for (let count = reader.unsigned(); count > 0; count--) parts.names.set(reader.unsigned(), reader.name());
    reader.at = end;
  }
}
