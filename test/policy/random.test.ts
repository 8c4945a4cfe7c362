// Random clusters and policies: the rules read directly, packets through WebAssembly and packets through the kernel say the same of every
// probe. A difference is told with the command that makes it happen again.

import t, { type Test } from 'tap';
import { type Cluster, openCluster } from '../../orchestrator/testing/cluster.ts';
import type { EngineName } from '../../orchestrator/testing/open-engines.ts';
import { Surroundings } from '../../orchestrator/testing/surroundings.ts';
import { kernelSkip } from '../support/kernel.ts';
import { Mix } from './random/mix.ts';
import { playScenario } from './random/play.ts';
import { makeScenario } from './random/scenario.ts';

const wanted = process.env.AXONEME_LONG === '1' ? 100_000 : 40_000;
/** Another one each time; AXONEME_SEED=1 plays the scenarios from 1 on. */
const firstSeed = Number(process.env.AXONEME_SEED ?? Date.now() % 1_000_000_000);

t.setTimeout(900_000);

const noKernel = await kernelSkip();

t.test(`model, WebAssembly and kernel say the same of ${wanted} random probes`, { skip: noKernel }, async (t) => {
  await playMany(t, ['model', 'kernel']);
});

t.test('without the kernel, model and WebAssembly do', { skip: noKernel ? false : 'the kernel was asked too' }, async (t) => {
  await playMany(t, ['model']);
});

async function playMany(t: Test, crossCheck: readonly EngineName[]): Promise<void> {
  await using cluster = await openCluster({ engine: 'wasm', crossCheck, stored: true });
  const mix = new Mix();
  const differences: string[] = [];
  for (let seed = firstSeed; mix.probes < wanted && differences.length < 10; seed++) differences.push(...playScenario(cluster, seed, mix));
  t.comment(`AXONEME_SEED=${firstSeed}: ${mix}`);
  t.same(differences, []);
  t.equal(mix.refused, 0, 'every policy is one that a cluster takes');
  const [allow, deny, redirect] = ['allow', 'deny', 'redirect'].map((verdict) => mix.share(verdict)) as [number, number, number];
  t.ok(allow > 0.3 && deny > 0.3 && redirect > 0.04, 'all three verdicts are frequent');
  for (const side of ['egress', 'ingress']) {
    for (const what of ['allow by rule', 'deny by rule', 'redirect by rule', 'default-deny', 'not-enforced']) {
      t.ok(mix.share(`${side} ${what}`) > 0.01, `${side}: ${what}`);
    }
  }
}

t.test('a scenario is made by its seed alone', async (t) => {
  t.same(makeScenario(firstSeed), makeScenario(firstSeed));
  t.not(JSON.stringify(makeScenario(firstSeed).policies), JSON.stringify(makeScenario(firstSeed + 1).policies));
});

t.test('addresses that the datapath is not told of are found out', async (t) => {
  await using cluster = await openCluster({ engine: 'wasm', crossCheck: 'model', stored: true });
  const { prototype } = Surroundings;
  t.intercept(prototype, 'rows', { value: withoutAddresses(prototype.rows), configurable: true });
  t.ok(play(cluster, 20).some((difference) => /wasm says .*, model says /.test(difference)));
});

function withoutAddresses(rows: Surroundings['rows']): Surroundings['rows'] {
  return function* (this: Surroundings) {
    for (const row of rows.call(this)) if (row.prefix.length !== 32) yield row;
  };
}

function play(cluster: Cluster, count: number): string[] {
  return Array.from({ length: count }, (_, index) => playScenario(cluster, index + 1, new Mix())).flat();
}
