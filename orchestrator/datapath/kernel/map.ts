// A kernel map through its descriptor. Entries travel in batches through preallocated buffers: one system call moves a thousand.

import { AgentError } from '../../errors.ts';
import type { BytesMap, ImmediateMap } from '../immediate.ts';
import type { Codec, MapSpec } from '../layout.ts';
import { checkRange } from '../ranges.ts';
import { showKey } from '../show-key.ts';
import type { Bpf } from './bpf.ts';
import { errno, errnoText } from './errno.ts';
import type { Libc } from './libc.ts';
import { writeMapped } from './mapped.ts';
import { joinPerCpu, splitPerCpu } from './per-cpu.ts';
import { scan } from './scan.ts';

/** Entries per system call: 0.2 ms of the kernel's time at most, so that the event loop breathes between two. */
const batchEntries = 1024;

/** What the functions of this room need to work on an open map. */
export interface OpenMap {
  readonly bpf: Bpf;
  readonly libc: Libc;
  readonly descriptor: number;
  readonly capacity: number;
  /** Bytes per value in system calls: a per-CPU value has one part per possible CPU. */
  readonly valueSize: number;
  /** Its values can be written where they lie (arrays only). */
  readonly isMappable?: boolean;
}

export class KernelMap<K, V> implements ImmediateMap<K, V>, BytesMap {
  readonly capacity: number;
  private readonly spec: MapSpec<K, V>;
  private readonly open: OpenMap;
  private readonly keys: Uint8Array;
  private readonly values: Uint8Array;
  private readonly keyView: DataView;
  private readonly valueView: DataView;
  private readonly keyAddress: number;
  private readonly valueAddress: number;

  constructor(spec: MapSpec<K, V>, open: OpenMap) {
    this.spec = spec;
    this.open = open;
    this.capacity = open.capacity;
    this.keys = new Uint8Array(batchEntries * spec.key.size);
    this.values = new Uint8Array(batchEntries * open.valueSize);
    this.keyView = new DataView(this.keys.buffer);
    this.valueView = new DataView(this.values.buffer);
    this.keyAddress = open.libc.address(this.keys);
    this.valueAddress = open.libc.address(this.values);
  }

  async update(entries: Iterable<readonly [K, V]>): Promise<void> {
    const { valueSize } = this.open;
    const keySize = this.spec.key.size;
    // Each goes into the buffers as it comes, for a list of a batch would outlive the young part of the heap.
    let count = 0;
    for (const [key, value] of entries) {
      this.spec.key.encode(key, this.keyView, count * keySize);
      this.encodeValue(value, count * valueSize);
      count += 1;
      if (count < batchEntries) continue;
      this.write(count);
      count = 0;
      await breathe();
    }
    if (count > 0) this.write(count);
  }

  async delete(keys: Iterable<K>): Promise<void> {
    if (this.isArray()) return this.update(zeroed(keys, this.zero()));
    for (const chunk of chunks(keys)) {
      chunk.forEach((key, index) => {
        this.spec.key.encode(key, this.keyView, index * this.spec.key.size);
      });
      this.remove(chunk.length);
      if (chunk.length === batchEntries) await breathe();
    }
  }

  /** As `RangeMap` says: of an array. Kept from before arrays were mapped, it takes batches. */
  async updateRange(from: number, words: Uint32Array): Promise<void> {
    const { size } = this.spec.value;
    checkRange(this.spec, this.capacity, from, words);
    if (this.open.isMappable !== true) return this.update(decoded(this.spec.value, from, words) as Iterable<readonly [K, V]>);
    const result = writeMapped(this.open, from, words, size);
    if (result < 0) throw this.failure('mmap', result);
  }

  updateNow(key: K, value: V): void {
    this.spec.key.encode(key, this.keyView, 0);
    this.encodeValue(value, 0);
    this.write(1);
  }

  deleteNow(key: K): void {
    if (this.isArray()) this.updateNow(key, this.zero());
    else {
      this.spec.key.encode(key, this.keyView, 0);
      this.remove(1);
    }
  }

  async get(key: K): Promise<V | undefined> {
    return this.getNow(key);
  }

  getNow(key: K): V | undefined {
    this.spec.key.encode(key, this.keyView, 0);
    const result = this.open.bpf.lookup(this.open.descriptor, this.keyAddress, this.valueAddress);
    if (result === -errno.noent) return undefined;
    if (result < 0) throw this.failure('get', result);
    if (this.spec.kind === 'lpm' && !this.isStored()) return undefined;
    const absent = this.isArray() && this.values.subarray(0, this.open.valueSize).every((byte) => byte === 0);
    return absent ? undefined : this.decodeValue(this.valueView, 0);
  }

  async *entries(): AsyncIterable<[K, V]> {
    const { key } = this.spec;
    for await (const found of this.scan()) {
      const keyView = new DataView(found.keys.buffer, found.keys.byteOffset);
      const valueView = new DataView(found.values.buffer, found.values.byteOffset);
      for (let index = 0; index < found.count; index++) {
        const at = index * this.open.valueSize;
        if (this.isArray() && isZero(found.values, at, this.open.valueSize)) continue;
        yield [key.decode(keyView, index * key.size), this.decodeValue(valueView, at)];
      }
    }
  }

