// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Differential: every core function on the running kernel and in WASM, with the same slots and the same map contents, and every byte
// of the slots compared. Independent of the proof: nothing here knows what an instruction means.

import { maps as mapSpecs } from '../../../orchestrator/datapath/generated/maps.ts';
import type { Btf } from '../machine/btf.ts';
import { slotCount } from './harness.ts';
import { KernelMachine } from './kernel-machine.ts';
import { Random } from './random.ts';
import { type SlotLayout, slotBytes, writeCase } from './slots.ts';
import { WasmMachine } from './wasm-machine.ts';
import { makeWorld, type WorldEntry } from './world.ts';

export interface Difference {
  readonly name: string;
  readonly seed: number;
  /** Number of the case within its function's cases of that seed. */
  readonly index: number;
  readonly what: string;
}

export interface DifferentialResult {
  /** By function name. */
  readonly cases: Readonly<Record<string, number>>;
  readonly differences: readonly Difference[];
}

export interface DifferentialOptions {
  readonly object: string;
  readonly module: WebAssembly.Module;
  readonly btf: Btf;
  readonly layouts: readonly SlotLayout[];
  readonly seed: number;
  /** Cases of a function. */
  readonly cases: (name: string) => number;
  /** Stop at the first difference: for planted bugs. */
  readonly stopEarly?: boolean;
}

/** Slots are filled anew for every world; the last world's entries are taken out first. */
const worlds = 8;
const mostDifferences = 5;

export async function runDifferential(options: DifferentialOptions): Promise<DifferentialResult> {
  using kernel = await KernelMachine.open(options.object);
  const wasm = await WasmMachine.open(options.module);
  const slots = kernel.slots();
  const cases: Record<string, number> = {};
  const differences: Difference[] = [];
  let entries: WorldEntry[] = [];
  for (let world = 0; world < worlds; world++) {
    const seed = (options.seed + world) | 0;
    kernel.clear(entries);
    wasm.clear(entries);
    entries = makeWorld(mapSpecs, options.btf, new Random(seed), (hi, lo) => wasm.addressSlot(hi, lo));
    kernel.fill(entries);
    wasm.fill(entries);
    for (const layout of options.layouts) {
      const { name } = layout.core;
      const share = Math.ceil(options.cases(name) / worlds);
      const random = new Random(seed ^ hash(name));
      for (let done = 0; done < share; ) {
        const count = Math.min(slotCount, share - done);
        const found = runSlots(layout, kernel, wasm, slots, count, random);
        for (const { index, what } of found)
          if (differences.length < mostDifferences) differences.push({ name, seed, index: done + index, what });
        done += count;
        cases[name] = (cases[name] ?? 0) + count;
        if (options.stopEarly && found.length > 0) return { cases, differences };
      }
    }
  }
  return { cases, differences };
}

function hash(name: string): number {
  let value = 0;
  for (const char of name) value = (Math.imul(value, 31) + char.charCodeAt(0)) | 0;
  return value;
}

function runSlots(
  layout: SlotLayout,
  kernel: KernelMachine,
  wasm: WasmMachine,
  slots: Uint8Array,
  count: number,
  random: Random,
): { index: number; what: string }[] {
  const view = new DataView(slots.buffer, slots.byteOffset, slots.byteLength);
  slots.fill(0, 0, count * slotBytes);
  for (let i = 0; i < count; i++) writeCase(layout, view, i * slotBytes, random);
  const inputs = slots.slice(0, count * slotBytes);
  kernel.run(layout, count);
  const call = wasm.caller(layout);
  const words = layout.bytes >> 2;
  const before = new Int32Array(inputs.buffer);
  const after = new Int32Array(slots.buffer, slots.byteOffset, (count * slotBytes) >> 2);
  const slot = new Int32Array(wasm.slot.buffer, wasm.slot.byteOffset, slotBytes >> 2);
  const found: { index: number; what: string }[] = [];
  for (let i = 0; i < count; i++) {
    const start = i * (slotBytes >> 2);
    for (let word = 0; word < words; word++) slot[word] = before[start + word]!;
    call();
    for (let word = 0; word < words; word++) {
      if (slot[word] !== after[start + word]) {
        found.push({ index: i, what: `${placeOf(layout, word * 4)}: kernel ${hex(after[start + word]!)}, wasm ${hex(slot[word]!)}` });
        break;
      }
    }
  }
  return found;
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, '0')}`;
}

function placeOf(layout: SlotLayout, at: number): string {
  if (at < 8) return 'the result';
  const index = layout.arguments.findIndex(
    (argument) => argument.kind === 'reference' && at >= argument.at && at < argument.at + argument.size,
  );
  const argument = layout.arguments[index];
  if (argument?.kind !== 'reference') return `slot byte ${at}`;
  const inside = at - argument.at;
  const member = argument.members.findLast((each) => each.offset <= inside);
  return `${layout.core.parameters[index]!.name}.${member?.name ?? inside} (byte ${inside})`;
}
