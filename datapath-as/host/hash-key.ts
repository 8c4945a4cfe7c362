// Hash of keys: each 8-byte word times an odd random number of its own, summed, and mixed once. The multiplications do not wait for
// each other, and without the numbers nobody can make flows that share a bucket.

import { MULTIPLIERS } from './memory';

/** Bytes of the longest key. */
export const MAX_KEY_SIZE: u32 = 40;
const MULTIPLIER_COUNT: usize = 6;
/** Of a key's last 4 bytes, when its size is no multiple of 8. */
const HALF: usize = 40;
/** 2^64 / golden ratio: the step of splitmix64, and the last multiplication. */
const GOLDEN: u64 = 0x9e3779b97f4a7c15;

/** Draws the multipliers. Only while all maps are empty. */
export function seedHash(seed: u64): void {
  let state = seed;
  for (let index: usize = 0; index < MULTIPLIER_COUNT; index++) {
    state += GOLDEN;
    let word = state;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    store<u64>(MULTIPLIERS + (index << 3), (word ^ (word >> 31)) | 1);
  }
}

export function isSeeded(): bool {
  return load<u64>(MULTIPLIERS) != 0;
}

/** The number that multiplies the word at that byte of a key. */
export function multiplier(offset: usize): u64 {
  return load<u64>(MULTIPLIERS + offset);
}
/** What the word at that byte of a key adds to the sum. */
export function hashWord(word: u64, offset: usize): u64 {
  return word * multiplier(offset);
}
export function hashHalf(half: u32): u64 {
  return <u64>half * load<u64>(MULTIPLIERS, HALF);
}

/** The hash is the top half: only there has every bit of the sum arrived. */
export function finishHash(sum: u64): u32 {
  return <u32>(((sum ^ (sum >> 32)) * GOLDEN) >> 32);
}

export function hashNumber(number: u32): u32 {
  return finishHash(hashHalf(number));
}

/** Hash of a key of 4 to 40 bytes, a multiple of 4. Unrolled: sizes are few and the branches are foreseen. */
export function hashKey(key: usize, size: u32): u32 {
  let sum: u64 = 0;
  if (size >= 8) {
    sum = hashWord(load<u64>(key), 0);
    if (size >= 16) {
      sum += hashWord(load<u64>(key, 8), 8);
      if (size >= 24) {
        sum += hashWord(load<u64>(key, 16), 16);
        if (size >= 32) {
          sum += hashWord(load<u64>(key, 24), 24);
          if (size >= 40) sum += hashWord(load<u64>(key, 32), 32);
        }
      }
    }
  }
  if ((size & 4) != 0) sum += hashHalf(load<u32>(key + <usize>(size & ~7)));
  return finishHash(sum);
}

/** Whether two keys of that size are equal. Unrolled, as above. */
export function equalKey(key: usize, other: usize, size: u32): bool {
  if (size >= 8) {
    if (load<u64>(key) != load<u64>(other)) return false;
    if (size >= 16) {
      if (load<u64>(key, 8) != load<u64>(other, 8)) return false;
      if (size >= 24) {
        if (load<u64>(key, 16) != load<u64>(other, 16)) return false;
        if (size >= 32) {
          if (load<u64>(key, 24) != load<u64>(other, 24)) return false;
          if (size >= 40 && load<u64>(key, 32) != load<u64>(other, 32)) return false;
        }
      }
    }
  }
  const whole = <usize>(size & ~7);
  return (size & 4) == 0 || load<u32>(key + whole) == load<u32>(other + whole);
}
