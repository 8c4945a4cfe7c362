// Lengths: which prefix lengths a map holds outside groups, so that a lookup probes no others: a bit per length for the lookups, a
// counter per length to know when the bit goes.

import { MapDescriptor } from './descriptor';

/** Bytes of the bits of lengths 0..span, and of their counters. */
export function lengthBitsSize(span: u32): u64 {
  return <u64>(((span >> 6) + 1) << 3);
}
export function lengthCountersSize(span: u32): u64 {
  return <u64>((span + 1) << 2);
}

function lengthWord(map: MapDescriptor, word: u32): usize {
  return map.lengths + ((<usize>word) << 3);
}

/** The longest length present that is at most `length`; -1 when there is none. */
export function lengthAtMost(map: MapDescriptor, length: i32): i32 {
  if (length < 0) return -1;
  let word = length >> 6;
  let bits = atomic.load<u64>(lengthWord(map, word)) & (0xffffffffffffffff >> <u64>(63 - (length & 63)));
  for (; bits == 0; bits = atomic.load<u64>(lengthWord(map, word))) {
    if (word == 0) return -1;
    word--;
  }
  return (word << 6) + 63 - <i32>clz<u64>(bits);
}

/** No entry has any length. */
export function clearLengths(map: MapDescriptor): void {
  memory.fill(map.lengths, 0, <usize>lengthBitsSize(map.span));
  memory.fill(map.counters, 0, <usize>lengthCountersSize(map.span));
  map.loose = 0;
}

/** An entry of that length came. Under the map's lock, after the entry is linked. */
export function addLength(map: MapDescriptor, length: u32): void {
  const counter = map.counters + ((<usize>length) << 2);
  const count = load<u32>(counter);
  store<u32>(counter, count + 1);
  map.loose++;
  const word = lengthWord(map, length >> 6);
  if (count == 0) atomic.store<u64>(word, load<u64>(word) | ((<u64>1) << (<u64>(length & 63))));
}

/** An entry of that length went. Under the map's lock. */
export function dropLength(map: MapDescriptor, length: u32): void {
  const counter = map.counters + ((<usize>length) << 2);
  const count = load<u32>(counter) - 1;
  store<u32>(counter, count);
  map.loose--;
  const word = lengthWord(map, length >> 6);
  if (count == 0) atomic.store<u64>(word, load<u64>(word) & ~((<u64>1) << (<u64>(length & 63))));
}
