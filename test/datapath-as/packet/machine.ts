// One instance of the module with a memory of its own, packets that end where the memory ends, and layouts read from their source.
import { readFileSync } from 'node:fs';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';

type Call = (...args: number[]) => number;

export interface Machine {
  readonly call: Readonly<Record<string, Call>>;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Neither the language nor Node's types declare it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => { buffer: SharedArrayBuffer };
  Instance: new (module: object, imports: object) => { exports: object };
};

const root = new URL('../../../', import.meta.url);
/** The areas of all workers, and a few maps. */
const PAGES = 192;
export const VIRTIO = 12;

let compiled: object | undefined;

export function startMachine(pages = PAGES): Machine {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('build/datapath.wasm', root)));
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { call: exports as Record<string, Call>, bytes: new Uint8Array(memory.buffer), view: new DataView(memory.buffer) };
}

const sizes: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** Offset and bytes of each field of a layout class, aligned as the compiler aligns them. */
export function layoutOf(file: string, name: string): Map<string, { offset: number; size: number }> {
  const source = readFileSync(new URL(`datapath-as/core/layout/${file}.ts`, root), 'utf8');
  const body = source.split(`class ${name} {`)[1]?.split('\n}')[0] ?? '';
  const fields = new Map<string, { offset: number; size: number }>();
  let offset = 0;
  for (const [, field = '', type = ''] of body.matchAll(/^ {2}(\w+): (u\d+);/gm)) {
    const size = sizes[type] ?? 0;
    offset = Math.ceil(offset / size) * size;
    fields.set(field, { offset, size });
    offset += size;
  }
  return fields;
}

const layouts = {
  Facts: layoutOf('packet', 'Facts'),
  Record: layoutOf('packet', 'Record'),
  Event: layoutOf('packet', 'Event'),
  Conntrack: layoutOf('conntrack', 'Conntrack'),
  Config: layoutOf('config', 'Config'),
};
export type Layout = keyof typeof layouts;

/** Bytes of a value, padding included. */
export function sizeOf(layout: Layout): number {
  return Math.ceil(Math.max(...[...layouts[layout].values()].map(({ offset, size }) => offset + size)) / 8) * 8;
}

export function readField(machine: Machine, layout: Layout, at: number, field: string): bigint {
  const place = layouts[layout].get(field);
  if (place === undefined) throw new TypeError(`${layout} has no field "${field}"`);
  let value = 0n;
  for (let byte = place.size - 1; byte >= 0; byte -= 1) value = (value << 8n) | BigInt(machine.bytes[at + place.offset + byte] ?? 0);
  return value;
}

export function writeField(machine: Machine, layout: Layout, at: number, field: string, value: bigint | number): void {
  const place = layouts[layout].get(field);
  if (place === undefined) throw new TypeError(`${layout} has no field "${field}"`);
  for (let byte = 0; byte < place.size; byte += 1)
    machine.bytes[at + place.offset + byte] = Number((BigInt(value) >> BigInt(8 * byte)) & 0xffn);
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

/** Parses a packet; the address of the facts. */
export function parsePacket(machine: Machine, packet: Packet | Uint8Array, offload?: Offload): number {
  const bytes = packet instanceof Uint8Array ? packet : buildPacket(packet);
  const at = place(machine, bytes, offload);
  const facts = machine.call.factsPointer!();
  machine.call.parse!(at, bytes.length + VIRTIO, facts);
  return facts;
}

/** Both words of an address as facts and record hold it. */
export function addressWords(mapped: Uint8Array): [hi: bigint, lo: bigint] {
  const view = new DataView(mapped.buffer, mapped.byteOffset, 16);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}

/** Constants of one file of core/enum by name. */
export function constantsOf(file: string): Readonly<Record<string, number>> {
  const source = readFileSync(new URL(`datapath-as/core/${file}.ts`, root), 'utf8');
  return Object.fromEntries([...source.matchAll(/^export const (\w+): u\d+ = (\w+);/gm)].map(([, name, value]) => [name, Number(value)]));
}

export const reasons = constantsOf('enum/reason');
/** The name of a reason, for results that a reader can compare. */
export function reasonName(reason: number): string {
  return (
    Object.entries(reasons)
      .find(([, value]) => value === reason)?.[0]
      .replace('REASON_', '') ?? `${reason}`
  );
}
