// Words: addresses, prefixes and ports as the datapath's layouts spell them: 16 bytes in network order read as two little-endian
// u64, IPv4 as ::ffff:a.b.c.d, ports in network order read as a little-endian u16.

import { formatAddress, fromMapped, parseAddress, parseQuad, toMapped } from './address.ts';

/** The bytes 00 00 ff ff in front of a mapped address. */
const mappedMark = 0xffff0000n;
const markNumber = Number(mappedMark);

/** The fields `hi` and `lo` of a layout. */
export interface AddressWords {
  readonly hi: bigint;
  readonly lo: bigint;
}

/** The key of `ipcache`: `prefixLength` counts from the zone, 32 + bits of the mapped address. */
export interface PrefixWords extends AddressWords {
  readonly prefixLength: number;
  readonly zone: number;
}

/** Words of an address given as text, or as 4 or 16 bytes; throws a TypeError that quotes a text that is no address. */
export function addressWords(address: string | Uint8Array): AddressWords {
  const quad = typeof address === 'string' ? parseQuad(address) : undefined;
  if (quad !== undefined) return { hi: 0n, lo: BigInt(quad * 2 ** 32 + markNumber) };
  const bytes = toMapped(typeof address === 'string' ? parseAddress(address) : address);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return { hi: view.getBigUint64(0, true), lo: view.getBigUint64(8, true) };
}

/** The 16 bytes behind the words. */
export function wordBytes(words: AddressWords): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, words.hi, true);
  view.setBigUint64(8, words.lo, true);
  return bytes;
}

/** Text of the address: a dotted quad when it is a mapped one. */
export function wordText(words: AddressWords): string {
  if (words.hi === 0n && (words.lo & 0xffffffffn) === mappedMark) {
    // Every event has two of these: no bytes are made for them.
    const quad = Number(words.lo >> 32n);
    return `${quad & 0xff}.${(quad >>> 8) & 0xff}.${(quad >>> 16) & 0xff}.${quad >>> 24}`;
  }
  return formatAddress(fromMapped(wordBytes(words)));
}

/** Key of a prefix given as text; an address alone is its longest prefix. Bits behind the length must be zero, else TypeError. */
export function prefixWords(text: string, zone = 0): PrefixWords {
  const [address = '', length, ...rest] = text.split('/');
  const bytes = parseAddress(address);
  const bits = length === undefined ? bytes.length * 8 : /^(0|[1-9]\d{0,2})$/.test(length) ? Number(length) : Number.NaN;
  if (rest.length > 0 || !(bits <= bytes.length * 8)) throw new TypeError(`prefix: not an address and a length: "${text}"`);
  const mapped = toMapped(bytes);
  const mappedBits = bits + (16 - bytes.length) * 8;
  if (hasBitsAfter(mapped, mappedBits)) throw new TypeError(`prefix: bits are set behind its length: "${text}"`);
  return { prefixLength: 32 + mappedBits, zone, ...addressWords(mapped) };
}

/** Text of an `ipcache` key; the zone is not told. */
export function prefixText(key: PrefixWords): string {
  const bytes = fromMapped(wordBytes(key));
  const bits = key.prefixLength - 32;
  if (bytes.length === 4 && bits >= 96) return `${formatAddress(bytes)}/${bits - 96}`;
  return `${formatAddress(wordBytes(key))}/${bits}`;
}

/** A port between host order and the order of the layouts; its own inverse. */
export function swapPort(port: number): number {
  return ((port & 0xff) << 8) | ((port >> 8) & 0xff);
}

function hasBitsAfter(bytes: Uint8Array, bits: number): boolean {
  return bytes.some((byte, index) => (byte & (0xff >> Math.min(8, Math.max(0, bits - index * 8)))) !== 0);
}