  async count(): Promise<number> {
    let count = 0;
    for await (const found of this.scan()) {
      if (!this.isArray()) count += found.count;
      else
        for (let index = 0; index < found.count; index++)
          if (!isZero(found.values, index * this.open.valueSize, this.open.valueSize)) count++;
    }
    return count;
  }

  writeBytes(keys: Uint8Array, values: Uint8Array, count: number): number {
    const { bpf, descriptor, libc } = this.open;
    const done = bpf.updateBatch(descriptor, { keys: libc.address(keys), values: libc.address(values), count });
    if (done.result >= 0) return count;
    if (done.result !== -errno.toobig && done.result !== -errno.nospc && done.result !== -errno.nomem)
      throw this.failure('update', done.result);
    return done.count;
  }

  removeBytes(keys: Uint8Array, count: number): void {
    this.removeAt(this.open.libc.address(keys), count);
  }

  lookUpBytes(key: Uint8Array): Uint8Array | undefined {
    const { bpf, descriptor, libc } = this.open;
    const result = bpf.lookup(descriptor, libc.address(key), this.valueAddress);
    if (result === -errno.noent) return undefined;
    if (result < 0) throw this.failure('get', result);
    return this.values;
  }

  lots() {
    return this.scan();
  }

  private scan() {
    return scan(this.open, this.spec, (result) => this.failure('scan', result));
  }

  private write(count: number): void {
    const { bpf, descriptor, valueSize } = this.open;
    const done = bpf.updateBatch(descriptor, { keys: this.keyAddress, values: this.valueAddress, count });
    if (done.result >= 0) return;
    const key = this.spec.key.decode(this.keyView, Math.min(done.count, count - 1) * this.spec.key.size);
    const full = done.result === -errno.toobig || done.result === -errno.nospc;
    if (full && this.isArray())
      throw new AgentError('MAP_KEY_INVALID', `map ${this.spec.name}: update: no such index, of ${this.capacity}: ${showKey(key)}`);
    if (full) throw new AgentError('MAP_FULL', `map ${this.spec.name}: update: full at ${this.capacity} entries: ${showKey(key)}`);
    throw this.failure(`update (value of ${valueSize} bytes) at ${showKey(key)}`, done.result);
  }

  /** Of the buffer, the first ones; the kernel stops at an absent one, which is stepped over. */
  private remove(count: number): void {
    this.removeAt(this.keyAddress, count);
  }

  private removeAt(address: number, count: number): void {
    let from = 0;
    while (from < count) {
      const keys = address + from * this.spec.key.size;
      const done = this.open.bpf.deleteBatch(this.open.descriptor, { keys, values: 0, count: count - from });
      if (done.result >= 0) return;
      if (done.result !== -errno.noent) throw this.failure('delete', done.result);
      from += done.count + 1;
    }
  }

  /**
   * Whether the key in the buffer is in the trie itself: a lookup answers with any prefix of it. The kernel gives a stored key's
   * successor, and for all others the first key, which nobody's successor can be.
   */
  private isStored(): boolean {
    const { bpf, descriptor, libc } = this.open;
    const size = this.spec.key.size;
    const found = new Uint8Array(2 * size);
    const next = libc.address(found);
    if (bpf.nextKey(descriptor, this.keyAddress, next) === -errno.noent) return true;
    if (bpf.nextKey(descriptor, 0, next + size) < 0) return false;
    return !found.subarray(0, size).every((byte, index) => byte === found[size + index]);
  }

  private encodeValue(value: V, offset: number): void {
    if (this.spec.kind === 'percpu-array') splitPerCpu(this.spec.value, value, this.valueView, offset, this.open.valueSize);
    else this.spec.value.encode(value, this.valueView, offset);
  }

  private decodeValue(view: DataView, offset: number): V {
    return this.spec.kind === 'percpu-array'
      ? joinPerCpu(this.spec.value, view, offset, this.open.valueSize)
      : this.spec.value.decode(view, offset);
  }

  private zero(): V {
    return this.spec.value.decode(new DataView(new ArrayBuffer(this.spec.value.size)), 0);
  }

  private isArray(): boolean {
    return this.spec.kind === 'array' || this.spec.kind === 'percpu-array';
  }

  private failure(doing: string, result: number): AgentError {
    return new AgentError('BPF_CALL_FAILED', `map ${this.spec.name}: ${doing}: ${errnoText(result)}`);
  }
}

function* chunks<T>(items: Iterable<T>): Iterable<T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < batchEntries) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function* zeroed<K, V>(keys: Iterable<K>, zero: V): Iterable<readonly [K, V]> {
  for (const key of keys) yield [key, zero];
}

function* decoded<V>({ size, decode }: Codec<V>, from: number, words: Uint32Array): Iterable<readonly [number, V]> {
  const view = new DataView(words.buffer, words.byteOffset);
  for (let at = 0; at < words.byteLength; at += size) yield [from + at / size, decode(view, at)];
}

function isZero(bytes: Uint8Array, from: number, length: number): boolean {
  for (let at = from; at < from + length; at++) if (bytes[at] !== 0) return false;
  return true;
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
