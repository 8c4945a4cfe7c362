// Bpf: the commands of bpf(2) by name. Each returns what the kernel returns, a failure as -errno; attributes are written into one
// preallocated block, because a call is over before the next begins.

import type { Libc } from './libc.ts';

export const mapType = { hash: 1, array: 2, 'percpu-array': 6, lru: 9, lpm: 11, ring: 27, 'prog-array': 3 } as const;
export const noPreallocation = 1;
/** BPF_F_MMAPABLE. */
export const mappable = 1024;
export const schedClassifier = 3;
export const cgroupSocketAddress = 18;
export const tcxIngress = 46;
export const tcxEgress = 47;

const command = {
  mapCreate: 0,
  lookup: 1,
  update: 2,
  delete: 3,
  nextKey: 4,
  programLoad: 5,
  pin: 6,
  get: 7,
  testRun: 10,
  descriptorOfProgram: 13,
  info: 15,
  btfLoad: 18,
  descriptorOfBtf: 19,
  lookupBatch: 24,
  updateBatch: 26,
  deleteBatch: 27,
  linkCreate: 28,
  linkUpdate: 29,
  linkDetach: 34,
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

/** The kernel's result, and how many elements it went through. */
export interface BatchResult {
  readonly result: number;
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

/** Calls are synchronous, so one block serves them all. A descriptor that is returned is the caller's to close. */
export class Bpf {
  private readonly libc: Libc;
  private readonly block = new Uint8Array(160);
  private readonly view = new DataView(this.block.buffer);
  private readonly blockAddress: number;
  /** Buffers whose addresses are in the block: nothing else may keep them from the garbage collector during the call. */
  private held: ArrayBufferView[] = [];

  constructor(libc: Libc) {
    this.libc = libc;
    this.blockAddress = libc.address(this.block);
  }

  mapCreate(map: MapAttributes): number {
    this.start(map.type, map.keySize, map.valueSize, map.entries, map.flags ?? 0);
    this.block.set(text(map.name ?? '').subarray(0, 15), 28);
    this.u32(48, map.btf?.descriptor ?? 0);
    this.u32(52, map.btf?.keyType ?? 0);
    this.u32(56, map.btf?.valueType ?? 0);
    return this.call(command.mapCreate, 72);
  }

  lookup(map: number, key: number, value: number): number {
    return this.element(command.lookup, map, key, value, 0);
  }

  /** Flags: 0 any, 1 only if absent, 2 only if present. */
  update(map: number, key: number, value: number, flags = 0): number {
    return this.element(command.update, map, key, value, flags);
  }

  delete(map: number, key: number): number {
    return this.element(command.delete, map, key, 0, 0);
  }

  /** Key 0 (no address) asks for the first. */
  nextKey(map: number, key: number, next: number): number {
    return this.element(command.nextKey, map, key, next, 0);
  }

  lookupBatch(map: number, elements: Batch): BatchResult {
    return this.batch(command.lookupBatch, map, elements);
  }

  updateBatch(map: number, elements: Batch): BatchResult {
    return this.batch(command.updateBatch, map, elements);
  }

  deleteBatch(map: number, elements: Batch): BatchResult {
    return this.batch(command.deleteBatch, map, elements);
  }

  pin(path: string, descriptor: number): number {
    return this.named(command.pin, path, descriptor);
  }

  get(path: string): number {
    return this.named(command.get, path, 0);
  }

  /** Fills `target` with what the kernel tells of any object. */
  info(descriptor: number, target: Uint8Array): number {
    this.start(descriptor, target.length);
    this.pointer(8, target);
    return this.call(command.info, 16);
  }

  mapInfo(descriptor: number): MapInfo | number {
    const bytes = new Uint8Array(96);
    const result = this.info(descriptor, bytes);
    if (result < 0) return result;
    const [type = 0, id = 0, keySize = 0, valueSize = 0, entries = 0, flags = 0, ...rest] = new Uint32Array(bytes.buffer);
    const [btf = 0, keyType = 0, valueType = 0] = rest.slice(10);
    return { type, id, keySize, valueSize, entries, flags, btf, keyType, valueType };
  }

  btfById(id: number): number {
    this.start(id);
    return this.call(command.descriptorOfBtf, 12);
  }

  btfLoad(data: Uint8Array): number {
    this.start();
    this.pointer(0, data);
    this.u32(16, data.length);
    return this.call(command.btfLoad, 32);
  }

  /** `code` is instructions of 8 bytes; `attachType` where a type of program is several. */
  programLoad(type: number, code: Uint8Array, attachType = 0): number {
    this.start(type, code.length / 8);
    this.pointer(8, code);
    this.pointer(16, text('Dual BSD/GPL'));
    this.u32(68, attachType);
    return this.call(command.programLoad, 72);
  }

  /** `value` is what the program returned, `length` the bytes of output. */
  testRun(run: TestRun): { result: number; value: number; length: number; nanoseconds: number } {
    this.start(run.program, 0, run.packetLength, run.outputLength);
    this.u64(16, run.packet);
    this.u64(24, run.output);
    this.u32(32, run.repeat);
    this.u32(40, run.contextLength);
    this.u32(44, run.contextLength);
    this.u64(48, run.context);
    this.u64(56, run.context);
    const result = this.call(command.testRun, 80);
    const word = (offset: number): number => this.view.getUint32(offset, true);
    return { result, value: word(4), length: word(12), nanoseconds: word(36) };
  }

  linkCreate(program: number, target: number, attachType: number): number {
    this.start(program, target, attachType);
    return this.call(command.linkCreate, 64);
  }

  /** The same without having this thread wait: the kernel takes a program in once every packet that is on its way has passed. */
  async linkCreateLater(program: number, target: number, attachType: number): Promise<number> {
    // A block of its own: the other one serves other calls meanwhile.
    const block = new Uint32Array(16);
    block.set([program, target, attachType]);
    const result = await this.libc.bpfLater(command.linkCreate, this.libc.address(block), block.byteLength);
    // Which keeps it from the garbage collector until here.
    block.fill(0);
    return result;
  }

  linkUpdate(link: number, program: number): number {
    this.start(link, program);
    return this.call(command.linkUpdate, 16);
  }

  /** Takes the program off at once; closing the last descriptor or pin does it some time later. */
  linkDetach(link: number): number {
    this.start(link);
    return this.call(command.linkDetach, 4);
  }

  private element(number: number, map: number, key: number, value: number, flags: number): number {
    this.start(map);
    this.u64(8, key);
    this.u64(16, value);
    this.u64(24, flags);
    return this.call(number, 32);
  }

  private batch(number: number, map: number, elements: Batch): BatchResult {
    this.start();
    this.u64(0, elements.inCursor ?? 0);
    this.u64(8, elements.outCursor ?? 0);
    this.u64(16, elements.keys);
    this.u64(24, elements.values);
    this.u32(32, elements.count);
    this.u32(36, map);
    const result = this.call(number, 56);
    return { result, count: this.view.getUint32(32, true) };
  }

  private named(number: number, path: string, descriptor: number): number {
    this.start();
    this.pointer(0, text(path));
    this.u32(8, descriptor);
    return this.call(number, 16);
  }

  /** Clears the block and writes its first words. */
  private start(...words: number[]): void {
    this.block.fill(0);
    this.held = [];
    words.forEach((value, index) => {
      this.u32(index * 4, value);
    });
  }

  private u32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  private u64(offset: number, value: number): void {
    this.view.setUint32(offset, value >>> 0, true);
    this.view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
  }

  private pointer(offset: number, buffer: ArrayBufferView): void {
    this.held.push(buffer);
    this.u64(offset, this.libc.address(buffer));
  }

  private call(number: number, size: number): number {
    return this.libc.bpf(number, this.blockAddress, size);
  }
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}
