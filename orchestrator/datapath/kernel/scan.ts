// Scan: all entries of a kernel map, in chunks of raw bytes.

import type { MapSpec } from '../layout.ts';
import { errno } from './errno.ts';
import type { OpenMap } from './map.ts';

/** `count` keys and values, one behind the other; valid until the next chunk is asked for. */
export interface Chunk {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

/** A hash bucket is read whole, so the first try must hold any but a monstrous one; it doubles when one does not fit. */
const firstEntries = 4096;

/**
 * A hash map is walked bucket by bucket: what is added or deleted meanwhile does not disturb the walk. A trie is walked by keys,
 * and starts anew when the key at hand is deleted; so it is copied at once, before anything else of this process can run.
 */
export async function* scan(map: OpenMap, spec: MapSpec, failure: (result: number) => Error): AsyncIterable<Chunk> {
  if (spec.kind !== 'lpm') {
    for (const chunk of walk(map, spec.key.size, failure)) {
      yield chunk;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return;
  }
  const copies: Chunk[] = [];
  for (const { keys, values, count } of walk(map, spec.key.size, failure))
    copies.push({ keys: keys.slice(), values: values.slice(), count });
  yield* copies;
}

export function* walk(map: OpenMap, keySize: number, failure: (result: number) => Error): Iterable<Chunk> {
  let entries = Math.min(firstEntries, Math.max(map.capacity, 1));
  let buffers = allocate(map, keySize, entries);
  let first = true;
  for (;;) {
    const { keys, values, inCursor, outCursor } = buffers;
    const done = map.bpf.lookupBatch(map.descriptor, {
      inCursor: first ? 0 : map.libc.address(inCursor),
      outCursor: map.libc.address(outCursor),
      keys: map.libc.address(keys),
      values: map.libc.address(values),
      count: entries,
    });
    if (done.result === -errno.nospc) {
      entries *= 2;
      const grown = allocate(map, keySize, entries);
      grown.inCursor.set(inCursor);
      buffers = grown;
      continue;
    }
    if (done.result < 0 && done.result !== -errno.noent) throw failure(done.result);
    const { count } = done;
    yield { keys: keys.subarray(0, count * keySize), values: values.subarray(0, count * map.valueSize), count };
    if (done.result === -errno.noent) return;
    inCursor.set(outCursor);
    first = false;
  }
}

function allocate(map: OpenMap, keySize: number, entries: number) {
  const cursor = Math.max(keySize, 8);
  return {
    keys: new Uint8Array(entries * keySize),
    values: new Uint8Array(entries * map.valueSize),
    inCursor: new Uint8Array(cursor),
    outCursor: new Uint8Array(cursor),
  };
}
