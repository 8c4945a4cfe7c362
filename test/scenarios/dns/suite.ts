// The suite of DNS: every scenario in both families, then policies that change, agents and proxies that go and come under load, and
// lookups with a connection at once.

import type { Test } from 'tap';
import type { Topology } from '../../../orchestrator/sandbox/topology/schema.ts';
import { startSandbox } from '../../support/sandbox.ts';
import { answers } from './cases/answers.ts';
import { names } from './cases/names.ts';
import { begin, narrow, playOutages, races } from './outages.ts';
import { play } from './play.ts';
import type { DnsScenario } from './scenario.ts';
import { DnsStage } from './stage.ts';
import { askingPods } from './world.ts';

export interface DnsSuiteOptions {
  /** The node that most pods are on. */
  readonly home: 'a' | 'b';
  /** Agents and proxies of it are killed, too. */
  readonly hasOutages: boolean;
}

export async function playDns(t: Test, topology: Topology, { home, hasOutages }: DnsSuiteOptions): Promise<void> {
  const stage = new DnsStage(await startSandbox(t, topology));
  t.teardown(() => stage.end());
  await stage.populate(askingPods(home, home === 'a' ? 'b' : 'a'));
  await t.test('the first policy of a node that speaks of names: pods that run lose no question meanwhile', (t) => begin(t, stage));
  t.test('while nothing happens to agents', (t) => {
    // They have pods and names in common, but no address that one opens and another wants closed.
    const at = { buffered: true } as const;
    t.jobs = 32;
    for (const scenario of [...names, ...answers]) t.test(scenario.name, at, (t) => inFamilies(t, stage, scenario));
    t.test('a policy that has less names allows less names at once, and takes back what it granted', at, (t) => narrow(t, stage));
    t.test('a connection begun in the moment of the answer is never dropped', at, (t) => races(t, stage));
    t.end();
  });
  if (hasOutages) playOutages(t, stage, home);
}

async function inFamilies(t: Test, stage: DnsStage, scenario: DnsScenario): Promise<void> {
  const families = scenario.family === undefined ? ([4, 6] as const) : [scenario.family];
  t.same((await Promise.all(families.map((family) => play(stage, scenario, family)))).flat(), []);
}
