// Prefix: an address and a length, as a value that can be compared and asked what it contains.

import { formatAddress, parseAddress } from './address.ts';

export interface Prefix {
  readonly family: 4 | 6;
  /** The address as a number; bits behind the length are zero. */
  readonly value: bigint;
  readonly length: number;
  /** Canonical: two equal prefixes have equal texts. */
  readonly text: string;
}

const widths = { 4: 32, 6: 128 } as const;

/**
 * A prefix of a text; an address alone is its longest prefix. Bits behind the length are cleared: users write 10.1.2.3/8. Throws a
 * TypeError that quotes the text when it is none.
 */
export function parsePrefix(text: string): Prefix {
  const [address = '', length, ...rest] = text.split('/');
  const bytes = parseAddress(address);
  const family = bytes.length === 4 ? 4 : 6;
  const bits = length === undefined ? widths[family] : /^(0|[1-9]\d{0,2})$/.test(length) ? Number(length) : Number.NaN;
  if (rest.length > 0 || !(bits <= widths[family])) throw new TypeError(`prefix: not an address and a length: "${text}"`);
  return makePrefix(family, bytesValue(bytes), bits);
}

export function makePrefix(family: 4 | 6, value: bigint, length: number): Prefix {
  const width = widths[family];
  const masked = (value >> BigInt(width - length)) << BigInt(width - length);
  return { family, value: masked, length, text: `${formatAddress(valueBytes(masked, width / 8))}/${length}` };
}

/** Whether every address of `inner` is one of `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  return (inner.value ^ outer.value) >> BigInt(widths[outer.family] - outer.length) === 0n;
}

/** Order of families, addresses and lengths: a prefix comes before those that it contains, and nothing else comes between them. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return a.length - b.length;
}

/** The prefix of `length` around this one; throws a RangeError when that is not wider. */
export function widenPrefix(prefix: Prefix, length: number): Prefix {
  if (!(length >= 0 && length <= prefix.length)) throw new RangeError(`prefix: ${prefix.text}: no wider prefix has the length ${length}`);
  return length === prefix.length ? prefix : makePrefix(prefix.family, prefix.value, length);
}

function bytesValue(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function valueBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn));
}
