// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Hostile packets: malformed ones of every kind through the module alone, as fast as it goes. None may trap it.

import { maps as mapSpecs } from '../../../orchestrator/datapath/generated/maps.ts';
import type { Btf } from '../machine/btf.ts';
import { spoil, wellFormed } from './packets.ts';
import { hooks } from './pools.ts';
import { Random } from './random.ts';
import { WasmMachine } from './wasm-machine.ts';
import { makeWorld } from './world.ts';

const virtioBytes = 12;
const corpusSize = 512;
/** Each packet of the corpus is spoilt a little more each time, and made new after so many rounds. */
const rounds = 16;

export interface HostileResult {
  readonly packets: number;
  readonly dropped: number;
  /** The trap and its packet, if there was one. */
  readonly trap?: string;
}

export async function runHostile(module: WebAssembly.Module, btf: Btf, seed: number, packets: number): Promise<HostileResult> {
  const wasm = await WasmMachine.open(module);
  const random = new Random(seed);
  wasm.fill(makeWorld(mapSpecs, btf, random, (hi, lo) => wasm.addressSlot(hi, lo)));
  const { exports, bytes } = wasm.engine;
  const buffer = exports.inputBuffer();
  let done = 0;
  let dropped = 0;
  while (done < packets) {
    const corpus = Array.from({ length: corpusSize }, () => wellFormed(random));
    for (let i = 0; i < corpusSize * rounds && done < packets; i++, done++) {
      const packet = corpus[i % corpusSize]!;
      const length = spoil(packet, packet.length, random);
      bytes.fill(random.once(4) ? random.word() : 0, buffer, buffer + virtioBytes);
      bytes.set(packet, buffer + virtioBytes);
      try {
        const result = exports.run(
          random.pick(hooks),
          1 + random.below(3),
          buffer,
          virtioBytes + length,
          1000 + random.below(200),
          random.word(),
          0,
        );
        if ((result & 0xff) === 0) dropped++;
      } catch (error) {
        return { packets: done, dropped, trap: `${(error as Error).message}: ${Buffer.from(packet.subarray(0, length)).toString('hex')}` };
      }
    }
  }
  return { packets: done, dropped };
}
