// CRC32c: SCTP's checksum after its ports changed. A CRC is linear: equal changes of the data change it equally, whatever the rest
// is. So only the changed word and its distance from the end matter, no byte of the payload is read, and a packet that came in
// damaged stays damaged for its receiver to see.

/** Castagnoli's polynomial, bits reflected: bit 31 stands for x^0. */
const POLYNOMIAL: u32 = 0x82f63b78;
const ONE: u32 = 0x80000000;
/** x^8: one byte further from the end. */
const BYTE: u32 = 0x00800000;
/** Bits of a packet's length. */
const LENGTH_BITS: u32 = 16;

/** Product of two polynomials modulo the CRC's. */
function multiply(left: u32, right: u32): u32 {
  let product: u32 = 0;
  let term: u32 = right;
  for (let bit: u32 = 0; bit < 32; bit++) {
    if ((left & (ONE >> bit)) != 0) product ^= term;
    term = (term & 1) != 0 ? (term >> 1) ^ POLYNOMIAL : term >> 1;
  }
  return product;
}

/**
 * What to xor into the CRC (as the wire has it, read little-endian) when the first 32-bit word of `length` bytes changes; `before`
 * and `after` are that word read little-endian.
 */
export function crc32cOfWordChange(before: u32, after: u32, length: u32): u32 {
  let distance: u32 = ONE;
  let power: u32 = BYTE;
  for (let bit: u32 = 0; bit < LENGTH_BITS; bit++) {
    if ((length & ((<u32>1) << bit)) != 0) distance = multiply(distance, power);
    power = multiply(power, power);
  }
  return multiply(distance, before ^ after);
}
