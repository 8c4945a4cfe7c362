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
