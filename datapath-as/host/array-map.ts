// Arrays: elements side by side, all of them always present, absent ones zero. A per-CPU array has one such block per worker, so
// that counting writes no line that another worker reads.

import { E2BIG, EEXIST, EINVAL, FLAG_EXIST, FLAG_NO_EXIST, KIND_PERCPU_ARRAY, MapDescriptor, OK } from './descriptor';
import { currentWorker, keyCell, MAX_WORKERS } from './memory';

/** Address of an element, this worker's in a per-CPU array; 0 when the index is out of range. */
export function arrayElement(map: MapDescriptor, index: u32): usize {
  if (index >= map.nodes) return 0;
  const element = map.pool + <usize>index * <usize>map.stride;
  return map.kind == KIND_PERCPU_ARRAY ? element + <usize>currentWorker() * <usize>map.span : element;
}

/** Address of the first copy of an element; the others follow `mapCopyStride` apart. 0 when the index is out of range. */
export function arrayFirst(map: MapDescriptor, index: u32): usize {
  return index < map.nodes ? map.pool + <usize>index * <usize>map.stride : 0;
}

export function copiesOf(map: MapDescriptor): u32 {
  return map.kind == KIND_PERCPU_ARRAY ? MAX_WORKERS : 1;
}

/** Writes in place, word by word. In a per-CPU array the first copy gets the value and the others zeroes: their sum is the value. */
export function arrayUpdate(map: MapDescriptor, index: u32, value: usize, flags: u32): i32 {
  if (flags > FLAG_EXIST) return -EINVAL;
  if (index >= map.nodes) return -E2BIG;
  if (flags == FLAG_NO_EXIST) return -EEXIST;
  const first = arrayFirst(map, index);
  storeWords(first, value, map.valueSize);
  const copies = copiesOf(map);
  for (let copy: u32 = 1; copy < copies; copy++) clearWords(first + <usize>copy * <usize>map.span, map.valueSize);
  return OK;
}

/** A word that a reader looks at meanwhile is old or new, never in between. */
function storeWords(target: usize, source: usize, size: u32): void {
  const whole = <usize>(size & ~7);
  for (let offset: usize = 0; offset < whole; offset += 8) atomic.store<u64>(target + offset, load<u64>(source + offset));
  if ((size & 4) != 0) atomic.store<u32>(target + whole, load<u32>(source + whole));
}
function clearWords(target: usize, size: u32): void {
  const whole = <usize>(size & ~7);
  for (let offset: usize = 0; offset < whole; offset += 8) atomic.store<u64>(target + offset, 0);
  if ((size & 4) != 0) atomic.store<u32>(target + whole, 0);
}

/** Address of the key of an element: a cell of this worker's, for an array stores no keys. Good until the next call. */
export function arrayKey(index: u32): usize {
  const cell = keyCell();
  store<u64>(cell, <u64>index);
  return cell;
}
