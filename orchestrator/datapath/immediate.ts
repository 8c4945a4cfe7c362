// Immediate: maps and packets without waiting, for a caller that has the thread for itself (a simulated cluster). Both machines can,
// for neither has anything to wait for; the contract waits only so that the event loop breathes.

import type { Datapath, DatapathMap, RunOptions, RunResult } from './datapath.ts';
import type { Codec, MapSpec } from './layout.ts';

/** An ability beside the contract: what `update`, `delete` and `get` do, for one entry, done on return. */
export interface ImmediateMap<K, V> extends DatapathMap<K, V> {
  updateNow(key: K, value: V): void;
  deleteNow(key: K): void;
  getNow(key: K): V | undefined;
}

/** Entries as bytes, keys and values one behind the other: for who has thousands of them in that shape, or waits for each. */
export interface BytesMap {
  /** Over what is there, done on return. How many were written: less than `count` when the map is full. */
  writeBytes(keys: Uint8Array, values: Uint8Array, count: number): number;
  /** What is not there is as good as removed. */
  removeBytes(keys: Uint8Array, count: number): void;
  /** The value that the datapath finds for a key, in a trie that of the longest prefix; good until the next call. */
  lookUpBytes(key: Uint8Array): Uint8Array | undefined;
  /** All of them; a lot is good until the next one is asked for. */
  lots(): AsyncIterable<{ readonly count: number; readonly keys: Uint8Array; readonly values: Uint8Array }>;
}

/** As `PacketRunner.run`, done on return. */
export interface ImmediateDatapath extends Datapath {
  map<K, V>(spec: MapSpec<K, V>): ImmediateMap<K, V>;
  runNow(hook: number, packet: Uint8Array, options?: RunOptions): RunResult;
}

/** Bytes from the start of a layout to one of its fields. */
export function fieldOffset<T extends object>(codec: Codec<T>, field: keyof T): number {
  const view = new DataView(new ArrayBuffer(codec.size));
  const value = codec.decode(view, 0);
  const one = typeof value[field] === 'bigint' ? 1n : 1;
  codec.encode({ ...value, [field]: one }, view, 0);
  return new Uint8Array(view.buffer).indexOf(1);
}
