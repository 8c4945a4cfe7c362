// An instance of the host, so that tests speak of keys and values as bytes.

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
  mapRead(map: number, key: number, target: number): number;
  entryRead(map: number, cursor: number, key: number, target: number): number;
  mapCount(map: number): number;
  mapCopies(map: number): number;
  mapCopyStride(map: number): number;
  lookup(map: number, key: number): number;
  lookupArray(map: number, index: number): number;
  lookupNumber(map: number, number: number): number;
  policyMatches(set: number, identity: number, traffic: number): number;
  longestChain(map: number): number;
  bucketCount(map: number): number;
  selectWorker(worker: number): void;
  heapBreak(): number;
  keyHash(key: number, size: number): number;
}

export const KIND = { hash: 1, lru: 2, lpm: 3, array: 4, percpuArray: 5 } as const;
export const FLAG = { any: 0, noExist: 1, exist: 2 } as const;
export const ERRNO = { ENOENT: -2, E2BIG: -7, EEXIST: -17, EINVAL: -22, ENOSPC: -28 } as const;

export function hostMemory(pages = 1024): WebAssembly.Memory {
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
    this.key = 0x10000 + worker * 0x140000;
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
  /** As `get`, whole even while others write. */
  read(map: number, key: Uint8Array, valueSize: number): Uint8Array | undefined {
    this.bytes.set(key, this.key);
    return this.exports.mapRead(map, this.key, this.value) === 0 ? this.bytes.slice(this.value, this.value + valueSize) : undefined;
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

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
