// Every scenario on a sandbox of two nodes in kernel mode: pods first and policies after them, then the other way round, and at the end
// nothing of either is left in tables and maps.
import t from 'tap';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { entities } from './cases/entities.ts';
import { labels } from './cases/labels.ts';
import { open } from './cases/open.ts';
import { ports } from './cases/ports.ts';
import { prefixes } from './cases/prefixes.ts';
import { clear, play } from './play.ts';
import { Stage } from './stage.ts';

const scenarios = [...open, ...labels, ...ports, ...entities, ...prefixes];
const topology = {
  clusters: [
    {
      name: 'east',
      id: 1,
      podCIDRs: ['10.11.0.0/16', 'fd00:11::/48'],
      serviceCIDRs: ['10.21.0.0/16', 'fd00:21::/112'],
      nodes: [{ name: 'a' }, { name: 'b' }],
    },
  ],
};

t.setTimeout(900_000);

t.test('scenarios', { skip: await sandboxSkip() }, async (t) => {
  const stage = new Stage(await startSandbox(t, topology));
  t.teardown(() => stage.end());
  await stage.populate();
  for (const scenario of scenarios) {
    t.test(scenario.name, async (t) => t.same([...(await play(stage, scenario)), ...(await clear(stage, scenario))], []));
  }
  t.test('the pods of which most scenarios speak go', () => stage.withdraw());
  for (const scenario of scenarios) {
    t.test(`${scenario.name}, the policies first`, async (t) => {
      if (scenario.policies !== '') await stage.cluster.apply(scenario.policies);
      await stage.restore();
      const complaints = await play(stage, scenario, { isApplied: true });
      const [left] = await Promise.all([clear(stage, scenario), stage.withdraw()]);
      t.same([...complaints, ...left], []);
    });
  }
  t.test('when pods and policies are gone, nothing of them is left', async (t) => {
    await stage.depopulate();
    t.same(await stage.leftovers(), []);
  });
});
