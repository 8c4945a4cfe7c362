// Hashes: which slot an address has, which backend a client gets, and in which order a backend claims Maglev slots.
// jhash is Bob Jenkins' lookup3 over 32-bit words, as the kernel's jhash2, so that both machines and every node agree.

import { Tuple } from './layout/tuple';

const JHASH_INITVAL: u32 = 0xdeadbeef;
const WORDS6: u32 = 6 << 2;
/** Odd constants with well-spread bits (2^64 divided by the golden ratio, and the xxHash prime). */
const SPREAD_LOW: u64 = 0x9e3779b97f4a7c15;
const SPREAD_HIGH: u64 = 0xc2b2ae3d27d4eb4f;
/** The slot is the top 16 bits of the product: 65,536 slots. */
const SLOT_SHIFT: u64 = 48;

/** Slot of an address in `epochs`. */
export function addressSlot(hi: u64, lo: u64): u32 {
  return <u32>(((hi ^ (lo * SPREAD_LOW)) * SPREAD_HIGH) >> SLOT_SHIFT);
}

/** lookup3 over six words: one mix, one final. */
function jhash6(w0: u32, w1: u32, w2: u32, w3: u32, w4: u32, w5: u32, seed: u32): u32 {
  let a: u32 = JHASH_INITVAL + WORDS6 + seed;
  let b: u32 = a;
  let c: u32 = a;
  a += w0;
  b += w1;
  c += w2;
  a -= c;
  a ^= rotl<u32>(c, 4);
  c += b;
  b -= a;
  b ^= rotl<u32>(a, 6);
  a += c;
  c -= b;
  c ^= rotl<u32>(b, 8);
  b += a;
  a -= c;
  a ^= rotl<u32>(c, 16);
  c += b;
  b -= a;
  b ^= rotl<u32>(a, 19);
  a += c;
  c -= b;
  c ^= rotl<u32>(b, 4);
  b += a;
  a += w3;
  b += w4;
  c += w5;
  c ^= b;
  c -= rotl<u32>(b, 14);
  a ^= c;
  a -= rotl<u32>(c, 11);
  b ^= a;
  b -= rotl<u32>(a, 25);
  c ^= b;
  c -= rotl<u32>(b, 16);
  a ^= c;
  a -= rotl<u32>(c, 4);
  b ^= a;
  b -= rotl<u32>(a, 14);
  c ^= b;
  c -= rotl<u32>(b, 24);
  return c;
}

/** Hash of what a client is: its address, both ports and the protocol, not the frontend's address, which differs between clusters. */
export function clientHash(tuple: Tuple, seed: u32): u32 {
  return jhash6(
    <u32>tuple.sourceHi,
    <u32>(tuple.sourceHi >> 32),
    <u32>tuple.sourceLo,
    <u32>(tuple.sourceLo >> 32),
    <u32>tuple.sourcePort | ((<u32>tuple.destinationPort) << 16),
    <u32>tuple.protocol,
    seed,
  );
}

/** Hash of a socket, by its number alone. */
export function socketHash(cookie: u64): u32 {
  return jhash6(<u32>cookie, <u32>(cookie >> 32), 0, 0, 0, 0, 0);
}

/**
 * Hash of a backend's name, from which its Maglev permutation is made: once with seed 0 for the offset, once with seed 1 for the
 * step. `place` is port | protocol << 16 | (cluster << 24): cluster ids are 8 bits.
 */
export function backendHash(hi: u64, lo: u64, place: u32, seed: u32): u32 {
  return jhash6(<u32>hi, <u32>(hi >> 32), <u32>lo, <u32>(lo >> 32), place, 0, seed);
}

/** A 32-bit hash scaled to [0, size) by the high half of the product: even, and no division. */
export function scaleHash(hash: u32, size: u32): u32 {
  return <u32>((<u64>hash * <u64>size) >> 32);
}
