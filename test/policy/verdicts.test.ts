// The given sets on the model: what Cilium's engine says of each probe, side by side.
import t from 'tap';
import { readCases } from './model-cluster/case-files.ts';
import { compareCase } from './model-cluster/compare.ts';

const sets = { 'A-hand': 12_968, 'B-random': 87_303, 'C-kubernetes': 71_804, 'C2-kubernetes-random': 20_032 };

for (const [set, count] of Object.entries(sets)) {
  t.test(`${set}: every side of every probe is decided as Cilium does, with selectors of this cluster or of every one`, async (t) => {
    let probes = 0;
    const differences: string[] = [];
    for (const given of readCases(set)) {
      probes += given.probes.length;
      if (given.disputed === undefined) differences.push(...compareCase(given));
    }
    t.equal(probes, count);
    t.same(differences.slice(0, 20), [], `${differences.length} differences`);
  });
}
