// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// WASM machine: the module that ships, with maps of the same contents; a slot is copied into its packet buffer and called there.

import { maps as mapSpecs } from '../../../orchestrator/datapath/generated/maps.ts';
import { type Engine, startEngine } from '../../../orchestrator/datapath/wasm/engine.ts';
import { nullsAt, type SlotLayout } from './slots.ts';
import { type WorldEntry, worldSizes } from './world.ts';

type AnyFunction = (...args: (number | bigint)[]) => number | bigint | undefined;

export class WasmMachine {
  readonly engine: Engine;
  readonly #functions: Readonly<Record<string, AnyFunction>>;
  readonly #base: number;
  readonly #key: number;

  private constructor(engine: Engine) {
    this.engine = engine;
    this.#functions = engine.exports as unknown as Readonly<Record<string, AnyFunction>>;
    this.#base = engine.exports.inputBuffer();
    this.#key = this.#base + 32768;
  }

  static async open(module: WebAssembly.Module): Promise<WasmMachine> {
    return new WasmMachine(await startEngine(module, mapSpecs, worldSizes, 0n));
  }

  /** Where the slot lies: as the bytes of this process, valid for as long as the machine. */
  get slot(): Uint8Array {
    return this.engine.bytes.subarray(this.#base, this.#base + 4096);
  }

  addressSlot(hi: bigint, lo: bigint): number {
    return Number(this.#functions.addressSlot!(hi, lo)) >>> 0;
  }

  scratchPointer(): number {
    return Number(this.#functions.scratchPointer!());
  }

  /** A call of the function with the slot's arguments, which then leaves its result in the slot. */
  caller(layout: SlotLayout): () => void {
    const { view } = this.engine;
    const base = this.#base;
    const call = this.#functions[layout.core.name]!;
    const take = layout.arguments.map((argument, i): (() => number | bigint) => {
      const at = base + argument.at;
      if (argument.kind === 'reference') return () => ((view.getUint32(base + nullsAt, true) >> i) & 1 ? 0 : at);
      if (argument.width === 64) return () => view.getBigInt64(at, true);
      if (argument.width === 32) return () => view.getInt32(at, true);
      return argument.width === 16 ? () => view.getUint16(at, true) : () => view.getUint8(at);
    });
    const wide = layout.core.result?.kind === 'number' && layout.core.result.width === 64;
    const none = layout.core.result === undefined;
    return () => {
      const result = call(...take.map((each) => each()));
      if (none) return;
      if (wide) view.setBigInt64(base, result as bigint, true);
      else view.setUint32(base, result as number, true);
    };
  }

  fill(entries: readonly WorldEntry[]): void {
    const { exports, bytes } = this.engine;
    for (const { spec, key, value } of entries) {
      bytes.set(key, this.#key);
      bytes.set(value, this.#key + 1024);
      const result = exports.mapUpdate(spec.number, this.#key, this.#key + 1024, 0);
      if (result < 0) throw new Error(`verify: differential: ${spec.name}: an entry is refused by wasm (${result})`);
    }
  }

  clear(entries: readonly WorldEntry[]): void {
    const { exports, bytes } = this.engine;
    for (const { spec, key, value } of entries) {
      bytes.set(key, this.#key);
      bytes.fill(0, this.#key + 1024, this.#key + 1024 + value.length);
      if (spec.kind === 'array') exports.mapUpdate(spec.number, this.#key, this.#key + 1024, 0);
      else exports.mapDelete(spec.number, this.#key);
    }
  }
}
