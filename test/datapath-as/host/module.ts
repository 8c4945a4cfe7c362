// The host by itself as a module: compiled from datapath-as/host with the product's options, cached in build/ under a hash of the
// sources, and wrapped so that tests speak of keys and values as bytes.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const root = join(import.meta.dirname, '../../..');
const hostFolder = 'datapath-as/host';
const entry = `
export * from './${hostFolder}/create';
export * from './${hostFolder}/maps';
export { lookup, lookupArray, lookupNumber } from './${hostFolder}/lookup';
export { longestChain, bucketCount } from './${hostFolder}/statistics';
export { selectWorker, heapBreak } from './${hostFolder}/memory';
export { hashKey } from './${hostFolder}/hash-key';
`;
const options = '--runtime stub --noAssert -O3 --enable threads --sharedMemory --importMemory --noExportMemory --initialMemory 130';

export interface Exports {
  create(map: number, kind: number, keySize: number, valueSize: number, entries: number): number;
  reset(): void;
  resetSeeded(seed: bigint): void;
  mapUpdate(map: number, key: number, value: number, flags: number): number;
  mapDelete(map: number, key: number): number;
  mapLookup(map: number, key: number): number;
  mapExact(map: number, key: number): number;
  mapNext(map: number, cursor: number): number;
  entryKey(map: number, cursor: number): number;
  entryValue(map: number, cursor: number): number;
  mapCount(map: number): number;
  mapCopies(map: number): number;
  mapCopyStride(map: number): number;
  lookup(map: number, key: number): number;
  lookupArray(map: number, index: number): number;
  lookupNumber(map: number, number: number): number;
  longestChain(map: number): number;
  bucketCount(map: number): number;
  selectWorker(worker: number): void;
  heapBreak(): number;
  hashKey(key: number, size: number): number;
}

export const KIND = { hash: 1, lru: 2, lpm: 3, array: 4, percpuArray: 5 } as const;
export const FLAG = { any: 0, noExist: 1, exist: 2 } as const;
export const ERRNO = { ENOENT: -2, E2BIG: -7, EEXIST: -17, EINVAL: -22, ENOSPC: -28 } as const;

function sources(): string[] {
  const files = readdirSync(join(root, hostFolder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return [...files.map((name) => join(root, hostFolder, name)), join(root, 'datapath-as/core/enum/policy.ts')].sort();
}

/** The compiled bytes. `extra` is AssemblyScript that is compiled with them, for loops that must run inside. */
export async function hostModule(extra = ''): Promise<WebAssembly.Module> {
  const hash = createHash('sha256').update(entry + extra + options);
  for (const path of sources()) hash.update(readFileSync(path));
  const cached = join(root, `build/test/host-${hash.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(cached)) await compile(cached, entry + extra);
  return new WebAssembly.Module(readFileSync(cached));
}

async function compile(target: string, text: string): Promise<void> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['host-entry.ts', '--outFile', 'host.wasm', '--maximumMemory', '65536', ...options.split(' ')], {
    readFile: (name) => (name === 'host-entry.ts' ? text : readSource(join(root, name))),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || binary === undefined) throw new Error(`host: not compiled: ${error?.message}\n${stderr.toString()}`);
  mkdirSync(join(root, 'build/test'), { recursive: true });
  const partial = `${target}.${process.pid}`;
  writeFileSync(partial, binary);
  renameSync(partial, target);
}

/** Sources only: the compiler would take up the product's asconfig.json too. */
function readSource(path: string): string | null {
  return path.endsWith('.ts') && existsSync(path) ? readFileSync(path, 'utf8') : null;
}

export function hostMemory(pages = 512): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** One instance over a memory, and 1 KiB of the worker's area to pass keys and values in. */
export class Host {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly key: number;
  readonly value: number;

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, worker = 0) {
    this.memory = memory;
    this.exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.exports.selectWorker(worker);
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.key = 0x10000 + worker * 0x40000;
    this.value = this.key + 512;
  }

  put(map: number, key: Uint8Array, value: Uint8Array, flags: number = FLAG.any): number {
    this.bytes.set(key, this.key);
    this.bytes.set(value, this.value);
    return this.exports.mapUpdate(map, this.key, this.value, flags);
  }
  remove(map: number, key: Uint8Array): number {
    this.bytes.set(key, this.key);
    return this.exports.mapDelete(map, this.key);
  }
  /** Bytes of the value that a lookup returns; `how` is an export that takes a map and the address of a key. */
  get(map: number, key: Uint8Array, valueSize: number, how: 'lookup' | 'mapLookup' | 'mapExact' = 'mapLookup'): Uint8Array | undefined {
    this.bytes.set(key, this.key);
    const address = this.exports[how](map, this.key);
    return address === 0 ? undefined : this.bytes.slice(address, address + valueSize);
  }
  /** All entries as hex strings. */
  entries(map: number, keySize: number, valueSize: number): [string, string][] {
    const { mapNext, entryKey, entryValue } = this.exports;
    const found: [string, string][] = [];
    for (let cursor = mapNext(map, 0); cursor !== 0; cursor = mapNext(map, cursor)) {
      found.push([this.hex(entryKey(map, cursor), keySize), this.hex(entryValue(map, cursor), valueSize)]);
    }
    return found;
  }
  hex(address: number, size: number): string {
    return toHex(this.bytes.slice(address, address + size));
  }
}

export async function openHost(pages?: number): Promise<Host> {
  return new Host(await hostModule(), hostMemory(pages));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
