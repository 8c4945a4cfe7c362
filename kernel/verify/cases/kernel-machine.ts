// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Kernel machine: the harness loaded into the running kernel. Slots live in an array that both the program and this process map.

import { Bpf } from '../../../orchestrator/datapath/kernel/bpf.ts';
import { type LoadedObject, loadObject } from '../../../orchestrator/datapath/kernel/elf.ts';
import { type Libc, openLibc } from '../../../orchestrator/datapath/kernel/libc.ts';
import { casesMap, programName, slotCount } from './harness.ts';
import { type SlotLayout, slotBytes } from './slots.ts';
import { type WorldEntry, worldSizes } from './world.ts';

const readWrite = 3;
const shared = 1;
const contextBytes = 192;
const markAt = 8;

export class KernelMachine implements Disposable {
  readonly libc: Libc;
  readonly bpf: Bpf;
  readonly object: LoadedObject;
  readonly #context = new Uint8Array(contextBytes);
  readonly #frame = new Uint8Array(64);
  readonly #output = new Uint8Array(256);

  private constructor(libc: Libc, object: LoadedObject) {
    this.libc = libc;
    this.bpf = new Bpf(libc);
    this.object = object;
  }

  static async open(path: string): Promise<KernelMachine> {
    const libc = await openLibc();
    const object = await loadObject(path, (name) => (name in worldSizes ? { entries: worldSizes[name]! } : undefined));
    return new KernelMachine(libc, object);
  }

  /** The slots as bytes of this process. */
  slots(): Uint8Array {
    const length = slotCount * slotBytes;
    const address = this.libc.mmap(length, readWrite, shared, this.object.maps.get(casesMap)!, 0);
    if (address < 0) throw new Error(`verify: differential: the slots cannot be mapped (${address})`);
    return new Uint8Array(this.libc.view(address, length));
  }

  /** Puts the first `count` slots through a function. */
  run(layout: SlotLayout, count: number): void {
    this.#context.fill(0);
    const { result, value } = this.bpf.testRun({
      program: this.object.programs.get(programName(layout))!,
      packet: this.libc.address(this.#frame),
      packetLength: this.#frame.length,
      output: this.libc.address(this.#output),
      outputLength: this.#output.length,
      context: this.libc.address(this.#context),
      contextLength: contextBytes,
      repeat: count,
    });
    const reached = new DataView(this.#context.buffer).getUint32(markAt, true);
    if (result < 0 || value !== 0 || reached !== count) {
      throw new Error(
        `verify: differential: ${layout.core.name}: the test run ended with ${result}, ${value} after ${reached} of ${count}`,
      );
    }
  }

  fill(entries: readonly WorldEntry[]): void {
    for (const { spec, key, value } of entries) this.#each('update', spec.name, key, value);
  }

  /** Removes what `fill` put in; elements of arrays become zero. */
  clear(entries: readonly WorldEntry[]): void {
    for (const { spec, key, value } of entries) {
      if (spec.kind === 'array') this.#each('update', spec.name, key, new Uint8Array(value.length));
      else this.bpf.delete(this.object.maps.get(spec.name)!, this.libc.address(key));
    }
  }

  #each(action: 'update', map: string, key: Uint8Array, value: Uint8Array): void {
    const result = this.bpf[action](this.object.maps.get(map)!, this.libc.address(key), this.libc.address(value));
    if (result < 0) throw new Error(`verify: differential: ${map}: an entry is refused (${result})`);
  }

  [Symbol.dispose](): void {
    this.object[Symbol.dispose]();
  }
}
