// Maglev tables: which slots of a service each backend has. The WebAssembly code fills them for either machine, so all nodes give a client
// the same backend. It works in a memory of its own, beside no packet.

import { readFileSync } from 'node:fs';
import { addressWords, swapPort } from '../../net/words.ts';
import { artifact } from '../artifacts.ts';

export interface MaglevBackend {
  readonly address: string;
  readonly protocol: number;
  readonly port: number;
  /** 0: this one. */
  readonly cluster?: number;
  /** Not 0. It is written, and decides nothing. */
  readonly id: number;
  /** 1 to 65536; 1 by default. */
  readonly weight?: number | undefined;
}

/** Primes. With the size that is wanted every backend has a hundred slots at least: shares differ by one percent at most. */
export const tableSizes = [131071, 16381, 1021, 251, 31] as const;
const slotsPerBackend = 100;
const usual = 1021;
/** Below this there is a way to choose one backend only. */
const single = [1];

/**
 * Sizes to try for backends of these weights, none for equal ones: the wanted one first, then what is better than none where there is no
 * room. Depends on nothing else, so all nodes decide alike.
 */
export function sizesFor(backends: number, weights: readonly number[] = []): number[] {
  if (backends === 1) return single;
  const shares = weights.length === 0 ? backends : sum(weights) / Math.min(...weights);
  const wanted = [...tableSizes].reverse().find((size) => size >= usual && size >= shares * slotsPerBackend) ?? tableSizes[0];
  return tableSizes.filter((size) => size <= wanted && (size === wanted || size >= backends));
}

function sum(weights: readonly number[]): number {
  return weights.reduce((all, weight) => all + weight, 0);
}

/** `size` is 1 for one backend only. Without backends every slot is 0. */
export function fillMaglev(backends: readonly MaglevBackend[], size: number): Uint32Array {
  return new Uint32Array(maglevSlots(backends, size));
}

/** The same where it was made: good until the next call. */
export function maglevSlots(backends: readonly MaglevBackend[], size: number): Uint32Array {
  const slotsAt = backends.length * rowBytes;
  const { fill, view, base } = roomFor(slotsAt + size * 4);
  for (const [index, { hi, lo, place, id, weight }] of backends.map(named).sort(byName).entries()) {
    const at = base + index * rowBytes;
    view.setBigUint64(at, hi, true);
    view.setBigUint64(at + 8, lo, true);
    view.setUint32(at + 16, place, true);
    view.setUint32(at + 20, id, true);
    view.setUint32(at + 24, weight, true);
  }
  if (fill(base, backends.length, base + slotsAt, size) !== 0) throw new RangeError(`maglev: ${backends.length} backends, ${size} slots`);
  return new Uint32Array(view.buffer, base + slotsAt, size);
}

/** As datapath-as/maglev has it. */
const rowBytes = 56;

interface Row {
  readonly hi: bigint;
  readonly lo: bigint;
  readonly place: number;
  readonly id: number;
  readonly weight: number;
}

function named({ address, protocol, port, cluster = 0, id, weight = 1 }: MaglevBackend): Row {
  const { hi, lo } = addressWords(address);
  return { hi, lo, place: (swapPort(port) | (protocol << 16) | (cluster << 24)) >>> 0, id, weight };
}

function byName(a: Row, b: Row): number {
  if (a.hi !== b.hi) return a.hi < b.hi ? -1 : 1;
  if (a.lo !== b.lo) return a.lo < b.lo ? -1 : 1;
  return a.place - b.place;
}

interface Room {
  readonly fill: (rows: number, count: number, slots: number, size: number) => number;
  readonly view: DataView;
  /** Address of what is ours. */
  readonly base: number;
  readonly bytes: number;
}

const pageBytes = 65536;
/** Of the module's own; nothing is there, for this instance has no maps. Memory that nobody has touched costs nothing. */
const ownPages = 642;
let compiled: WebAssembly.Module | undefined;
let room: Room | undefined;

function roomFor(bytes: number): Room {
  if (room !== undefined && room.bytes >= bytes) return room;
  compiled ??= new WebAssembly.Module(readFileSync(artifact('datapath.wasm')));
  const pages = ownPages + Math.ceil(Math.max(bytes, 1 << 20) / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const base = ownPages * pageBytes;
  room = { fill: exports.fillMaglev as Room['fill'], view: new DataView(memory.buffer), base, bytes: pages * pageBytes - base };
  return room;
}
