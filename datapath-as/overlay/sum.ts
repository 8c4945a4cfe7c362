// Sums: internet checksums over many bytes, sixteen at a time. Words are read little-endian, as in core/checksum.ts.

import { checksumAdd, checksumFold } from '../core/checksum';

const BLOCK: u32 = 16;

/** One's-complement sum of `length` bytes, at most 256 KiB, on top of `sum`; an odd last byte counts as a word's first. */
export function sumBytes(at: u32, length: u32, sum: u32): u32 {
  let lanes = i32x4.splat(0);
  let done: u32 = 0;
  for (; done + BLOCK <= length; done += BLOCK) lanes = i32x4.add(lanes, i32x4.extadd_pairwise_i16x8_u(v128.load(at + done)));
  return sumRest(at + done, length - done, sumLanes(lanes, sum));
}

/** Copies, and sums what it copies. The two must not overlap. */
export function copyAndSum(from: u32, to: u32, length: u32, sum: u32): u32 {
  let lanes = i32x4.splat(0);
  let done: u32 = 0;
  for (; done + BLOCK <= length; done += BLOCK) {
    const block = v128.load(from + done);
    v128.store(to + done, block);
    lanes = i32x4.add(lanes, i32x4.extadd_pairwise_i16x8_u(block));
  }
  memory.copy(to + done, from + done, length - done);
  return sumRest(from + done, length - done, sumLanes(lanes, sum));
}

function sumLanes(lanes: v128, sum: u32): u32 {
  const low = checksumAdd(i32x4.extract_lane(lanes, 0), i32x4.extract_lane(lanes, 1));
  const high = checksumAdd(i32x4.extract_lane(lanes, 2), i32x4.extract_lane(lanes, 3));
  return checksumAdd(sum, checksumAdd(low, high));
}

function sumRest(at: u32, length: u32, sum: u32): u32 {
  let total = sum;
  let done: u32 = 0;
  for (; done + 2 <= length; done += 2) total = checksumAdd(total, <u32>load<u16>(at + done));
  return done < length ? checksumAdd(total, <u32>load<u8>(at + done)) : total;
}

/** Sum of the pseudo header: addresses, protocol, and length of what the checksum covers. `network` is the IP header's address. */
export function sumPseudoHeader(network: u32, protocol: u32, length: u32): u32 {
  const isIpv4 = load<u8>(network) >> 4 == 4;
  const fixed = checksumAdd(protocol << 8, <u32>bswap<u16>(<u16>length));
  return isIpv4 ? sumBytes(network + 12, 8, fixed) : sumBytes(network + 8, 32, fixed);
}

/** Writes an IPv4 header's own checksum. */
export function completeIpv4(network: u32): void {
  store<u16>(network, 0, 10);
  store<u16>(network, ~checksumFold(sumBytes(network, (<u32>load<u8>(network) & 15) << 2, 0)), 10);
}
