// A table reconciled into a map of the real datapath, in WebAssembly, through operations that fail.

import t, { type Test } from 'tap';
import { backendsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { openWasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { mapOperations } from '../../orchestrator/state/map-operations.ts';
import { Reconciler } from '../../orchestrator/state/reconciler.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { smallSizes } from '../support/small-sizes.ts';

interface Backend {
  readonly id: number;
  readonly port: number;
}

const value = ({ port }: Backend) => ({ hi: 0n, lo: 1n, port, protocol: 6, state: 0, generation: 0, cluster: 0, zone: 0, flags: 0 });

async function openWorld(t: Test) {
  const datapath = await openWasmDatapath({ sizes: smallSizes });
  const map = datapath.map(backendsSpec);
  const clock = new VirtualClock();
  const { table, writer } = openTable<Backend>({ name: 'backends', key: ({ id }) => id, columns: {}, sources: ['test'] });
  const operations = mapOperations({ map, entry: (row: Backend) => [row.id, value(row)] as const, idOf: (id) => id });
  const reconciler = new Reconciler({ table, operations, clock });
  const stop = new AbortController();
  const run = reconciler.run(stop);
  t.teardown(async () => {
    stop.abort();
    await run;
    await datapath.close();
  });
  const content = async () => {
    const found: string[] = [];
    for await (const [id, { port }] of map.entries()) found.push(`${id} ${port}`);
    return found.sort();
  };
  return { map, clock, table, writer, reconciler, content };
}

t.test('the map has the rows and nothing else, whatever an earlier life left in it', async (t) => {
  const { map, clock, table, writer, content } = await openWorld(t);
  await map.update([200, 201, 7].map((id) => [id, value({ id, port: 1 })] as const));
  for (let id = 1; id <= 100; id++) writer.put({ id, port: 8000 + id });
  for (let id = 1; id <= 100; id += 3) writer.delete(id);
  writer.put({ id: 2, port: 80 });
  await clock.advance(0);
  t.equal((await content()).length, table.size + 2, 'of 7 a source said that it is gone; nobody spoke of the others');
  writer.delivered('test');
  await clock.advance(0);
  t.same(await content(), Array.from(table.rows(), ({ id, port }) => `${id} ${port}`).sort());
});

t.test('a full map is degraded, holds what fits, and takes the rest when there is room', async (t) => {
  const { map, clock, writer, reconciler, content } = await openWorld(t);
  for (let id = 1; id <= map.capacity + 10; id++) writer.put({ id, port: id });
  await clock.advance(0);
  t.match(reconciler.health(), { level: 'degraded', reason: /^backends: 10 rows fail, \d+ with: / });
  t.equal((await content()).length, map.capacity);
  for (let id = 1; id <= 20; id++) writer.delete(id);
  await clock.advance(120_000);
  t.same(reconciler.health(), { level: 'ok' });
  t.equal((await content()).length, map.capacity - 10);
});
