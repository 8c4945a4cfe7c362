// Three maps and writes into them that follow from a seed and a number, with a reference that says what they hold then.

import { readFileSync } from 'node:fs';

interface Exports {
  attachWorker(worker: number): number;
  create(map: number, kind: number, keySize: number, valueSize: number, entries: number): number;
  mapUpdate(map: number, key: number, value: number, flags: number): number;
  mapDelete(map: number, key: number): number;
  mapExact(map: number, key: number): number;
  lookup(map: number, key: number): number;
  mapNext(map: number, cursor: number): number;
  entryKey(map: number, cursor: number): number;
  entryValue(map: number, cursor: number): number;
  mapCount(map: number): number;
  recoverMaps(worker: number): number;
  inputBuffer(): number;
}

export interface Maps {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory;
  readonly view: DataView;
  /** Where the writer notes how many writes it has finished. */
  readonly progress: number;
}

/** Numbers of maps that nobody else has here; kinds: hash, LRU, longest prefix in groups. */
export const kinds = [
  { map: 40, kind: 1, keySize: 16, entries: 4096 },
  { map: 41, kind: 2, keySize: 16, entries: 4096 },
  { map: 42, kind: 3 | (72 << 8), keySize: 16, entries: 4096 },
] as const;
const valueSize = 48;
/** Fewer than entries: nothing is evicted, so that the reference knows what is there. */
const keyCount = 3000;

/** Module of the build, as a worker. */
export function mapsOf(memory: WebAssembly.Memory, worker: number): Maps {
  const module = new WebAssembly.Module(readFileSync(new URL('../../../build/datapath.wasm', import.meta.url)));
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  // In the packet buffer of a worker that nobody is.
  exports.attachWorker(31);
  const progress = exports.inputBuffer();
  exports.attachWorker(worker);
  return { exports, memory, view: new DataView(memory.buffer), progress };
}

export function createMaps({ exports }: Maps): void {
  for (const { map, kind, keySize, entries } of kinds) {
    const result = exports.create(map, kind, keySize, valueSize, entries);
    if (result !== 0) throw new Error(`map ${map}: ${result}`);
  }
}

/** What one write does: to which map, key and with which value; 0 deletes. */
export function writeOf(seed: number, number: number): { readonly at: number; readonly key: number; readonly value: number } {
  const random = mix(mix(seed) ^ number);
  const key = random % keyCount;
  return { at: mix(random) % kinds.length, key, value: mix(random + 1) % 3 === 0 ? 0 : number + 1 };
}

function mix(value: number): number {
  const a = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  const b = Math.imul(a ^ (a >>> 16), 0x45d9f3b);
  return (b ^ (b >>> 16)) >>> 0;
}

export function write(maps: Maps, seed: number, number: number): void {
  const { at, key, value } = writeOf(seed, number);
  const { map } = kinds[at] as (typeof kinds)[number];
  const keyAt = putKey(maps, at, key);
  if (value === 0) maps.exports.mapDelete(map, keyAt);
  else {
    for (let offset = 0; offset < valueSize; offset += 4) maps.view.setUint32(keyAt + 64 + offset, value, true);
    const result = maps.exports.mapUpdate(map, keyAt, keyAt + 64, 0);
    if (result !== 0) throw new Error(`map ${map}: update: ${result}`);
  }
}

/** A prefix map's keys lie in 50 groups and have five lengths, shorter and longer than a group's and the same. */
function putKey({ exports, view }: Maps, at: number, key: number): number {
  const keyAt = exports.inputBuffer() + 1024;
  const length = [48, 72, 80, 88, 96][key % 5] as number;
  const group = Math.floor(key / 5) % 50;
  view.setUint32(keyAt, at === 2 ? length : key, true);
  view.setUint32(keyAt + 4, at === 2 ? (length === 48 ? key : group) : 7, true);
  view.setUint32(keyAt + 8, at === 2 && length === 72 ? key : 9, true);
  // The bits of a byte count from its high end.
  view.setUint32(keyAt + 12, at === 2 && length > 72 ? key : 0, true);
  return keyAt;
}

/** Everything in a map, and what is wrong with it in itself. */
export function contentsOf(maps: Maps, at: number): { readonly entries: Map<string, number>; readonly faults: string[] } {
  const { exports, view } = maps;
  const { map, keySize } = kinds[at] as (typeof kinds)[number];
  const entries = new Map<string, number>();
  const faults: string[] = [];
  for (let cursor = exports.mapNext(map, 0); cursor !== 0; cursor = exports.mapNext(map, cursor)) {
    const key = Buffer.from(maps.memory.buffer, exports.entryKey(map, cursor), keySize).toString('hex');
    const value = exports.entryValue(map, cursor);
    const words = Array.from({ length: valueSize / 4 }, (_, word) => view.getUint32(value + word * 4, true));
    if (entries.has(key)) faults.push(`${key} is there twice`);
    if (words.some((word) => word !== words[0])) faults.push(`${key} has half of a value`);
    if (exports.mapExact(map, exports.entryKey(map, cursor)) !== value) faults.push(`${key} is there and is not found`);
    if (exports.lookup(map, exports.entryKey(map, cursor)) === 0) faults.push(`${key} is not looked up`);
    entries.set(key, words[0] as number);
  }
  if (entries.size !== exports.mapCount(map)) faults.push(`${exports.mapCount(map)} are counted, ${entries.size} are there`);
  return { entries, faults };
}

/** Key of a write as `contentsOf` has it. */
export function keyText(maps: Maps, at: number, key: number): string {
  return Buffer.from(maps.memory.buffer, putKey(maps, at, key), 16).toString('hex');
}
