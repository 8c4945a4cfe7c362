// Checksums: the internet checksum of IPv4, ICMP, TCP and UDP, and the CRC32c of SCTP, over whole buffers.

/** One's complement sum of the 16-bit big-endian words of `bytes` (an odd last byte is padded with 0), folded to 16 bits, added to `start`. */
export function onesComplementSum(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

/** The internet checksum (RFC 1071) as it stands in a header. */
export function internetChecksum(bytes: Uint8Array, start = 0): number {
  return onesComplementSum(bytes, start) ^ 0xffff;
}

/** Sum of the pseudo header of `protocol` over addresses of 4 or 16 bytes; the two families' layouts have the same sum. */
export function pseudoHeaderSum(source: Uint8Array, destination: Uint8Array, protocol: number, length: number): number {
  return onesComplementSum(destination, onesComplementSum(source, protocol + (length >>> 16) + (length & 0xffff)));
}

// Reflected polynomial of CRC32c (Castagnoli), one table entry a byte.
const crc32cTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** CRC32c of `bytes`, as an unsigned number; SCTP writes it in little-endian order (RFC 9260, appendix A). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = ((crc32cTable[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)) >>> 0;
  return (crc ^ 0xffffffff) >>> 0;
}
