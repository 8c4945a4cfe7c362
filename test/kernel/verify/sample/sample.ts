// A small core of its own: the constructs that the prover must understand, one function each.

@unmanaged
export class Pair {
  left: u64;
  right: u64;
  port: u16;
  kind: u8;
  pad0: u8;
  sum: u32;
}

@unmanaged
export class Entry {
  value: u32;
  limit: u16;
  pad0: u16;
}

/** Stands for the host's map; never called by the prover. */
export function lookupEntry(key: u32): Entry | null {
  return changetype<Entry | null>(load<u32>(key));
}

export function narrowSum(a: u8, b: u8, c: u16): u16 {
  const sum: u8 = a + b;
  return <u16>sum + c;
}

export function mixWords(a: u32, b: u32, seed: u32): u32 {
  let x: u32 = a + seed;
  let y: u32 = b ^ rotl<u32>(x, 13);
  for (let i: u32 = 0; i < 4; i++) {
    x += y;
    y = rotl<u32>(y, 7) ^ x;
  }
  return y - x;
}

export function spread(hash: u32, size: u32): u32 {
  return <u32>((<u64>hash * <u64>size) >> 32);
}

export function within(index: u32, size: u32): u32 {
  return size == 0 ? 0 : index % size;
}

export function swapPair(pair: Pair): void {
  const left: u64 = pair.left;
  pair.left = pair.right;
  pair.right = left;
  pair.port = bswap<u16>(pair.port);
}

export function orderPair(pair: Pair): u32 {
  if (pair.left > pair.right || (pair.left == pair.right && pair.kind != 0)) {
    swapPair(pair);
    return 1;
  }
  return 0;
}

export function readEntry(pair: Pair, key: u32): u32 {
  const entry = lookupEntry(key);
  if (entry == null) return 0;
  if (entry.limit != 0 && pair.sum > <u32>entry.limit) return <u32>entry.limit;
  pair.sum += entry.value;
  return pair.sum;
}

export function pickEntry(pair: Pair, key: u32): u32 {
  let found = lookupEntry(key);
  if (found == null) found = lookupEntry(key ^ mixWords(key, pair.sum, 1));
  return found == null ? <u32>pair.kind : found.value;
}

export function totalEntries(pair: Pair, key: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < 5; i++) {
    const value = readEntry(pair, key + i);
    if (value == 0) break;
    total += value;
    if (orderPair(pair) != 0) total ^= 0xff;
  }
  pair.pad0 = 0;
  return total;
}
