// When grants end: never before the answer does, and little later, for who asks again and again is given the same end.

import t from 'tap';
import { endOfGrant, endOfTtl, leastLifetime } from '../../../orchestrator/dns/book/lifetime.ts';

const quarter = 16;
/** The clock wraps. */
const starts = [0, 12_345, 0x7fffffff - 100, -100, -0x80000000];

t.test('a grant lasts as long as its answer, and a quarter of a second longer at most', async (t) => {
  for (const now of starts) {
    for (const ttl of [1, 2, 5, 30, 59, 60, 61, 300, 3600, 86_400, 604_800]) {
      const late = (endOfGrant(now, ttl, 0, 0) - endOfTtl(now, ttl)) | 0;
      t.ok(late >= 0 && late < quarter, `${ttl} s from ${now}: ${late} ticks late`);
    }
  }
});

t.test('the least life, the least of a rule and its grace are added before it is rounded', async (t) => {
  t.equal(endOfGrant(0, 0, 0, 0), endOfGrant(0, leastLifetime, 0, 0));
  t.equal(endOfGrant(0, 5, 30, 10), endOfGrant(0, 40, 0, 0));
});

t.test('answers that come within a quarter of a second have two ends at most', async (t) => {
  for (const now of starts) {
    const ends = Array.from({ length: quarter }, (_, ticks) => endOfGrant((now + ticks) | 0, 60, 0, 0));
    t.ok(new Set(ends).size <= 2, `${new Set(ends).size} ends from ${now}`);
  }
});
