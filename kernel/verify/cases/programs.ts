// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs: the object's whole traffic-control programs, parsing included, against the module's `run`, packet after packet on the same
// maps: facts, decision, the packet that leaves, and at the end every entry that the packets made.

import { HOOK_FROM_OVERLAY } from '../../../orchestrator/datapath/generated/enums.ts';
import { maps as mapSpecs } from '../../../orchestrator/datapath/generated/maps.ts';
import { ethernetBytes, framed } from '../../../orchestrator/datapath/kernel/frame.ts';
import { hookPrograms } from '../../../orchestrator/datapath/kernel/hook-programs.ts';
import { partSize, possibleCpus } from '../../../orchestrator/datapath/kernel/per-cpu.ts';
import { entryOrders, loadTestEntry, type TestEntry } from '../../../orchestrator/datapath/kernel/test-entry.ts';
import { runFrame } from '../../../orchestrator/datapath/kernel/test-run.ts';
import type { Btf, StructMember } from '../machine/btf.ts';
import type { Difference } from './differential.ts';
import { KernelMachine } from './kernel-machine.ts';
import { spoil, wellFormed } from './packets.ts';
import { hooks, identities } from './pools.ts';
import { Random } from './random.ts';
import { WasmMachine } from './wasm-machine.ts';
import { makeWorld } from './world.ts';

export interface ProgramsOptions {
  readonly object: string;
  readonly module: WebAssembly.Module;
  readonly btf: Btf;
  readonly seed: number;
  readonly packets: number;
}

export interface ProgramsResult {
  readonly cases: number;
  /** Decisions that were met, as `next hop/reason`: how much of the chain the packets reached. */
  readonly decisions: readonly string[];
  readonly differences: readonly Difference[];
}

const tunnelIdentityMask = 0xffffff;
/** The kernel runs no IP frame that lacks a whole IP header; a shorter packet is cut to its length on the way. */
const shortestPacket = 40;
const virtioBytes = 12;
const packetsOfWorld = 20_000;
const mostDifferences = 5;
const actions: Readonly<Record<number, readonly number[]>> = { 0: [2], 1: [0], 2: [7], 3: [7, 2], 4: [0] };
const writtenMaps = ['conntrack', 'translations', 'affinity', 'fragments'];

export async function runPrograms(options: ProgramsOptions): Promise<ProgramsResult> {
  const differences: Difference[] = [];
  const decisions = new Set<string>();
  let cases = 0;
  for (let seed = options.seed; cases < options.packets; seed++) {
    using round = await Round.open(options, seed);
    const count = Math.min(packetsOfWorld, options.packets - cases);
    for (let index = 0; index < count && differences.length < mostDifferences; index++) {
      const what = round.next();
      if (what !== undefined) differences.push({ name: 'programs', seed, index, what });
    }
    for (const decision of round.decisions) decisions.add(decision);
    for (const what of round.compareMaps()) differences.push({ name: 'programs', seed, index: count, what });
    cases += count;
    if (differences.length > 0) break;
  }
  return { cases, decisions: [...decisions].sort(), differences: differences.slice(0, mostDifferences) };
}

/** One world on both machines, and the packets that go through it. */
class Round implements Disposable {
  readonly decisions = new Set<string>();
  readonly #kernel: KernelMachine;
  readonly #wasm: WasmMachine;
  readonly #random: Random;
  readonly #facts: readonly StructMember[];
  readonly #record: readonly StructMember[];
  readonly #factsSize: number;
  /** Where wasm keeps facts, record and scratch: both machines begin every packet with nothing. */
  readonly #areas: readonly { readonly at: number; readonly size: number }[];
  readonly #workspaces: Uint8Array;
  readonly #zeros: Uint8Array;
  readonly #part: number;
  readonly #key = new Uint8Array(4);
  readonly #entries: ReadonlyMap<number, TestEntry>;

