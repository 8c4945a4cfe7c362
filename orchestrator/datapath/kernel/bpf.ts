// Bpf: the commands of bpf(2) by name. Each returns what the kernel returns, a failure as -errno; attributes are written into one
// preallocated block, because a call is over before the next begins.

import type { Libc } from './libc.ts';

export const mapType = { hash: 1, array: 2, 'percpu-array': 6, lru: 9, lpm: 11, ring: 27, 'prog-array': 3 } as const;
export const noPreallocation = 1;
export const schedClassifier = 3;
export const tcxIngress = 46;
export const tcxEgress = 47;

const command = {
  mapCreate: 0, lookup: 1, update: 2, delete: 3, nextKey: 4, programLoad: 5, pin: 6, get: 7, testRun: 10, descriptorOfProgram: 13, info: 15,
  btfLoad: 18, descriptorOfBtf: 19, lookupBatch: 24, updateBatch: 26, deleteBatch: 27, linkCreate: 28, linkUpdate: 29,
} as const;

/** What OBJ_GET_INFO tells of a map. */
export interface MapInfo {
  readonly type: number;
  readonly id: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly entries: number;
  readonly flags: number;
  readonly btf: number;
  readonly keyType: number;
  readonly valueType: number;
}

export interface MapAttributes {
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly entries: number;
  readonly flags?: number;
  readonly name?: string;
  readonly btf?: { readonly descriptor: number; readonly keyType: number; readonly valueType: number };
}

/** Addresses of one batch; `count` in and out. */
export interface Batch {
  readonly inCursor?: number;
  readonly outCursor?: number;
  readonly keys: number;
  readonly values: number;
  readonly count: number;
}

export interface TestRun {
  readonly program: number;
  readonly packet: number;
  readonly packetLength: number;
  readonly output: number;
  readonly outputLength: number;
  /** Fields of __sk_buff, in and out. */
  readonly context: number;
  readonly contextLength: number;
  readonly repeat: number;
}

export type Bpf = ReturnType<typeof bindBpf>;

export function bindBpf(libc: Libc) {
  const block = new Uint8Array(160);
  const view = new DataView(block.buffer);
  const at = libc.address(block);
  const call = (number: number, size: number): number => libc.bpf(number, at, size);
  const u32 = (offset: number, value: number): void => view.setUint32(offset, value, true);
  const u64 = (offset: number, value: number): void => view.setBigUint64(offset, BigInt(value), true);
  /** Buffers whose addresses are in the block: nothing else may keep them from the garbage collector during the call. */
  let held: ArrayBufferView[] = [];
  const clear = (): void => {
    block.fill(0);
    held = [];
  };
  const pointer = (offset: number, buffer: ArrayBufferView): void => {
    held.push(buffer);
    u64(offset, libc.address(buffer));
  };
  const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);

  const element = (number: number, map: number, key: number, value: number, flags: number): number => {
    clear();
    u32(0, map);
    u64(8, key);
    u64(16, value);
    u64(24, flags);
    return call(number, 32);
  };
  /** The kernel's result, and how many elements it went through. */
  const batch = (number: number, map: number, elements: Batch): { result: number; count: number } => {
    clear();
    u64(0, elements.inCursor ?? 0);
    u64(8, elements.outCursor ?? 0);
    u64(16, elements.keys);
    u64(24, elements.values);
    u32(32, elements.count);
    u32(36, map);
    const result = call(number, 56);
    return { result, count: view.getUint32(32, true) };
  };
  const named = (number: number, path: string, descriptor: number): number => {
    clear();
    pointer(0, text(path));
    u32(8, descriptor);
    return call(number, 16);
  };
  const info = (descriptor: number, target: Uint8Array): number => {
    clear();
    u32(0, descriptor);
    u32(4, target.length);
    pointer(8, target);
    return call(command.info, 16);
  };

  return {
    mapCreate(map: MapAttributes): number {
      clear();
      [map.type, map.keySize, map.valueSize, map.entries, map.flags ?? 0].forEach((value, index) => u32(index * 4, value));
      block.set(text(map.name ?? '').subarray(0, 15), 28);
      u32(48, map.btf?.descriptor ?? 0);
      u32(52, map.btf?.keyType ?? 0);
      u32(56, map.btf?.valueType ?? 0);
      return call(command.mapCreate, 72);
    },
    lookup: (map: number, key: number, value: number) => element(command.lookup, map, key, value, 0),
    /** Flags: 0 any, 1 only if absent, 2 only if present. */
    update: (map: number, key: number, value: number, flags = 0) => element(command.update, map, key, value, flags),
    delete: (map: number, key: number) => element(command.delete, map, key, 0, 0),
    /** Key 0 (no address) asks for the first. */
    nextKey: (map: number, key: number, next: number) => element(command.nextKey, map, key, next, 0),
    lookupBatch: (map: number, elements: Batch) => batch(command.lookupBatch, map, elements),
    updateBatch: (map: number, elements: Batch) => batch(command.updateBatch, map, elements),
    deleteBatch: (map: number, elements: Batch) => batch(command.deleteBatch, map, elements),
    pin: (path: string, descriptor: number) => named(command.pin, path, descriptor),
    get: (path: string) => named(command.get, path, 0),
    mapInfo(descriptor: number): MapInfo | number {
      const bytes = new Uint8Array(96);
      const result = info(descriptor, bytes);
      if (result < 0) return result;
      const field = (offset: number): number => new DataView(bytes.buffer).getUint32(offset, true);
      return {
        type: field(0), id: field(4), keySize: field(8), valueSize: field(12), entries: field(16), flags: field(20),
        btf: field(64), keyType: field(68), valueType: field(72),
      };
    },
    info,
    btfById(id: number): number {
      clear();
      u32(0, id);
      return call(command.descriptorOfBtf, 12);
    },
    btfLoad(data: Uint8Array): number {
      clear();
      pointer(0, data);
      u32(16, data.length);
      return call(command.btfLoad, 32);
    },
    /** `code` is instructions of 8 bytes; `log` receives the verifier's words. */
    programLoad(type: number, code: Uint8Array, log?: Uint8Array): number {
      clear();
      u32(0, type);
      u32(4, code.length / 8);
      pointer(8, code);
      pointer(16, text('Dual BSD/GPL'));
      if (log !== undefined) {
        u32(24, 1);
        u32(28, log.length);
        pointer(32, log);
      }
      return call(command.programLoad, 72);
    },
    /** Result, the program's return value, bytes of output and nanoseconds per repetition. */
    testRun(run: TestRun): { result: number; value: number; length: number; nanoseconds: number } {
      clear();
      u32(0, run.program);
      u32(8, run.packetLength);
      u32(12, run.outputLength);
      u64(16, run.packet);
      u64(24, run.output);
      u32(32, run.repeat);
      u32(40, run.contextLength);
      u32(44, run.contextLength);
      u64(48, run.context);
      u64(56, run.context);
      const result = call(command.testRun, 80);
      return { result, value: view.getUint32(4, true), length: view.getUint32(12, true), nanoseconds: view.getUint32(36, true) };
    },
    linkCreate(program: number, target: number, attachType: number): number {
      clear();
      u32(0, program);
      u32(4, target);
      u32(8, attachType);
      return call(command.linkCreate, 64);
    },
    linkUpdate(link: number, program: number): number {
      clear();
      u32(0, link);
      u32(4, program);
      return call(command.linkUpdate, 16);
    },
  };
}
