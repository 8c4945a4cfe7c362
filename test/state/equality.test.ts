// When two rows say the same.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { isSame } from '../../orchestrator/state/parts/equality.ts';

const value = fc.anything({ withBigInt: true, withMap: true, withSet: true, withNullPrototype: true, withTypedArray: true, maxDepth: 3 });

t.test('what is called the same is the same to Node too, and a copy of plain data is the same', async (t) => {
  let equal = 0;
  fc.assert(
    fc.property(value, value, (one, other) => {
      if (isSame(one, other) && !isDeepStrictEqual(one, other)) throw new Error('they differ');
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.object({ withBigInt: true, maxDepth: 3 }), (one) => {
      if (!isSame(one, structuredClone(one))) throw new Error('a copy differs');
      equal += 1;
    }),
    { numRuns: 1000 },
  );
  t.equal(equal, 1000);
});

for (const [one, other, same] of [
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
  [{ a: undefined }, {}, false],
  [{ a: undefined }, { b: undefined }, false],
  [[1, 2], [1], false],
  [Uint8Array.of(1, 2), Uint8Array.of(1, 2), true],
  [Uint8Array.of(1, 2), Uint8Array.of(1, 3), false],
  [new Map([['a', { b: 1 }]]), new Map([['a', { b: 1 }]]), true],
  [new Map([['a', undefined]]), new Map([['b', undefined]]), false],
  [new Set(['a']), new Set(['b']), false],
  [new Date(0), new Date(0), false],
  [Number.NaN, Number.NaN, true],
] as const) {
  t.equal(isSame(one, other), same);
}
