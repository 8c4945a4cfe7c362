// Checksums: RFC 1624 arithmetic on one's-complement sums. Words are read little-endian from network-order bytes; the sum does
// not mind as long as every word is read alike.

/** One's-complement sum of two 32-bit words. */
export function checksumAdd(sum: u32, value: u32): u32 {
  const total: u64 = <u64>sum + <u64>value;
  return <u32>total + <u32>(total >> 32);
}

/** A 32-bit sum folded to 16 bits, not complemented. */
export function checksumFold(sum: u32): u16 {
  const once: u32 = (sum & 0xffff) + (sum >> 16);
  return <u16>((once & 0xffff) + (once >> 16));
}

/** The difference that turns a sum over the old 64 bits into one over the new. */
function differenceOfWords(before: u64, after: u64): u32 {
  const low: u32 = checksumAdd(~(<u32>before), <u32>after);
  const high: u32 = checksumAdd(~(<u32>(before >> 32)), <u32>(after >> 32));
  return checksumAdd(low, high);
}

/** Difference to add to a sum when an address changes; the constant words of v4-mapped addresses cancel out. */
export function checksumOfAddressChange(oldHi: u64, oldLo: u64, newHi: u64, newLo: u64): u32 {
  return checksumAdd(differenceOfWords(oldHi, newHi), differenceOfWords(oldLo, newLo));
}

/** Difference to add to a sum when a port (network order) changes. */
export function checksumOfPortChange(before: u16, after: u16): u32 {
  return checksumAdd(~(<u32>before) & 0xffff, <u32>after);
}

/** A complete checksum field after `difference` was added to what it sums. */
export function checksumReplace(field: u16, difference: u32): u16 {
  return ~checksumFold(checksumAdd(~(<u32>field) & 0xffff, difference));
}

/** A partial (offloaded) field after the same: it holds the pseudo-header's sum itself, not its complement. */
export function checksumReplacePartial(field: u16, difference: u32): u16 {
  return checksumFold(checksumAdd(<u32>field, difference));
}
