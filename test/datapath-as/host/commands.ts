// Random command sequences for the maps: which keys, which values, in which order.

import fc from 'fast-check';

export type Command =
  | { readonly do: 'update'; readonly key: number; readonly value: number; readonly flags: number }
  | { readonly do: 'delete' | 'look' | 'use'; readonly key: number };

/** Sequences over `keys` different keys; updates are the most frequent, so that small maps run full. */
export function commands(keys: number, maxLength = 200): fc.Arbitrary<Command[]> {
  const key = fc.nat({ max: keys - 1 });
  const update = fc.record({
    do: fc.constant('update' as const),
    key,
    value: fc.nat(),
    flags: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, 3, 4)),
  });
  const other = fc.record({ do: fc.constantFrom('delete' as const, 'look' as const, 'use' as const), key });
  return fc.array(fc.oneof({ weight: 3, arbitrary: update }, { weight: 2, arbitrary: other }), { maxLength, size: 'max' });
}

/** Bytes of a key or value, told apart by `number` in their last four bytes and by nothing else. */
export function numbered(number: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(0xa5);
  new DataView(bytes.buffer).setUint32(size - 4, number);
  return bytes;
}
