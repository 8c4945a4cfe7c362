// One instance of the module with a memory of its own, packets that end where the memory ends, facts and records as objects.
import { readFileSync } from 'node:fs';
import * as enums from '../../../orchestrator/datapath/generated/enums.ts';
import { type Record as Decision, type Facts, factsCodec, recordCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import type { MapKind, MapSpec } from '../../../orchestrator/datapath/layout.ts';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';

type Call = (...args: number[]) => number;

export interface Machine {
  readonly call: Readonly<Record<string, Call>>;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** The areas of all workers, and a few maps. */
const PAGES = 768;
export const VIRTIO = 12;

let compiled: WebAssembly.Module | undefined;

export function datapathModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../../../build/datapath.wasm', import.meta.url)));
  return compiled;
}

/** An instance; with `buffer` of another one, as a further worker on its memory. */
export function startMachine(memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true })): Machine {
  const { exports } = new WebAssembly.Instance(datapathModule(), { env: { memory } });
  return { call: exports as Record<string, Call>, bytes: new Uint8Array(memory.buffer), view: new DataView(memory.buffer) };
}

const kinds: Readonly<Record<MapKind, number>> = { hash: 1, lru: 2, lpm: 3, array: 4, 'percpu-array': 5, ring: 0 };

export function createMap(machine: Machine, { number, kind, key, value }: MapSpec, entries: number): void {
  const error = machine.call.create!(number, kinds[kind], key.size, value.size, entries);
  if (error !== 0) throw new Error(`map ${number}: create: ${error}`);
}

/** Writes an entry; 0 or -errno. */
export function updateMap<K, V>(machine: Machine, spec: MapSpec<K, V>, key: K, value: V): number {
  const at = machine.call.inputBuffer!();
  spec.key.encode(key, machine.view, at);
  spec.value.encode(value, machine.view, at + 64);
  return machine.call.mapUpdate!(spec.number, at, at + 64, 0);
}

/** The first entry of a map, or undefined when it is empty. */
export function firstValue<K, V>(machine: Machine, spec: MapSpec<K, V>): V | undefined {
  const cursor = machine.call.mapNext!(spec.number, 0);
  return cursor === 0 ? undefined : spec.value.decode(machine.view, machine.call.entryValue!(spec.number, cursor));
}

/** What a virtio-net header says; all zero is "nothing was offloaded". */
export interface Offload {
  readonly flags?: number;
  readonly type?: number;
  readonly headerLength?: number;
  readonly segment?: number;
  readonly start?: number;
  readonly offset?: number;
}

/** Puts header and packet where the memory ends, so that a load behind the packet traps; the address. */
export function place(machine: Machine, packet: Uint8Array, offload: Offload = {}): number {
  const at = machine.bytes.length - packet.length - VIRTIO;
  machine.bytes.set(packet, at + VIRTIO);
  machine.view.setUint8(at, offload.flags ?? 0);
  machine.view.setUint8(at + 1, offload.type ?? 0);
  machine.view.setUint16(at + 2, offload.headerLength ?? 0, true);
  machine.view.setUint16(at + 4, offload.segment ?? 0, true);
  machine.view.setUint16(at + 6, offload.start ?? 0, true);
  machine.view.setUint16(at + 8, offload.offset ?? 0, true);
  machine.view.setUint16(at + 10, 0, true);
  return at;
}

export function parsePacket(machine: Machine, packet: Packet | Uint8Array, offload?: Offload): Facts {
  const bytes = packet instanceof Uint8Array ? packet : buildPacket(packet);
  const at = place(machine, bytes, offload);
  machine.call.parse!(at, bytes.length + VIRTIO, machine.call.factsPointer!());
  return factsCodec.decode(machine.view, machine.call.factsPointer!());
}

/** Writes the record that `rewrite` is to follow; what is not given is 0. */
export function writeRecord(machine: Machine, given: Partial<Decision>): void {
  const zero = recordCodec.decode(new DataView(new ArrayBuffer(recordCodec.size)), 0);
  recordCodec.encode({ ...zero, ...given }, machine.view, machine.call.recordPointer!());
}

export function readRecord(machine: Machine): Decision {
  return recordCodec.decode(machine.view, machine.call.recordPointer!());
}

/** The name of a reason, for results that a reader can compare. */
export function reasonName(reason: number): string {
  const found = Object.entries(enums).find(([name, value]) => name.startsWith('REASON_') && value === reason);
  return found === undefined ? `${reason}` : found[0].slice('REASON_'.length);
}
