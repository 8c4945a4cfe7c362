// A writer of protobuf for tests: numbers are given by hand, so that it knows nothing of what the server reads them with.

type Value = string | number | boolean | Buffer | Message | readonly Value[];
export interface Message {
  readonly [number: number]: Value;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

function field(number: number, value: Value): Buffer {
  if (Array.isArray(value)) return Buffer.concat(value.map((one) => field(number, one)));
  if (typeof value === 'number' || typeof value === 'boolean') {
    return Buffer.concat([varint(BigInt(number * 8)), varint(BigInt(value))]);
  }
  const bytes = Buffer.isBuffer(value) ? value : typeof value === 'string' ? Buffer.from(value) : write(value as Message);
  return Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes]);
}

export function write(message: Message): Buffer {
  return Buffer.concat(Object.entries(message).map(([number, value]) => field(Number(number), value)));
}

/** Entries of a map. */
export const map = (entries: Record<string, Value>): readonly Value[] =>
  Object.entries(entries).map(([key, value]) => ({ 1: key, 2: value }));

/** As clients wrap what they send. */
export function body(apiVersion: string, kind: string, message: Message): Buffer {
  return Buffer.concat([Buffer.from('k8s\0'), write({ 1: { 1: apiVersion, 2: kind }, 2: write(message) })]);
}

export const headers = {
  'content-type': 'application/vnd.kubernetes.protobuf',
  accept: 'application/vnd.kubernetes.protobuf,application/json',
};
