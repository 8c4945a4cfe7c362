// A map in linear memory. Keys and values pass through the instance's packet buffer, which is free whenever no packet is running.

import { AgentError } from '../../errors.ts';
import type { BytesMap, ImmediateMap } from '../immediate.ts';
import type { MapSpec } from '../layout.ts';
import { checkRange } from '../ranges.ts';
import { showKey } from '../show-key.ts';
import { sumFields } from '../sum-fields.ts';
import type { Engine } from './engine.ts';

/** Entries between two breaths of the event loop. */
const atOnce = 4096;
const [absent, full, busy, noSpace] = [-2, -7, -16, -28];

export class WasmMap<K, V> implements ImmediateMap<K, V>, BytesMap {
  readonly capacity: number;
  private readonly spec: MapSpec<K, V>;
  private readonly engine: Engine;
  private readonly keyAt: number;
  private readonly valueAt: number;

  constructor(spec: MapSpec<K, V>, engine: Engine, capacity: number) {
    this.spec = spec;
    this.engine = engine;
    this.capacity = capacity;
    this.keyAt = engine.exports.inputBuffer();
    this.valueAt = this.keyAt + 4096;
  }

  async update(entries: Iterable<readonly [K, V]>): Promise<void> {
    let written = 0;
    for (const [key, value] of entries) {
      this.updateNow(key, value);
      if (++written % atOnce === 0) await breathe();
    }
  }

  async delete(keys: Iterable<K>): Promise<void> {
    let deleted = 0;
    for (const key of keys) {
      this.deleteNow(key);
      if (++deleted % atOnce === 0) await breathe();
    }
  }

  async get(key: K): Promise<V | undefined> {
    return this.getNow(key);
  }

  updateNow(key: K, value: V): void {
    const { exports, view } = this.engine;
    this.spec.key.encode(key, view, this.keyAt);
    this.spec.value.encode(value, view, this.valueAt);
    const result = exports.mapUpdate(this.spec.number, this.keyAt, this.valueAt, 0);
    if (result === 0) return;
    this.checkLock(result, key);
    const name = `map ${this.spec.name}: update:`;
    if (result !== full && result !== noSpace) throw new AgentError('MAP_KEY_INVALID', `${name} refused (${result}): ${showKey(key)}`);
    if (this.isArray()) throw new AgentError('MAP_KEY_INVALID', `${name} no such index, of ${this.capacity}: ${showKey(key)}`);
    throw new AgentError('MAP_FULL', `${name} full at ${this.capacity} entries: ${showKey(key)}`);
  }

  /** As `RangeMap` says: of an array. */
  async updateRange(from: number, words: Uint32Array): Promise<void> {
    const { exports, bytes } = this.engine;
    const { number, value } = this.spec;
    checkRange(this.spec, this.capacity, from, words);
    const first = exports.entryValue(number, from + 1);
    // Between two elements there may be padding.
    const stride = this.capacity > 1 ? exports.entryValue(number, 2) - exports.entryValue(number, 1) : value.size;
    const source = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    if (stride === value.size) bytes.set(source, first);
    else
      for (let at = 0; at < source.length; at += value.size)
        bytes.set(source.subarray(at, at + value.size), first + (at / value.size) * stride);
  }

  getNow(key: K): V | undefined {
    this.spec.key.encode(key, this.engine.view, this.keyAt);
    return this.read();
  }

  deleteNow(key: K): void {
    if (this.isArray()) this.updateNow(key, this.zero());
    else {
      this.spec.key.encode(key, this.engine.view, this.keyAt);
      const result = this.engine.exports.mapDelete(this.spec.number, this.keyAt);
      this.checkLock(result, key);
      if (result !== 0 && result !== absent) throw new AgentError('MAP_KEY_INVALID', `map ${this.spec.name}: delete: refused (${result})`);
    }
  }

  writeBytes(keys: Uint8Array, values: Uint8Array, count: number): number {
    const { exports, bytes } = this.engine;
    const { number, key, value } = this.spec;
    for (let index = 0; index < count; index += 1) {
      bytes.set(keys.subarray(index * key.size, (index + 1) * key.size), this.keyAt);
      bytes.set(values.subarray(index * value.size, (index + 1) * value.size), this.valueAt);
      const result = exports.mapUpdate(number, this.keyAt, this.valueAt, 0);
      if (result === full || result === noSpace) return index;
      if (result !== 0) throw this.refusal('update', result);
    }
    return count;
  }

  removeBytes(keys: Uint8Array, count: number): void {
    const { exports, bytes } = this.engine;
    const { number, key } = this.spec;
    for (let index = 0; index < count; index += 1) {
      bytes.set(keys.subarray(index * key.size, (index + 1) * key.size), this.keyAt);
      const result = exports.mapDelete(number, this.keyAt);
      if (result !== 0 && result !== absent) throw this.refusal('delete', result);
    }
  }