  private constructor(kernel: KernelMachine, wasm: WasmMachine, btf: Btf, random: Random) {
    this.#kernel = kernel;
    this.#wasm = wasm;
    this.#random = random;
    this.#facts = btf.struct('facts')!.members;
    this.#record = btf.struct('record')!.members;
    this.#factsSize = btf.struct('facts')!.size;
    const size = (struct: string): number => btf.struct(struct)!.size;
    const { exports } = wasm.engine;
    this.#areas = [
      { at: exports.factsPointer(), size: size('facts') },
      { at: exports.recordPointer(), size: size('record') },
      { at: wasm.scratchPointer(), size: size('scratch') },
    ];
    this.#part = partSize(btf.struct('workspace')!.size);
    this.#workspaces = new Uint8Array(this.#part * possibleCpus());
    this.#zeros = new Uint8Array(this.#workspaces.length);
    const { bpf, libc, object } = kernel;
    this.#entries = new Map(hooks.map((hook) => [hook, loadTestEntry(bpf, libc, object.programs.get(hookPrograms[hook]!)!)]));
  }

  static async open({ object, module, btf }: ProgramsOptions, seed: number): Promise<Round> {
    const kernel = await KernelMachine.open(object);
    const wasm = await WasmMachine.open(module);
    const random = new Random(seed);
    const entries = makeWorld(mapSpecs, btf, random, (hi, lo) => wasm.addressSlot(hi, lo)).filter(
      ({ spec }) => !writtenMaps.includes(spec.name),
    );
    kernel.fill(entries);
    wasm.fill(entries);
    return new Round(kernel, wasm, btf, random);
  }

  /** Puts one packet through both; what differs. */
  next(): string | undefined {
    const random = this.#random;
    const hook = random.pick(hooks);
    let packet = wellFormed(random);
    if (random.once(3)) packet = packet.slice(0, spoil(packet, packet.length, random));
    const version = packet[0]! >> 4;
    if (version !== 4 && version !== 6) return undefined;
    const { action, output, workspace } = this.#runKernel(hook, packet);
    if (!workspace) return `hook ${hook}: the kernel left no decision about ${hex(packet)}`;
    const difference = this.#runWasm(hook, packet, workspace, output);
    const nextHop = workspace[this.#factsSize]!;
    this.decisions.add(`${nextHop}/${workspace[this.#factsSize + 1]}`);
    if (difference === undefined && actions[nextHop]!.includes(action)) return undefined;
    return `hook ${hook}, packet ${hex(packet)}: ${difference ?? `next hop ${nextHop} became action ${action}`}`;
  }

  /** Short packets and tunnel identities need an entry before the program: a test run can give neither. */
  #runKernel(hook: number, packet: Uint8Array): { action: number; output: Uint8Array; workspace: Uint8Array | undefined } {
    const { libc, bpf, object } = this.#kernel;
    const map = object.maps.get('scratch')!;
    const identity = hook === HOOK_FROM_OVERLAY ? this.#random.pick(identities) & tunnelIdentityMask : undefined;
    const cut = packet.length < shortestPacket ? ethernetBytes + packet.length : 0;
    const entry = this.#entries.get(hook)!;
    bpf.update(map, libc.address(this.#key), libc.address(this.#zeros));
    const done = runFrame(bpf, libc, entry.program, framed(packet, shortestPacket), { cb: entryOrders(identity, cut) });
    bpf.lookup(map, libc.address(this.#key), libc.address(this.#workspaces));
    const hookAt = this.#facts.find(({ name }) => name === 'hook')!.offset;
    let workspace: Uint8Array | undefined;
    for (let at = 0; at < this.#workspaces.length; at += this.#part) {
      if (this.#workspaces[at + hookAt] !== 0) workspace = this.#workspaces.subarray(at, at + this.#part);
    }
    return { action: done.action, output: done.frame.subarray(ethernetBytes), workspace };
  }

  #runWasm(hook: number, packet: Uint8Array, workspace: Uint8Array, output: Uint8Array): string | undefined {
    const { exports, bytes } = this.#wasm.engine;
    const facts = new DataView(workspace.buffer, workspace.byteOffset);
    const fact = (name: string): number => facts.getUint32(this.#facts.find((each) => each.name === name)!.offset, true);
    const buffer = exports.inputBuffer();
    for (const { at, size } of this.#areas) bytes.fill(0, at, at + size);
    bytes.fill(0, buffer, buffer + virtioBytes);
    bytes.set(packet, buffer + virtioBytes);
    exports.run(hook, fact('port'), buffer, virtioBytes + packet.length, fact('now'), fact('random'), fact('tunnel_identity'));
    const factsDiffer = differing(this.#facts, workspace, 0, bytes, exports.factsPointer());
    if (factsDiffer) return `facts.${factsDiffer}`;
    const recordDiffers = differing(this.#record, workspace, this.#factsSize, bytes, exports.recordPointer());
    if (recordDiffers) return `record.${recordDiffers}`;
    const left = bytes.subarray(buffer + virtioBytes, buffer + virtioBytes + packet.length);
    const at = output.findIndex((byte, i) => byte !== left[i]);
    if (workspace[this.#factsSize] === 0 || (at < 0 && output.length === packet.length)) return undefined;
    return `the packet leaves differently from byte ${at}: kernel ${hex(output)}, wasm ${hex(left)}`;
  }

  /** Entries of the maps that packets write, wasm's looked up in the kernel, and how many there are. */
  compareMaps(): string[] {
    const { libc, bpf, object } = this.#kernel;
    const { exports, bytes } = this.#wasm.engine;
    const found: string[] = [];
    for (const spec of mapSpecs.filter(({ name }) => writtenMaps.includes(name))) {
      const key = new Uint8Array(spec.key.size);
      const value = new Uint8Array(spec.value.size);
      const map = object.maps.get(spec.name)!;
      let count = 0;
      for (let cursor = exports.mapNext(spec.number, 0); cursor !== 0; cursor = exports.mapNext(spec.number, cursor)) {
        count++;
        key.set(bytes.subarray(exports.entryKey(spec.number, cursor), exports.entryKey(spec.number, cursor) + key.length));
        const place = exports.entryValue(spec.number, cursor);
        if (bpf.lookup(map, libc.address(key), libc.address(value)) < 0) found.push(`${spec.name}: only wasm has ${hex(key)}`);
        else if (Buffer.compare(value, bytes.subarray(place, place + value.length)) !== 0)
          found.push(`${spec.name}: ${hex(key)} holds kernel ${hex(value)}, wasm ${hex(bytes.subarray(place, place + value.length))}`);
      }
      const inKernel = this.#count(map, spec.key.size);
      if (inKernel !== count) found.push(`${spec.name}: ${inKernel} entries in the kernel, ${count} in wasm`);
    }
    return found.slice(0, mostDifferences);
  }

  #count(map: number, keySize: number): number {
    const { libc, bpf } = this.#kernel;
    const key = new Uint8Array(keySize);
    const next = new Uint8Array(keySize);
    let count = 0;
    for (let first = true; bpf.nextKey(map, first ? 0 : libc.address(key), libc.address(next)) === 0; first = false) {
      key.set(next);
      count++;
    }
    return count;
  }

  [Symbol.dispose](): void {
    for (const entry of this.#entries.values()) entry[Symbol.dispose]();
    this.#kernel[Symbol.dispose]();
  }
}

function differing(members: readonly StructMember[], a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): string | undefined {
  for (const { name, offset, size } of members) {
    const left = a.subarray(aAt + offset, aAt + offset + size);
    const right = b.subarray(bAt + offset, bAt + offset + size);
    if (left.some((byte, i) => byte !== right[i])) return `${name}: kernel ${hex(left)}, wasm ${hex(right)}`;
  }
  return undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
