// Reconcilers: what they do to a target that works, that is slow, that fails for one row, and that is dead.

import { getEventListeners } from 'node:events';
import t from 'tap';
import { tableText } from '../../orchestrator/state/columns.ts';
import { mapOperations } from '../../orchestrator/state/map-operations.ts';
import type { Operations } from '../../orchestrator/state/operations.ts';
import { Reconciler, type ReconcilerOptions } from '../../orchestrator/state/reconciler.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { FaultyMap } from '../support/faulty.ts';

interface Route {
  readonly prefix: string;
  readonly via: number;
}

function openWorld(options: Partial<ReconcilerOptions<Route>> & { faults?: number; latencyMs?: number } = {}) {
  const clock = new VirtualClock();
  const { table, writer } = openTable<Route>({ name: 'routes', key: ({ prefix }) => prefix, columns: {}, sources: ['test'] });
  const map = new FaultyMap<number>({ clock, faults: options.faults ?? 0, latencyMs: options.latencyMs });
  const operations = mapOperations({ map, entry: ({ prefix, via }: Route) => [prefix, via] as const, idOf: (key) => key });
  const reconciler = new Reconciler({ table, operations, clock, ...options });
  const stop = new AbortController();
  const run = reconciler.run(stop);
  const end = async () => {
    stop.abort();
    await run;
  };
  return { clock, table, writer, map, operations, reconciler, stop, end };
}

const content = (map: ReadonlyMap<string, number>) => Array.from(map, ([prefix, via]) => `${prefix} ${via}`).sort();

t.test('rows are written, replaced and deleted, and each has a status beside it', async (t) => {
  const { clock, writer, map, reconciler, end } = openWorld({ latencyMs: 10 });
  t.equal(reconciler.status('a'), 'absent');
  writer.put({ prefix: 'a', via: 1 });
  t.equal(reconciler.status('a'), 'pending');
  await clock.advance(0);
  t.equal(reconciler.status('a'), 'pending', 'the operation has not ended');
  await clock.advance(10);
  t.equal(reconciler.status('a'), 'done');
  writer.put({ prefix: 'a', via: 2 });
  await clock.advance(10);
  t.same(content(map.content), ['a 2']);
  writer.delete('a');
  t.equal(reconciler.status('a'), 'pending');
  await clock.advance(20);
  t.equal(reconciler.status('a'), 'absent');
  t.same(content(map.content), []);
  t.match(reconciler.metrics, { updated: 2, deleted: 1, failed: 0, calls: 3 });
  await end();
});

t.test('what nobody asks for stays until every source has delivered, and goes then', async (t) => {
  const { clock, writer, map, reconciler, end } = openWorld();
  writer.expect('mesh');
  map.content.set('left over', 1).set('b', 9);
  writer.put({ prefix: 'a', via: 1 });
  await clock.advance(24 * 3_600_000);
  t.ok(map.content.has('left over'), 'a day and many refreshes later');
  writer.delivered('test');
  await clock.advance(3_600_000);
  t.ok(map.content.has('left over'));
  t.equal(reconciler.metrics.prunes, 0);
  writer.put({ prefix: 'b', via: 2 });
  writer.delivered('mesh');
  await clock.advance(0);
  t.same(content(map.content), ['a 1', 'b 2']);
  t.notOk(map.deleted.includes('b'), 'what is asked for was never away');
  writer.expect('cluster-b');
  map.content.set('of cluster-b', 1);
  await clock.advance(3_600_000);
  t.ok(map.content.has('of cluster-b'), 'a source that comes later is waited for too');
  writer.put({ prefix: 'of cluster-b', via: 1 });
  writer.delivered('cluster-b');
  await clock.advance(3_600_000);
  t.notOk(map.deleted.includes('of cluster-b'));
  await end();
});

