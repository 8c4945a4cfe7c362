// What frontends may have besides backends: affinity, weights, clients outside and ranges of them, on both machines.

import t from 'tap';
import { sourceRangesSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { machines } from './service-node.ts';
import { backend, connect, frontend, openWriter, whoAnswers } from './service-writing.ts';
import type { Watch } from './watched.ts';

t.setTimeout(300_000);

const web = '10.9.0.1 6 80';
const [one, two, three] = ['10.1.0.1 6 8080', '10.1.0.2 6 8080', '10.1.0.3 6 8080'];

for (const { name, open, skip } of machines) {
  t.test(name, { skip: await skip() }, async (t) => {
    t.test('a client keeps its backend for as long as it says, and weights are shares', async (t) => {
      const datapath = await open();
      const writer = await openWriter(datapath);
      const kept = { ...frontend(web, [one, two, three]), affinitySeconds: 60 };
      const weighed = { ...frontend('10.9.0.2 6 80', [one, two]), weights: [1, 9] };
      writer.stage({ frontends: { put: [kept, weighed] }, backends: { put: [one, two, three].map((key) => backend(key)) } });
      t.same(await writer.write(), []);
      t.equal((await whoAnswers(datapath, web)).size, 1, 'one address, one backend');
      const seen = new Map<string, number>();
      for (let tries = 0; tries < 200; tries += 1) {
        const who = await connect(datapath, '10.9.0.2 6 80');
        seen.set(who, (seen.get(who) ?? 0) + 1);
      }
      const share = (seen.get(two) ?? 0) / 200;
      t.ok(share > 0.8 && share < 0.98, `${share} of 0.9`);
      await datapath.close();
    });

    t.test('a frontend for clients outside is another one, with ranges of its own that come before it and go after it', async (t) => {
      const datapath = await open();
      const steps: string[] = [];
      const watch: Watch = { onStep: async (map) => void steps.push(map) };
      const writer = await openWriter(datapath, watch);
      const ranges = ['203.0.113.0/24', '2001:db8::/32'];
      const outside = { ...frontend(web, [one]), key: `${web} outside`, scope: 'outside' as const };
      writer.stage({ frontends: { put: [{ ...outside, sourceRanges: ranges }] }, backends: { put: [backend(one)] } });
      t.same(await writer.write(), []);
      t.equal(await connect(datapath, web), web, 'it is nothing to a pod');
      const rows = async () => (await Array.fromAsync(datapath.map(sourceRangesSpec).entries())).map(([{ prefixLength }]) => prefixLength);
      t.same(
        (await rows()).sort((a, b) => a - b),
        [32 + 32, 32 + 96 + 24],
      );
      t.ok(steps.indexOf('source_ranges') < steps.indexOf('frontends'));
      const successor = await openWriter(datapath);
      successor.stage({ frontends: { put: [outside] }, backends: { put: [backend(one)] } });
      successor.prune();
      t.same(await successor.write(), []);
      t.same(await rows(), []);
      successor.stage({ frontends: { put: [{ ...outside, sourceRanges: ranges }] } });
      await successor.write();
      successor.stage({ frontends: { removed: [outside.key] } });
      await successor.write();
      t.same(await rows(), []);
      await datapath.close();
    });
  });
}