  lookUpBytes(key: Uint8Array): Uint8Array | undefined {
    const { exports, bytes } = this.engine;
    bytes.set(key.subarray(0, this.spec.key.size), this.keyAt);
    const at = exports.lookup(this.spec.number, this.keyAt);
    return at === 0 ? undefined : bytes.subarray(at, at + this.spec.value.size);
  }

  async *lots(): AsyncIterable<{ readonly count: number; readonly keys: Uint8Array; readonly values: Uint8Array }> {
    const { exports, bytes } = this.engine;
    const { number, key, value } = this.spec;
    const all = this.copyKeys();
    for (let from = 0; from < all.length; from += atOnce * key.size) {
      const keys = all.slice(from, from + atOnce * key.size);
      const values = new Uint8Array((keys.length / key.size) * value.size);
      let count = 0;
      for (let at = 0; at < keys.length; at += key.size) {
        bytes.set(keys.subarray(at, at + key.size), this.keyAt);
        const found = exports.mapExact(number, this.keyAt);
        // It has gone since its key was copied.
        if (found === 0) continue;
        keys.copyWithin(count * key.size, at, at + key.size);
        values.set(bytes.subarray(found, found + value.size), count * value.size);
        count += 1;
      }
      yield { count, keys, values };
      await breathe();
    }
  }

  /** Why a map did not take what was to be done, for whoever waits for it. */
  private refusal(doing: string, result: number): AgentError {
    const why = result === busy ? 'somebody who does not go on has it locked' : `refused (${result})`;
    return new AgentError(result === busy ? 'MAP_BUSY' : 'DATAPATH_REFUSED', `map ${this.spec.name}: ${doing}: ${why}`);
  }

  /** Whoever holds the map's lock has ended, or has not run for a second: nothing was changed. */
  private checkLock(result: number, key: K): void {
    if (result !== busy) return;
    throw new AgentError('MAP_BUSY', `map ${this.spec.name}: somebody who does not go on has it locked: ${showKey(key)}`);
  }

  /**
   * An update moves an entry to another place, so the places cannot be walked while others write: the keys are copied at once, and
   * each one's value is looked up when its turn comes.
   */
  async *entries(): AsyncIterable<[K, V]> {
    const keys = this.copyKeys();
    const view = new DataView(keys.buffer);
    const { key } = this.spec;
    for (let at = 0; at < keys.length; at += key.size) {
      this.engine.bytes.set(keys.subarray(at, at + key.size), this.keyAt);
      const value = this.read();
      if (value !== undefined) yield [key.decode(view, at), value];
    }
  }

  async count(): Promise<number> {
    return this.isArray() ? this.copyKeys().length / this.spec.key.size : this.engine.exports.mapCount(this.spec.number);
  }

  /** Value of the key in the buffer. */
  private read(): V | undefined {
    const at = this.engine.exports.mapExact(this.spec.number, this.keyAt);
    if (at === 0 || (this.isArray() && this.isZero(at))) return undefined;
    if (this.spec.kind !== 'percpu-array') return this.spec.value.decode(this.engine.view, at);
    const copies = this.copies(at).map((copy) => this.spec.value.decode(this.engine.view, copy));
    return copies.reduce(sumFields);
  }

  private copyKeys(): Uint8Array {
    const { exports, bytes } = this.engine;
    const { number, key } = this.spec;
    const keys = new Uint8Array((exports.mapCount(number) + atOnce) * key.size);
    let at = 0;
    for (let cursor = exports.mapNext(number, 0); cursor !== 0 && at < keys.length; cursor = exports.mapNext(number, cursor)) {
      if (this.isArray() && this.isZero(exports.entryValue(number, cursor))) continue;
      const from = exports.entryKey(number, cursor);
      keys.set(bytes.subarray(from, from + key.size), at);
      at += key.size;
    }
    return keys.subarray(0, at);
  }

  /** Addresses of all copies of a value: one, or one per worker. */
  private copies(at: number): number[] {
    const { exports } = this.engine;
    const stride = exports.mapCopyStride(this.spec.number);
    return Array.from({ length: exports.mapCopies(this.spec.number) }, (_, copy) => at + copy * stride);
  }

  private isZero(at: number): boolean {
    return this.copies(at).every((copy) => this.engine.bytes.subarray(copy, copy + this.spec.value.size).every((byte) => byte === 0));
  }

  private zero(): V {
    return this.spec.value.decode(new DataView(new ArrayBuffer(this.spec.value.size)), 0);
  }

  private isArray(): boolean {
    return this.spec.kind === 'array' || this.spec.kind === 'percpu-array';
  }
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
