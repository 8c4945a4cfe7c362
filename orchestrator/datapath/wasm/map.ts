// A map in linear memory. Keys and values pass through the instance's packet buffer, which is free whenever no packet is running.

import { AgentError } from '../../errors.ts';
import type { ImmediateMap } from '../immediate.ts';
import type { MapSpec } from '../layout.ts';
import { showKey } from '../show-key.ts';
import { sumFields } from '../sum-fields.ts';
import type { Engine } from './engine.ts';

/** Entries between two breaths of the event loop. */
const atOnce = 4096;
const [full, noSpace] = [-7, -28];

export class WasmMap<K, V> implements ImmediateMap<K, V> {
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
    const name = `map ${this.spec.name}: update:`;
    if (result !== full && result !== noSpace) throw new AgentError('MAP_KEY_INVALID', `${name} refused (${result}): ${showKey(key)}`);
    if (this.isArray()) throw new AgentError('MAP_KEY_INVALID', `${name} no such index, of ${this.capacity}: ${showKey(key)}`);
    throw new AgentError('MAP_FULL', `${name} full at ${this.capacity} entries: ${showKey(key)}`);
  }

  getNow(key: K): V | undefined {
    this.spec.key.encode(key, this.engine.view, this.keyAt);
    return this.read();
  }

  deleteNow(key: K): void {
    if (this.isArray()) this.updateNow(key, this.zero());
    else {
      this.spec.key.encode(key, this.engine.view, this.keyAt);
      this.engine.exports.mapDelete(this.spec.number, this.keyAt);
    }
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
