// Tables, their writers and their followers.

import fc from 'fast-check';
import t from 'tap';
import { openTable } from '../../orchestrator/state/table.ts';

interface Pod {
  readonly name: string;
  readonly app: string;
  readonly addresses?: readonly string[];
}

function openPods(sources?: readonly string[]) {
  return openTable<Pod, 'app' | 'address'>({
    name: 'pods',
    key: ({ name }) => name,
    indexes: { app: ({ app }) => (app === '' ? undefined : app), address: ({ addresses }) => addresses },
    columns: { name: ({ name }) => name, app: ({ app }) => app },
    sources,
  });
}

t.test('a row is found by its key and by every key of its indexes, until it is replaced or deleted', async (t) => {
  const { table, writer } = openPods();
  writer.put({ name: 'a', app: 'web', addresses: ['10.0.0.1', 'fd00::1'] });
  writer.put({ name: 'b', app: 'web' });
  t.same(Array.from(table.by('app', 'web'), ({ name }) => name).sort(), ['a', 'b']);
  t.same([...table.keysBy('address', 'fd00::1')], ['a']);
  writer.put({ name: 'a', app: 'db', addresses: ['10.0.0.2'] });
  t.same([...table.keysBy('app', 'web')], ['b']);
  t.same([...table.keysBy('address', 'fd00::1')], []);
  t.same([...table.keysBy('address', '10.0.0.2')], ['a']);
  writer.delete('a');
  t.same([...table.keysBy('address', '10.0.0.2')], []);
  t.same([...table.keysBy('app', 'db')], []);
  t.equal(table.size, 1);
});

t.test('a row cannot be changed once it is in the table', async (t) => {
  const { table, writer } = openPods();
  writer.put({ name: 'a', app: 'web' });
  t.throws(() => Object.assign(table.get('a') as object, { app: 'db' }), TypeError);
});

t.test('writing what is there, or deleting what is not, is no change', async (t) => {
  const { table, writer } = openPods();
  t.equal(writer.put({ name: 'a', app: 'web', addresses: ['10.0.0.1'] }), true);
  t.equal(writer.put({ name: 'a', app: 'web', addresses: ['10.0.0.1'] }), false);
  t.equal(writer.delete('b'), false);
  t.equal(table.revision, 1);
});

t.test('a full list writes the difference, and deletes only what its source had delivered', async (t) => {
  const { table, writer } = openPods();
  const follower = table.follow();
  for (const name of ['a', 'b', 'c']) writer.put({ name, app: name === 'c' ? 'other' : 'web' });
  follower.take();
  writer.replace(
    [
      { name: 'b', app: 'web' },
      { name: 'd', app: 'web' },
    ],
    ({ app }) => app === 'web',
  );
  t.same(
    follower.take().map(({ key, isDeleted }) => [key, isDeleted]),
    [
      ['d', false],
      ['a', true],
    ],
  );
});

t.test('a table is initialised when every registered source has delivered, and again when a later one has', async (t) => {
  const { table, writer } = openPods(['kubernetes']);
  writer.expect('mesh');
  writer.delivered('kubernetes');
  t.same([table.isInitialised, table.missingSources()], [false, ['mesh']]);
  writer.delivered('mesh');
  t.equal(table.isInitialised, true);
  writer.expect('cluster-b');
  t.equal(table.isInitialised, false);
  writer.forget('cluster-b');
  t.equal(table.isInitialised, true);
  t.throws(() => writer.delivered('nobody'), /pods: nobody expects the source: "nobody"/);
});

t.test('a table that no source is registered for is not initialised', async (t) => {
  t.equal(openPods().table.isInitialised, false);
});