t.test('one row that the target refuses holds up no other, is tried less and less often, and tells why', async (t) => {
  const bad = 'p137';
  const calls: number[] = [];
  const content = new Set<string>();
  const operations: Operations<Route> = {
    async update(rows) {
      if (rows.some(({ prefix }) => prefix === bad)) {
        if (rows.length === 1) calls.push(clock.now());
        throw new Error('no such device');
      }
      for (const { prefix } of rows) content.add(prefix);
    },
    async delete() {},
    async prune() {},
  };
  const { clock, writer, reconciler, end } = openWorld({ operations, retry: { minMs: 100, maxMs: 10_000 } });
  for (let row = 0; row < 300; row++) writer.put({ prefix: `p${row}`, via: 0 });
  await clock.advance(0);
  t.equal(content.size, 299);
  t.equal(reconciler.status(bad), 'failing');
  t.same(reconciler.health(), { level: 'degraded', reason: `routes: 1 row fails, ${bad} with: no such device` });
  await clock.advance(60_000);
  const waits = calls.slice(1).map((at, place) => at - (calls[place] as number));
  for (const [place, wait] of waits.entries()) {
    const most = Math.min(100 * 2 ** place, 10_000);
    t.ok(wait >= most / 2 - 1e-6 && wait <= most, `${wait} ms after attempt ${place + 1}`);
  }
  t.match(
    tableText(reconciler.failing),
    new RegExp(`^KEY +OPERATION +ATTEMPTS .*\\n${bad} +update +${calls.length} +\\d+ s +\\d+ s +no such device\\n$`),
  );
  writer.delete(bad);
  await clock.advance(0);
  t.same(reconciler.health(), { level: 'ok' });
  t.equal(reconciler.failing.size, 0);
  await end();
});

t.test('an error that says so is not tried again in haste', async (t) => {
  let calls = 0;
  const update = async () => {
    calls += 1;
    throw Object.assign(new Error('key outside of the array'), { retryable: false });
  };
  const { clock, writer, end } = openWorld({ operations: { update, delete: async () => {}, prune: async () => {} } });
  writer.put({ prefix: 'a', via: 1 });
  await clock.advance(29_000);
  t.equal(calls, 1);
  await clock.advance(31_000);
  t.equal(calls, 2);
  await end();
});

t.test('a dead target is asked seldom while rows go on changing, and has everything soon after it is back', async (t) => {
  const { clock, writer, table, map, reconciler, end } = openWorld({ faults: 1 });
  writer.delivered('test');
  for (let row = 0; row < 5000; row++) writer.put({ prefix: `p${row}`, via: 0 });
  for (let ms = 0; ms < 60_000; ms += 50) {
    writer.put({ prefix: `p${ms % 5000}`, via: ms });
    await clock.advance(50);
  }
  t.ok(map.calls < 700, `${map.calls} calls in a minute, of 5,000 rows and 1,200 changes`);
  t.equal(reconciler.health().level, 'degraded');
  map.options.faults = 0;
  await clock.advance(2_500);
  t.same(content(map.content), Array.from(table.rows(), ({ prefix, via }) => `${prefix} ${via}`).sort());
  t.equal(reconciler.health().level, 'ok');
  await end();
});

t.test('a failed write is repeated with the row as it is by then, and a failed deletion not at all if the row is back', async (t) => {
  const { clock, writer, map, reconciler, end } = openWorld({ faults: 1 });
  writer.put({ prefix: 'a', via: 1 });
  await clock.advance(0);
  t.equal(reconciler.status('a'), 'failing');
  writer.put({ prefix: 'a', via: 2 });
  map.options.faults = 0;
  await clock.advance(60_000);
  t.same(content(map.content), ['a 2']);
  map.options.faults = 1;
  writer.delete('a');
  await clock.advance(0);
  map.deleted.length = 0;
  map.options.faults = 0;
  writer.put({ prefix: 'a', via: 3 });
  await clock.advance(60_000);
  t.same(map.deleted, []);
  t.same(content(map.content), ['a 3']);
  await end();
});

t.test('a failed deletion is not repeated either while the row that came back waits behind many others', async (t) => {
  const { clock, writer, map, reconciler, end } = openWorld({ faults: 1, latencyMs: 10, batchSize: 1, retry: { minMs: 20, maxMs: 20 } });
  writer.put({ prefix: 'a', via: 1 });
  map.options.faults = 0;
  await clock.advance(50);
  map.options.faults = 1;
  writer.delete('a');
  await clock.advance(11);
  t.equal(reconciler.status('a'), 'failing');
  map.options.faults = 0;
  map.deleted.length = 0;
  for (let row = 0; row < 100; row++) writer.put({ prefix: `p${row}`, via: 0 });
  writer.put({ prefix: 'a', via: 2 });
  await clock.advance(2000);
  t.same(map.deleted, []);
  t.equal(map.content.get('a'), 2);
  await end();
});

