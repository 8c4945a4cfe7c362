// Masks of prefixes: for each length, as many bytes as a key has, ones where a key of that length counts. Kept as a table because
// the bits of a byte count from its high end and the bytes from their low end, which is dear to compute and cheap to look up.
// A prefix's own length, the key's first four bytes, always counts; nodes keep keys as they were written, surplus bits included.

import { MapDescriptor } from './descriptor';
import { finishHash, hashHalf, hashWord } from './hash-key';

const ADDRESS_START: u32 = 4;

export function maskTableSize(keySize: u32, span: u32): u64 {
  return <u64>(span + 1) * <u64>maskStride(keySize);
}
function maskStride(keySize: u32): u32 {
  return (keySize + 7) & ~7;
}

export function fillMasks(map: MapDescriptor): void {
  for (let length: u32 = 0; length <= map.span; length++) {
    const mask = maskOf(map, length);
    store<u32>(mask, 0xffffffff);
    const bytes = length >> 3;
    for (let byte: u32 = 0; byte < bytes; byte++) store<u8>(mask + <usize>(ADDRESS_START + byte), 0xff);
    if ((length & 7) != 0) store<u8>(mask + <usize>(ADDRESS_START + bytes), <u8>(0xff00 >> (length & 7)));
  }
}

export function maskOf(map: MapDescriptor, length: u32): usize {
  return map.masks + <usize>length * <usize>maskStride(map.keySize);
}

/** A key's first word, with another length in it. */
function firstWord(key: usize, mark: u32): u64 {
  return (load<u64>(key) & 0xffffffff00000000) | <u64>mark;
}

/** Hash of a key's prefix. `mark` stands in the length's place: the length itself, or what tells a helper node from an entry. */
export function hashPrefix(map: MapDescriptor, key: usize, mark: u32, mask: usize): u32 {
  const size = map.keySize;
  let sum = hashWord(firstWord(key, mark) & load<u64>(mask), 0);
  const whole = <usize>(size & ~7);
  for (let offset: usize = 8; offset < whole; offset += 8) sum += hashWord(load<u64>(key + offset) & load<u64>(mask + offset), offset);
  if ((size & 4) != 0) sum += hashHalf(load<u32>(key + whole) & load<u32>(mask + whole));
  return finishHash(sum);
}

export function equalPrefix(map: MapDescriptor, stored: usize, key: usize, mark: u32, mask: usize): bool {
  const size = map.keySize;
  if (((load<u64>(stored) ^ firstWord(key, mark)) & load<u64>(mask)) != 0) return false;
  const whole = <usize>(size & ~7);
  for (let offset: usize = 8; offset < whole; offset += 8) {
    if (((load<u64>(stored + offset) ^ load<u64>(key + offset)) & load<u64>(mask + offset)) != 0) return false;
  }
  return (size & 4) == 0 || ((load<u32>(stored + whole) ^ load<u32>(key + whole)) & load<u32>(mask + whole)) == 0;
}

/** A mark that tells the counter of a length within a group from the entries of that length; it counts the group's bits only. */
export const MARK_COUNTER: u32 = 0x10000;

/** Hash of a node's own key. */
export function hashNodePrefix(map: MapDescriptor, key: usize): u32 {
  const mark = load<u32>(key);
  return hashPrefix(map, key, mark, maskOf(map, (mark & MARK_COUNTER) != 0 ? map.group : mark));
}