t.test('one change wakes every follower, after the writer is done, and many changes wake it once', async (t) => {
  const { writer, table } = openPods(['kubernetes']);
  const { signal } = new AbortController();
  const followers = Array.from({ length: 20 }, () => table.follow());
  for (const follower of followers) await follower.bell.wait({ signal });
  let wakings = 0;
  const waits = followers.map(async (follower) => {
    await follower.bell.wait({ signal });
    wakings += 1;
    t.same(
      follower.take().map(({ key, row }) => `${key} ${row.app}`),
      ['b x', 'a z'],
    );
  });
  writer.put({ name: 'a', app: 'y' });
  writer.put({ name: 'b', app: 'x' });
  writer.put({ name: 'a', app: 'z' });
  t.equal(wakings, 0, 'nothing ran under the writer');
  await Promise.all(waits);
  t.equal(wakings, 20);
  t.ok(followers.every(({ isBehind }) => !isBehind));
  writer.delivered('kubernetes');
  await followers[0]?.bell.wait({ signal });
  t.pass('being initialised wakes too');
});

t.test('tombstones are kept for those who were there, and for no longer than they need', async (t) => {
  const { writer, table } = openPods();
  writer.put({ name: 'a', app: 'x' });
  writer.delete('a');
  t.equal(table.tombstones, 0, 'nobody follows');
  writer.put({ name: 'a', app: 'x' });
  const [fast, slow] = [table.follow(), table.follow()];
  fast.take();
  writer.delete('a');
  t.equal(fast.take().length, 1);
  t.equal(table.tombstones, 1);
  const late = table.follow();
  t.same(late.take(), [], 'who comes later has not seen the row');
  t.equal(slow.take()[0]?.isDeleted, true);
  t.equal(table.tombstones, 0);
  writer.put({ name: 'b', app: 'x' });
  writer.delete('b');
  for (const follower of [fast, slow, late]) follower.close();
  t.equal(table.tombstones, 0, 'nobody follows any more');
  t.same(fast.take(), [], 'a closed follower sees nothing');
});

// Actions of a random history: write, delete, or let one of the followers look at some, or come, or go.
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), name: fc.nat(9), app: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), name: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const), who: fc.nat(2), limit: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew' as const), who: fc.nat(2) }) },
);

t.test('every follower sees each state it finds once, in order of revisions, and ends with exactly the rows of the table', async (t) => {
  let seenChanges = 0;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 150, size: 'max' }), (actions) => {
      const { table, writer } = openPods();
      const views = [0, 1, 2].map(() => ({ follower: table.follow(), rows: new Map<string, Pod>(), revision: 0 }));
      const take = (view: (typeof views)[number], limit: number) => {
        const taken = view.follower.take(limit);
        if (taken.length > limit) throw new Error('more than asked for');
        if (taken.length > 0 && !taken.every(({ key }, place) => taken.findIndex((change) => change.key === key) === place)) {
          throw new Error('a row twice in one batch');
        }
        for (const { key, row, isDeleted, revision } of taken) {
          if (revision <= view.revision) throw new Error(`revision ${revision} after ${view.revision}`);
          view.revision = revision;
          if (isDeleted) view.rows.delete(key as string);
          else view.rows.set(key as string, row);
          seenChanges += 1;
        }
      };
      for (const act of actions) {
        if (act.kind === 'put') writer.put({ name: `p${act.name}`, app: `a${act.app}` });
        if (act.kind === 'delete') writer.delete(`p${act.name}`);
        if (act.kind === 'take') take(views[act.who] as (typeof views)[number], act.limit);
        if (act.kind === 'renew') {
          views[act.who]?.follower.close();
          views[act.who] = { follower: table.follow(), rows: new Map(), revision: 0 };
        }
      }
      const content = (rows: Iterable<Pod>) =>
        Array.from(rows, ({ name, app }) => `${name} ${app}`)
          .sort()
          .join();
      for (const view of views) {
        while (view.follower.isBehind) take(view, 3);
        if (content(view.rows.values()) !== content(table.rows())) throw new Error('another content');
        if (view.follower.take().length > 0) throw new Error('a change twice');
        if (view.follower.revision !== table.revision) throw new Error('not at the end');
      }
      if (table.tombstones !== 0) throw new Error(`${table.tombstones} tombstones that everybody has seen`);
      for (const app of ['a0', 'a1', 'a2', 'a3']) {
        const scanned = [...table.rows()].filter((row) => row.app === app);
        if (content(scanned) !== content(table.by('app', app))) throw new Error('an index that differs from a scan');
      }
    }),
    { numRuns: 500 },
  );
  t.ok(seenChanges > 5_000, `${seenChanges} changes were looked at`);
});
