// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The functions to prove: every exported core function, found under its name on both machines, with the types that the object gives it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callOfFunction, callOp, decodeFunction } from '../machine/bpf-decode.ts';
import { type Btf, type Parameter, readBtf } from '../machine/btf.ts';
import { type Elf, readElf, symbolFunction } from '../machine/elf.ts';
import { decodeWasm, type WasmModule } from '../machine/wasm-decode.ts';

/** Struct that a core function gets first, in C only, when it reaches a lookup. */
const hostStruct = 'host';

export interface CoreFunction {
  /** Name in AssemblyScript and in the module's exports. */
  readonly name: string;
  readonly cName: string;
  readonly wasmIndex: number;
  /** The C function has the hidden first parameter. */
  readonly takesHost: boolean;
  readonly parameters: readonly Parameter[];
  readonly result: Parameter | undefined;
}

/** Both machines as they ship. */
export interface Machines {
  readonly wasm: WasmModule;
  readonly elf: Elf;
  readonly btf: Btf;
  readonly functions: ReadonlyMap<string, CoreFunction>;
  /** Exported core functions by C name. */
  readonly byCName: ReadonlyMap<string, CoreFunction>;
  /** C names of those that the object calls; the bodies of all others are in their callers, on this machine at least. */
  readonly called: ReadonlySet<string>;
}

function calledNames(elf: Elf, names: Iterable<string>): Set<string> {
  const called = new Set<string>();
  for (const name of names) {
    for (const { op, source, symbol } of decodeFunction(elf, name).instructions.values()) {
      if (op === callOp && source === callOfFunction) called.add(symbol);
    }
  }
  return called;
}

/** Names of the functions that core/exports.ts exports, itself or through another file. */
export function exportedNames(folder: string, file = 'exports.ts'): string[] {
  const text = readFileSync(join(folder, file), 'utf8').replace(/\/\/.*$/gm, '');
  return [...text.matchAll(/export (?:\{([^}]*)\}|\*) from '\.\/([^']+)'/g)].flatMap(([, list, from]) =>
    list === undefined
      ? exportedNames(folder, `${from}.ts`)
      : list
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
  );
}

export function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** Pairs the functions of both machines. `names`: the exported core functions; default: whatever both have. */
export function readMachines(wasmBytes: Uint8Array, objectBytes: Buffer, names?: readonly string[]): Machines {
  const wasm = decodeWasm(wasmBytes);
  const elf = readElf(objectBytes);
  const btf = readBtf(elf);
  const symbols = new Set(elf.symbols.filter((symbol) => symbol.type === symbolFunction).map((symbol) => symbol.name));
  const functions = new Map<string, CoreFunction>();
  for (const name of names ?? wasm.exports.keys()) {
    const cName = snakeCase(name);
    const wasmIndex = wasm.exports.get(name);
    const prototype = btf.prototype(cName);
    if (wasmIndex === undefined || !prototype || !symbols.has(cName)) continue;
    const first = prototype.parameters[0];
    const takesHost = first?.kind === 'reference' && first.struct === hostStruct;
    const parameters = takesHost ? prototype.parameters.slice(1) : prototype.parameters;
    functions.set(name, { name, cName, wasmIndex, takesHost, parameters, result: prototype.result });
  }
  const byCName = new Map([...functions.values()].map((fn) => [fn.cName, fn]));
  return { wasm, elf, btf, functions, byCName, called: calledNames(elf, byCName.keys()) };
}