t.test('pruning comes when every row was tried', async (t) => {
  const told: string[] = [];
  const { clock, writer, end } = openWorld({
    operations: {
      update: async (rows) => void told.push(`${rows.length}`),
      delete: async () => {},
      prune: async (rows) => void told.push(`prune ${rows.length}`),
    },
    batchSize: 500,
  });
  for (let row = 0; row < 5000; row++) writer.put({ prefix: `p${row}`, via: row });
  writer.delivered('test');
  await clock.advance(100);
  t.same(told, [...new Array(10).fill('500'), 'prune 5000']);
  await end();
});

t.test('what others did to the target is put right by the next refresh', async (t) => {
  const { clock, writer, map, end } = openWorld({ refreshEveryMs: 60_000 });
  for (let row = 0; row < 3000; row++) writer.put({ prefix: `p${row}`, via: row });
  writer.delivered('test');
  await clock.advance(1000);
  map.content.delete('p77');
  map.content.set('p78', 0).set('intruder', 1);
  await clock.advance(70_000);
  t.equal(map.content.size, 3000);
  t.equal(map.content.get('p77'), 77);
  t.equal(map.content.get('p78'), 78);
  await end();
});

t.test('one that is stopped amid a refresh follows no more', async (t) => {
  const { clock, table, writer, map, end } = openWorld({ refreshEveryMs: 1000, latencyMs: 1, batchSize: 4 });
  for (let row = 0; row < 1000; row++) writer.put({ prefix: `p${row}`, via: row });
  await clock.advance(500);
  const { calls } = map;
  await clock.advance(620);
  t.ok(map.calls > calls && map.calls < calls + 250, 'it has begun and not ended');
  const ended = end();
  await clock.advance(10);
  await ended;
  writer.delete('p999');
  t.equal(table.tombstones, 0);
});

t.test('many rows are written in batches, and between rounds of four of them others have their turn', async (t) => {
  const { clock, writer, map, reconciler, end } = openWorld({ latencyMs: 10 });
  for (let row = 0; row < 10_000; row++) writer.put({ prefix: `p${row}`, via: 0 });
  const timers = clock.pendingTimers;
  await clock.advance(50);
  t.ok(map.calls < 40 && timers < 10, `${map.calls} calls so far`);
  await clock.advance(1000);
  t.equal(map.content.size, 10_000);
  t.equal(reconciler.metrics.calls, 40, 'batches of 256 that start anew in each round of 1,024');
  await end();
});

t.test('an operation that does not end is told in health', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { clock, writer, reconciler, end } = openWorld({
    operations: { update: () => promise, delete: async () => {}, prune: async () => {} },
  });
  writer.put({ prefix: 'a', via: 1 });
  await clock.advance(12_000);
  t.same(reconciler.health(), { level: 'degraded', reason: 'routes: an operation has not ended for 12 s' });
  resolve();
  await clock.advance(0);
  t.equal(reconciler.health().level, 'ok');
  await end();
});

t.test('whoever waits for it hears when the target is what the table says', async (t) => {
  const { clock, writer, map, reconciler, stop, end } = openWorld({ faults: 0.5, latencyMs: 5 });
  map.content.set('left over', 1);
  for (let row = 0; row < 500; row++) writer.put({ prefix: `p${row}`, via: row });
  writer.delivered('test');
  let isTold = false;
  const told = reconciler.settled(stop).then(() => {
    isTold = true;
    t.equal(map.content.size, 500);
  });
  for (let step = 0; step < 1000 && !isTold; step++) {
    t.equal(reconciler.isSettled, false);
    await clock.advance(100);
  }
  await told;
  t.equal(reconciler.isSettled, true);
  await end();
});

t.test('a reconciler that is stopped leaves no timer, no listener and no follower, and may run again', async (t) => {
  const { clock, table, writer, map, reconciler, stop, end } = openWorld({ faults: 0.5, latencyMs: 5 });
  writer.put({ prefix: 'a', via: 1 });
  writer.put({ prefix: 'b', via: 1 });
  await clock.advance(7);
  await t.rejects(reconciler.run(stop), /reconciler routes: it runs already/);
  const ended = end();
  await clock.advance(5);
  await ended;
  t.equal(clock.pendingTimers, 0);
  t.equal(getEventListeners(stop.signal, 'abort').length, 0);
  writer.delete('b');
  t.equal(table.tombstones, 0);
  map.content.set('b', 1);
  const again = new AbortController();
  const run = reconciler.run(again);
  writer.delivered('test');
  await clock.advance(600_000);
  t.same(content(map.content), ['a 1'], 'what was left open is found');
  again.abort();
  await run;
  t.equal(clock.pendingTimers, 0);
});
