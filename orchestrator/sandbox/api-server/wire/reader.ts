// A little of the protobuf wire format: enough to read messages.
import { badRequest } from '../status-error.ts';

export interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** The fields of a message in their order. Numbers of a fixed size are left out: no message that is read here has any. */
export function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    // Most are of one byte.
    if (bytes[at] < 128) return BigInt(bytes[at++]);
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= bytes.length) throw badRequest('unexpected EOF');
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw badRequest('proto: integer overflow');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw badRequest('unexpected EOF');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = Number(tag & 7n);
    const number = Number(tag >> 3n);
    if (wire === 0) fields.push({ number, value: varint() });
    else if (wire === 2) fields.push({ number, value: take(Number(varint())) });
    else if (wire === 1 || wire === 5) take(wire === 1 ? 8 : 4);
    else throw badRequest(`proto: illegal wireType ${wire}`);
  }
  return fields;
}

/** The last bytes under a number; none when there are none. */
export function bytesAt(fields: readonly Field[], number: number): Buffer {
  const value = fields.findLast((field) => field.number === number)?.value;
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

/** The last number under a number; undefined when there is none. */
export function numberAt(fields: readonly Field[], number: number): bigint | undefined {
  const value = fields.findLast((field) => field.number === number)?.value;
  return typeof value === 'bigint' ? value : undefined;
}
