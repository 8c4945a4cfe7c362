// The suite: every scenario on a sandbox of two nodes: pods first and policies after them, then the other way round, and at the end nothing
// of either is left in tables and maps. The other way round is the turn of a third of them at a time, and of all with AXONEME_LONG=1.
import type { Test } from 'tap';
import type { Sandbox } from '../../orchestrator/sandbox/sandbox.ts';
import type { Topology } from '../../orchestrator/sandbox/topology/schema.ts';
import { startSandbox } from '../support/sandbox.ts';
import { entities } from './cases/entities.ts';
import { labels } from './cases/labels.ts';
import { open } from './cases/open.ts';
import { ports } from './cases/ports.ts';
import { prefixes } from './cases/prefixes.ts';
import { clear, play } from './play.ts';
import { Stage } from './stage.ts';

const scenarios = [...open, ...labels, ...ports, ...entities, ...prefixes];
const parts = process.env.AXONEME_LONG === '1' ? 1 : 3;
/** Another one each time. */
const part = Number(process.env.AXONEME_SEED ?? Math.floor(Date.now() / 1000)) % parts;

export interface SuiteOptions {
  /** Scenarios once more, with their policies there before their pods are. */
  readonly isTurned: boolean;
}

export async function playSuite(t: Test, topology: Topology, options: SuiteOptions): Promise<void> {
  return playOn(t, await startSandbox(t, topology), options);
}

export async function playOn(t: Test, sandbox: Sandbox, { isTurned }: SuiteOptions): Promise<void> {
  const stage = new Stage(sandbox);
  t.teardown(() => stage.end());
  await stage.populate();
  for (const scenario of scenarios) {
    t.test(scenario.name, async (t) => t.same([...(await play(stage, scenario)), ...(await clear(stage, scenario))], []));
  }
  if (isTurned) {
    t.comment(`AXONEME_SEED=${part}: policies first, part ${part + 1} of ${parts}`);
    t.test('the pods of which most scenarios speak go', () => stage.withdraw());
    for (const scenario of scenarios.filter((_, at) => at % parts === part)) {
      t.test(`${scenario.name}, the policies first`, async (t) => {
        if (scenario.policies !== '') await stage.cluster.apply(scenario.policies);
        await stage.restore();
        const complaints = await play(stage, scenario, { isApplied: true });
        const [left] = await Promise.all([clear(stage, scenario), stage.withdraw()]);
        t.same([...complaints, ...left], []);
      });
    }
  }
  t.test('when pods and policies are gone, nothing of them is left', async (t) => {
    await stage.depopulate();
    t.same(await stage.leftovers(), []);
  });
}
