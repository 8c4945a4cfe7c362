// Attributes: what a netlink message says, read. Their writing is the kernel room's `attribute` and `joined`.

import { formatAddress, parseAddress } from '../net/address.ts';

/** Bits of a type that are not its number: nested, in network order. */
const typeMask = 0x3fff;

/** Attributes of a message or of a nested one, by type; the last of a type counts. A malformed rest is not read. */
export class Attributes {
  private readonly found: ReadonlyMap<number, Uint8Array>;

  /** `from` is where they begin: behind the message's fixed part. */
  constructor(bytes: Uint8Array, from = 0) {
    this.found = new Map(listAttributes(bytes, from));
  }

  bytes(type: number): Uint8Array | undefined {
    return this.found.get(type);
  }

  nested(type: number): Attributes {
    return new Attributes(this.found.get(type) ?? new Uint8Array());
  }

  /** Up to its first zero byte. */
  text(type: number): string | undefined {
    const bytes = this.found.get(type);
    if (bytes === undefined) return undefined;
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** A little-endian number of one, two or four bytes. */
  number(type: number): number | undefined {
    const bytes = this.found.get(type);
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return bytes.length >= 4 ? view.getUint32(0, true) : bytes.length >= 2 ? view.getUint16(0, true) : bytes[0];
  }

  address(type: number): string | undefined {
    const bytes = this.found.get(type);
    return bytes?.length === 4 || bytes?.length === 16 ? formatAddress(bytes) : undefined;
  }

  mac(type: number): string | undefined {
    const bytes = this.found.get(type);
    return bytes?.length === 6 ? formatMac(bytes) : undefined;
  }
}

/** In their order, repeated types included. */
export function listAttributes(bytes: Uint8Array, from = 0): [type: number, payload: Uint8Array][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: [number, Uint8Array][] = [];
  for (let at = from; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    found.push([view.getUint16(at + 2, true) & typeMask, bytes.subarray(at + 4, at + length)]);
    at += (length + 3) & ~3;
  }
  return found;
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Six bytes; throws a TypeError that quotes what is no MAC address. */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new TypeError(`mac: not a MAC address: "${text}"`);
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

/** AF_INET, AF_INET6. */
export const [inet, inet6] = [2, 10] as const;

/** An address's bytes and its family as the kernel numbers it. */
export function familyBytes(text: string): { family: typeof inet | typeof inet6; bytes: Uint8Array } {
  const bytes = parseAddress(text);
  return { family: bytes.length === 4 ? inet : inet6, bytes };
}

/** Texts of one address compare equal. */
export function canonicalAddress(text: string): string {
  return formatAddress(parseAddress(text));
}

/** Without bits behind the length. Far from the numbers of net/prefix.ts, which take their time with thousands of routes. */
export function canonicalPrefix(text: string): string {
  const [address = '', length] = text.split('/');
  const bytes = parseAddress(address);
  const bits = length === undefined ? bytes.length * 8 : Number(length);
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= bytes.length * 8))
    throw new TypeError(`prefix: not an address and a length: "${text}"`);
  const masked = bytes.map((byte, index) => byte & ~(0xff >> Math.min(8, Math.max(0, bits - index * 8))));
  return `${formatAddress(masked)}/${bits}`;
}

/** A number as bytes: of the machine's order, or of the network's. */
export function littleEndian(value: number, length: 1 | 2 | 4): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (value >>> (8 * index)) & 0xff);
}

export function bigEndian(value: number | bigint, length: 1 | 2 | 4 | 8): Uint8Array {
  const whole = BigInt(value);
  return Uint8Array.from({ length }, (_, index) => Number((whole >> BigInt(8 * (length - 1 - index))) & 0xffn));
}
