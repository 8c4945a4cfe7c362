// DER: the few forms of ASN.1 that a certificate consists of.

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
export const bits = (bytes: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.of(unused), bytes);
export const text = (value: string): Buffer => der(0x0c, Buffer.from(value));
export const yes: Buffer = Buffer.of(0x01, 0x01, 0xff);

/** A positive number of its bytes, the first of which is not zero. */
export function integer(bytes: Uint8Array): Buffer {
  return der(0x02, bytes[0] >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** As in `2.5.29.17`. */
export function objectId(value: string): Buffer {
  const [first, second, ...rest] = value.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(groups)]));
}

/** Seven bits a byte, all but the last marked. */
function groups(value: number): number[] {
  const found = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) found.unshift((left % 128) | 0x80);
  return found;
}

/** To the second; years from 1950 to 2049. */
export function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}
