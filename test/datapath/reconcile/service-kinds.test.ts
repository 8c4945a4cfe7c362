// What frontends may have besides backends: affinity, weights, clients outside and ranges of them, on both machines.

import t from 'tap';
import { maglevSpec, sourceRangesSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { VirtualClock } from '../../../orchestrator/state/virtual-clock.ts';
import { machines } from './service-node.ts';
import { backend, connect, frontend, openWriter, whoAnswers } from './service-writing.ts';
import type { Watch } from './watched.ts';

t.setTimeout(900_000);

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

    t.test('by random each node turns the table by its own angle; by maglev all have the same', async (t) => {
      const tables: Record<string, number[]> = {};
      for (const turn of [0.25, 0.5]) {
        for (const algorithm of ['maglev', 'random'] as const) {
          const datapath = await open();
          const writer = await openWriter(datapath, {}, new VirtualClock(), turn);
          writer.stage({
            frontends: { put: [{ ...frontend(web, [one, two, three]), algorithm }] },
            backends: { put: [one, two, three].map((key) => backend(key)) },
          });
          await writer.write();
          const slots = await Array.fromAsync(datapath.map(maglevSpec).entries());
          tables[`${algorithm} ${turn}`] = slots
            .sort(([a], [b]) => a - b)
            .slice(0, 1021)
            .map(([, slot]) => slot.backend);
          await datapath.close();
        }
      }
      t.same(tables['maglev 0.25'], tables['maglev 0.5']);
      const [here, there] = [tables['random 0.25'], tables['random 0.5']] as [number[], number[]];
      t.notSame(here, there);
      t.same([...here].sort(), [...there].sort(), 'the same shares');
      t.same(
        there,
        Array.from({ length: 1021 }, (_, slot) => here[(slot + 255) % 1021]),
        'the same order',
      );
    });

    t.test('a frontend whose ranges have no room is not written, and is told', async (t) => {
      const datapath = await open({ source_ranges: 4 });
      const ranges = datapath.map(sourceRangesSpec);
      const full = Array.from({ length: ranges.capacity + 1 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`);
      const writer = await openWriter(datapath);
      const row = { ...frontend(web, [one]), key: `${web} outside`, scope: 'outside' as const, sourceRanges: full };
      writer.stage({ frontends: { put: [row] }, backends: { put: [backend(one)] } });
      t.same(await writer.write(), [{ map: 'source_ranges', frontends: [row.key], capacity: ranges.capacity }]);
      t.equal(await ranges.count(), 0);
      writer.stage({ frontends: { put: [{ ...row, sourceRanges: full.slice(0, 2) }] } });
      t.same(await writer.write(), []);
      t.equal(await ranges.count(), 2);
      await datapath.close();
    });
  });
}
