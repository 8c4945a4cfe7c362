// Maglev tables: the same wherever and by whomever they are made, even, weighted, and little changed by a change.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { fillMaglev, sizesFor } from '../../../orchestrator/datapath/reconcile/maglev-table.ts';
import { secondTable } from '../../support/maglev-table.ts';
import { disruption, named } from './disruption.ts';

const address = fc.oneof(
  fc.ipV4(),
  fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([a, b]) => `fd00::${a.toString(16)}:${b.toString(16)}`),
);
const backend = fc.record({
  address,
  protocol: fc.constantFrom(6, 17, 132),
  port: fc.integer({ min: 1, max: 65535 }),
  cluster: fc.constantFrom(0, 0, 3, 255),
  weight: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 })),
});
const backends = fc
  .uniqueArray(backend, { selector: ({ address, protocol, port, cluster }) => `${address} ${protocol} ${port} ${cluster}`, maxLength: 60 })
  .map((list) => list.map((backend, index) => ({ ...backend, id: index + 1 })));

t.test('a table is the one that its rules make a second time, of the same backends in any order', async (t) => {
  fc.assert(
    fc.property(backends, fc.constantFrom(31, 251, 1021), (list, size) => {
      const table = [...fillMaglev([...list].reverse(), size)];
      if (`${table}` !== `${secondTable(list, size)}`) throw new Error('they differ');
    }),
    { numRuns: 200 },
  );
  t.same([...fillMaglev([], 31)], new Array(31).fill(0));
  t.same([...fillMaglev(named(1), 1)], [1]);
  t.throws(() => fillMaglev(named(2), 1), { message: /2 backends, 1 slots/ });
});

t.test('numbers of backends decide nothing: nodes that number them otherwise choose the same', async () => {
  fc.assert(
    fc.property(backends, fc.integer({ min: 1, max: 1000 }), (list, offset) => {
      const others = list.map((backend) => ({ ...backend, id: backend.id * 7 + offset }));
      const [here, there] = [fillMaglev(list, 1021), fillMaglev(others, 1021)];
      if (here.some((id, slot) => id !== 0 && id * 7 + offset !== there[slot])) throw new Error('they differ');
    }),
    { numRuns: 50 },
  );
});

t.test('a table stays what it is from release to release, for nodes of two releases choose alike', async (t) => {
  const digest = (count: number) =>
    createHash('sha256')
      .update(Buffer.from(fillMaglev(named(count), sizesFor(count)[0] as number).buffer))
      .digest('hex')
      .slice(0, 16);
  t.same([2, 10, 11, 163, 164].map(digest), [
    '25eb664828735def',
    'ffaa41e072b09f1d',
    '6f0e11d08abbea45',
    'a7d94c990344f77d',
    'c97ade611f5c61c9',
  ]);
});

t.test('shares differ by one slot at most, so by one percent where a backend has a hundred', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(200), (count, salt) => {
      const size = sizesFor(count)[0] as number;
      const shares = sharesOf(fillMaglev(named(count, salt), size));
      const [most, least] = [Math.max(...shares.values()), Math.min(...shares.values())];
      if (shares.size !== count || most - least > 1) throw new Error(`${least} to ${most}`);
      if ((most * count) / size > 1.01 || (least * count) / size < 0.99) throw new Error(`${(least * count) / size}`);
    }),
    { numRuns: 60 },
  );
});

t.test('weights are shares', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 20 }), (weights) => {
      const list = named(weights.length).map((backend, at) => ({ ...backend, weight: weights[at] as number }));
      const size = sizesFor(weights.length, weights)[0] as number;
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [id, slots] of sharesOf(fillMaglev(list, size))) {
        const due = (size * (weights[id - 1] as number)) / all;
        if (Math.abs(slots - due) > Math.max(2, due / 100)) throw new Error(`${slots} slots, not ${due}`);
      }
    }),
    { numRuns: 100 },
  );
});

t.test('a backend that goes moves few flows of others: at most 4 % of 10, 2 % of 100, 1 % of 1,000, of as many slots', async (t) => {
  for (const [count, most] of [
    [10, 0.04],
    [100, 0.02],
    [1000, 0.01],
  ] as const) {
    const { moved, worst, size, sizeAfter } = disruption(count);
    t.equal(size, sizeAfter);
    t.ok(moved <= most / 2, `${count}: ${(moved * 100).toFixed(2)} % in the mean`);
    t.ok(worst <= most, `${count}: ${(worst * 100).toFixed(2)} % at worst`);
  }
});

t.test('of few backends, in many sets of them, no two claim so much alike that more than 4 % move', async (t) => {
  for (let count = 3; count <= 10; count += 1) {
    const { worst } = disruption(count, { sets: 60 });
    t.ok(worst <= 0.04, `${count}: ${(worst * 100).toFixed(2)} %`);
  }
});

t.test('a share that is thousands of times smaller than another ends, too', async (t) => {
  const list = named(3).map((backend, at) => ({ ...backend, weight: [65536, 1, 300][at] as number }));
  t.same(
    [...sharesOf(fillMaglev(list, 131071))].sort(),
    [
      [1, 130472],
      [2, 2],
      [3, 597],
    ].sort(),
  );
  t.same([...fillMaglev(list, 1021)], secondTable(list, 1021));
});

t.test('from 2 to 40 backends: what moves when one goes, and where the table’s size steps', async (t) => {
  const steps: number[] = [];
  for (let count = 2; count <= 40; count += 1) {
    const { moved, size, sizeAfter } = disruption(count);
    if (size !== sizeAfter) steps.push(count);
    else t.ok(moved <= 0.02, `${count}: ${(moved * 100).toFixed(2)} %`);
  }
  t.same(steps, [2, 11], 'to a single one, where nothing can move, and from 11 to 10');
  t.equal(disruption(2).moved, 0);
});

t.test('a table’s size depends on the backends alone, and smaller ones only stand in', async (t) => {
  t.same(sizesFor(1), [1]);
  t.same(sizesFor(2), [1021, 251, 31]);
  t.same(sizesFor(10), [1021, 251, 31]);
  t.same(sizesFor(11), [16381, 1021, 251, 31]);
  t.same(sizesFor(100), [16381, 1021, 251]);
  t.same(sizesFor(164), [131071, 16381, 1021, 251]);
  t.same(sizesFor(2000), [131071, 16381]);
  t.same(sizesFor(2, [1, 100]), [16381, 1021, 251, 31], 'a small share has a hundred slots too');
  t.same(sizesFor(2, [5, 5]), sizesFor(2));
});

function sharesOf(table: Uint32Array): Map<number, number> {
  const shares = new Map<number, number>();
  for (const id of table) shares.set(id, (shares.get(id) ?? 0) + 1);
  return shares;
}
