// Shares and disruption beside those of Cilium's tables for the same sizes, numbers of backends and weights: statistics, for the hashes differ.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { fillMaglev } from '../../../orchestrator/datapath/reconcile/maglev-table.ts';
import { named } from './disruption.ts';

interface Reference {
  readonly shares: readonly { readonly size: number; readonly weights: readonly number[]; readonly slots: readonly number[] }[];
  readonly disruption: readonly { readonly size: number; readonly backends: number; readonly moved: number }[];
}

const reference = JSON.parse(readFileSync(new URL('maglev-reference.json', import.meta.url), 'utf8')) as Reference;

function slotsOf(weights: readonly number[], size: number): number[] {
  const slots = new Array<number>(weights.length).fill(0);
  const list = named(weights.length).map((backend, at) => ({ ...backend, weight: weights[at] as number }));
  for (const id of fillMaglev(list, size)) slots[id - 1] += 1;
  return slots;
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

for (const { size, weights, slots } of reference.shares) {
  const isEven = new Set(weights).size === 1;
  // There, weights whose mean is below two count for nothing.
  const isIgnored = !isEven && Math.floor(sum(weights) / weights.length) <= 1;
  t.test(`${size} slots, weights ${isEven ? `${weights.length} times ${weights[0]}` : weights}`, async (t) => {
    const own = slotsOf(weights, size);
    if (isEven) t.same(ascending(own), ascending(slots), 'the same shares');
    for (const [at, weight] of weights.entries()) {
      const due = (size * weight) / sum(weights);
      t.ok(Math.abs((own[at] as number) - due) <= 2, `${own[at]} slots of ${due.toFixed(1)}`);
      if (!isEven && !isIgnored)
        t.ok(Math.abs((own[at] as number) - (slots[at] as number)) <= 0.01 * size, `${own[at]}, there ${slots[at]}`);
    }
  });
}

for (const size of [1021, 16381]) {
  t.test(`${size} slots: what moves when one of 10 backends goes is no more than there, give or take what chance does`, async (t) => {
    const there = reference.disruption.filter((one) => one.size === size);
    const mean = sum(there.map(({ moved }) => moved)) / there.length;
    const own: number[] = [];
    for (let salt = 0; salt < 10; salt += 1) {
      const list = named(10, salt);
      const before = fillMaglev(list, size);
      for (const { id } of list) {
        const after = fillMaglev(
          list.filter((backend) => backend.id !== id),
          size,
        );
        const others = before.filter((slot) => slot !== id).length;
        own.push(before.filter((slot, at) => slot !== id && slot !== after[at]).length / others);
      }
    }
    const ownMean = sum(own) / own.length;
    t.ok(ownMean <= mean * 1.5, `${(ownMean * 100).toFixed(2)} %, there ${(mean * 100).toFixed(2)} %`);
  });
}
