// Private addresses: those that an answer from outside has no reason to name. Who answers with one may want a pod to knock at a door
// that only pods and nodes reach. Ranges are those of the registries of special-purpose addresses (RFC 6890).

export type PrivateKind = 'unspecified' | 'loopback' | 'link-local' | 'private' | 'metadata';

/** What an address of 16 bytes (IPv4 mapped) is; undefined: nothing of the kind. One that carries an IPv4 address is what that is. */
export function privateKind(bytes: Uint8Array, at: number): PrivateKind | undefined {
  const byte = (index: number): number => bytes[at + index];
  if (
    isZero(bytes, at, 10) &&
    ((byte(10) === 0xff && byte(11) === 0xff) || (byte(10) === 0 && byte(11) === 0 && !isZero(bytes, at + 12, 2)))
  ) {
    return privateQuad(byte(12), byte(13), byte(14), byte(15));
  }
  // NAT64 and 6to4 lead to the IPv4 address that they carry.
  if (byte(0) === 0x00 && byte(1) === 0x64 && byte(2) === 0xff && byte(3) === 0x9b && isZero(bytes, at + 4, 8)) {
    return privateQuad(byte(12), byte(13), byte(14), byte(15));
  }
  if (byte(0) === 0x20 && byte(1) === 0x02) return privateQuad(byte(2), byte(3), byte(4), byte(5));
  if (isZero(bytes, at, 15)) return byte(15) === 0 ? 'unspecified' : byte(15) === 1 ? 'loopback' : undefined;
  if (byte(0) === 0xfe && (byte(1) & 0xc0) === 0x80) return 'link-local';
  if (byte(0) === 0xfe && (byte(1) & 0xc0) === 0xc0) return 'private';
  // fd00:ec2::254
  if (byte(0) === 0xfd && byte(1) === 0 && byte(2) === 0x0e && byte(3) === 0xc2) return 'metadata';
  return (byte(0) & 0xfe) === 0xfc ? 'private' : undefined;
}

function privateQuad(a: number, b: number, c: number, d: number): PrivateKind | undefined {
  if (a === 0) return 'unspecified';
  if (a === 127) return 'loopback';
  // What clouds tell their machines: the usual address, and those of three of them that are not within a private range.
  if (a === 169 && b === 254) return c === 169 && d === 254 ? 'metadata' : 'link-local';
  if ((a === 168 && b === 63 && c === 129 && d === 16) || (a === 100 && b === 100 && c === 100 && d === 200)) return 'metadata';
  if (a === 192 && b === 0 && c === 0) return d === 192 ? 'metadata' : 'private';
  if (a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168) || (a === 100 && (b & 0xc0) === 64)) return 'private';
  return undefined;
}

function isZero(bytes: Uint8Array, at: number, size: number): boolean {
  for (let index = 0; index < size; index += 1) if (bytes[at + index] !== 0) return false;
  return true;
}
