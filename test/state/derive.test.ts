// Derived tables: what is worked out bit by bit is what would be worked out from scratch.

import fc from 'fast-check';
import t from 'tap';
import { tableJson } from '../../orchestrator/state/columns.ts';
import { derive, deriveGroups, many, one } from '../../orchestrator/state/derive.ts';
import { openTable, type Table } from '../../orchestrator/state/table.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';

interface Pod {
  readonly name: string;
  readonly space: string;
  readonly apps: readonly string[];
}
interface Space {
  readonly name: string;
  readonly zone: number;
}
interface Rule {
  readonly name: string;
  readonly app: string;
  readonly port: number;
}
interface Grant {
  readonly key: string;
  readonly says: string;
}

function openInputs() {
  return {
    pods: openTable({
      name: 'pods',
      key: ({ name }: Pod) => name,
      indexes: { space: ({ space }: Pod) => space, app: ({ apps }: Pod) => apps },
      columns: {},
      sources: ['test'],
    }),
    spaces: openTable({ name: 'spaces', key: ({ name }: Space) => name, columns: {}, sources: ['test'] }),
    rules: openTable({
      name: 'rules',
      key: ({ name }: Rule) => name,
      indexes: { app: ({ app }: Rule) => app },
      columns: {},
      sources: ['test'],
    }),
  };
}

const openGrants = (name: string) =>
  openTable<Grant>({ name, key: ({ key }) => key, columns: { key: ({ key }) => key, says: ({ says }) => says } });

type Output = ReturnType<typeof openGrants>;
type Inputs = ReturnType<typeof openInputs>;

/** Several tables joined with several rows a pod; pods that want the same row; groups. */
function startAll({ pods, spaces, rules }: Inputs, clock: VirtualClock) {
  const [grants, wanted, groups, shared] = ['grants', 'wanted', 'groups', 'shared'].map(openGrants) as [Output, Output, Output, Output];
  const stop = new AbortController();
  const byPod = derive({
    from: pods.table,
    join: { space: one(spaces.table, 'space'), rules: many(rules.table, 'app', 'app') },
    into: grants.writer,
    make: (pod, found) =>
      found.rules.map(({ name, port }) => ({ key: `${pod.name}/${name}`, says: `${port} in ${found.space?.zone ?? 'nowhere'}` })),
    clock,
  });
  const contest = derive({
    from: pods.table,
    into: wanted.writer,
    make: (pod) => [pod.space, pod.apps[0] ?? pod.name].map((key) => ({ key, says: `by ${pod.name}` })),
    clock,
  });
  const byApp = deriveGroups({
    from: pods.table,
    by: 'app',
    join: { rules: many(rules.table, 'app'), pod: one(pods.table) },
    into: groups.writer,
    make: (app, members, found) => {
      const told = [members, found.rules].map((rows) => rows.map((row) => row.name).join());
      return { key: `${app}`, says: `${told.join(' / ')} / ${found.pod?.space}` };
    },
    clock,
  });
  const into = shared.writer;
  const together = [
    derive({ from: spaces.table, into, make: ({ name, zone }) => ({ key: name, says: `space in ${zone}` }), clock }),
    derive({ from: pods.table, into, make: ({ name, space }) => [name, space].map((key) => ({ key, says: `pod ${name}` })), clock }),
    deriveGroups({ from: rules.table, by: 'app', into, make: (app, { length }) => ({ key: `${app}`, says: `${length} rules` }), clock }),
  ];
  const runs = [byPod, contest, byApp, ...together].map((derivation) => derivation.run(stop));
  const end = () => {
    stop.abort();
    return Promise.all(runs);
  };
  return { outputs: [grants, wanted, groups, shared].map(({ table }) => table), contest, end };
}

const names = ['p1', 'p2', 'p3', 'p4', 'a1', 'a2'];
const name = fc.constantFrom(...names);
const change = fc.oneof(
  fc.record({ put: fc.constant('pods' as const), row: fc.record({ name, space: name, apps: fc.uniqueArray(name, { maxLength: 3 }) }) }),
  fc.record({ put: fc.constant('spaces' as const), row: fc.record({ name, zone: fc.nat(2) }) }),
  fc.record({ put: fc.constant('rules' as const), row: fc.record({ name, app: name, port: fc.nat(2) }) }),
  fc.record({ delete: fc.constantFrom('pods' as const, 'spaces' as const, 'rules' as const), name }),
  fc.record({ waitMs: fc.constantFrom(0, 5) }),
);

t.test('after any history the rows are those that a derivation from scratch makes', async (t) => {
  let rows = 0;
  let contested = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 60, size: 'max' }), async (changes) => {
      const inputs = openInputs();
      const clock = new VirtualClock();
      const lived = startAll(inputs, clock);
      for (const act of changes) {
        if ('waitMs' in act) await clock.advance(act.waitMs);
        else if ('delete' in act) inputs[act.delete].writer.delete(act.name);
        else inputs[act.put].writer.put(act.row as never);
      }
      await clock.advance(10);
      // Another life: the same rows, come in another order.
      const again = openInputs();
      for (const name of ['rules', 'spaces', 'pods'] as const) {
        const rows = [...inputs[name].table.rows()].sort((a, b) => (a.name < b.name ? -1 : 1));
        for (const row of rows) again[name].writer.put(row as never);
      }
      const fresh = startAll(again, clock);
      await clock.advance(10);
      for (const [place, table] of lived.outputs.entries()) {
        const [told, scratch] = [table, fresh.outputs[place] as Table<Grant>].map((rows) => JSON.stringify(tableJson(rows)));
        if (told !== scratch) throw new Error(`${table.name}: ${told} is not ${scratch}`);
        rows += table.size;
      }
      if (lived.contest.contested !== fresh.contest.contested) throw new Error('other rows are contested');
      contested += lived.contest.contested;
      await lived.end();
      await fresh.end();
      if (clock.pendingTimers > 0) throw new Error('a timer was left');
    }),
    { numRuns: 300 },
  );
  t.ok(rows > 1000 && contested > 100, `${rows} rows were compared, ${contested} of them contested`);
});

t.test('only what a change concerns is made again', async (t) => {
  const { pods, spaces } = openInputs();
  const clock = new VirtualClock();
  const { writer } = openGrants('zones');
  const made: string[] = [];
  const stop = new AbortController();
  const run = derive({
    from: pods.table,
    join: { space: one(spaces.table, 'space') },
    into: writer,
    make: (pod, { space }) => {
      made.push(pod.name);
      return { key: pod.name, says: `${space?.zone}` };
    },
    clock,
  }).run(stop);
  for (let pod = 0; pod < 100; pod++) pods.writer.put({ name: `p${pod}`, space: `s${pod % 50}`, apps: [] });
  await clock.advance(1);
  t.equal(made.splice(0).length, 100);
  spaces.writer.put({ name: 's7', zone: 1 });
  await clock.advance(0);
  t.same(made.splice(0), ['p7', 'p57']);
  pods.writer.put({ name: 'p3', space: 's7', apps: [] });
  await clock.advance(0);
  t.same(made.splice(0), ['p3']);
  spaces.writer.delete('s7');
  await clock.advance(0);
  t.same(made.splice(0).sort(), ['p3', 'p57', 'p7']);
  t.equal(writer.table.get('p3')?.says, 'undefined');
  stop.abort();
  await run;
});

t.test('a row that was deleted and comes again concerns only what it is now', async (t) => {
  const { pods } = openInputs();
  const clock = new VirtualClock();
  const { writer } = openGrants('apps');
  const made: string[] = [];
  const stop = new AbortController();
  const run = deriveGroups({
    from: pods.table,
    by: 'app',
    into: writer,
    make: (app) => {
      made.push(`${app}`);
      return undefined;
    },
    clock,
  }).run(stop);
  for (const name of ['a', 'b']) pods.writer.put({ name, space: 's', apps: ['web'] });
  await clock.advance(0);
  pods.writer.delete('a');
  await clock.advance(0);
  t.same(made.splice(0), ['web', 'web']);
  pods.writer.put({ name: 'a', space: 's', apps: ['db'] });
  await clock.advance(0);
  t.same(made, ['db']);
  stop.abort();
  await run;
});

t.test('rows that are made the same again are no change of the output', async (t) => {
  const { pods } = openInputs();
  const clock = new VirtualClock();
  const { writer, table } = openGrants('spaces of pods');
  const stop = new AbortController();
  const run = derive({ from: pods.table, into: writer, make: ({ name, space }) => ({ key: name, says: space }), clock }).run(stop);
  pods.writer.put({ name: 'a', space: 's', apps: [] });
  await clock.advance(0);
  const { revision } = table;
  pods.writer.put({ name: 'a', space: 's', apps: ['another'] });
  await clock.advance(0);
  t.equal(table.revision, revision);
  stop.abort();
  await run;
});

t.test('the output is initialised when all inputs are and their rows were worked on, however many', async (t) => {
  const { pods, spaces } = openInputs();
  const clock = new VirtualClock();
  const { writer, table } = openGrants('zones');
  const stop = new AbortController();
  const makeAll = { join: { space: one(spaces.table, 'space') }, into: writer, clock };
  const run = derive({ from: pods.table, ...makeAll, make: ({ name }) => ({ key: name, says: '' }) }).run(stop);
  let sizeThen: number | undefined;
  const follower = table.follow();
  const watch = (async () => {
    while (sizeThen === undefined && !stop.signal.aborted) {
      await follower.bell.wait(stop);
      if (table.isInitialised) sizeThen = table.size;
    }
  })();
  for (let pod = 0; pod < 5000; pod++) pods.writer.put({ name: `p${pod}`, space: 's', apps: [] });
  pods.writer.delivered('test');
  await clock.advance(10);
  t.equal(table.isInitialised, false, 'spaces are missing');
  spaces.writer.put({ name: 's', zone: 1 });
  spaces.writer.delivered('test');
  await clock.advance(10);
  t.equal(sizeThen, 5000);
  spaces.writer.expect('cluster-b');
  await clock.advance(0);
  t.equal(table.isInitialised, false, 'another source of an input is awaited');
  stop.abort();
  await Promise.all([run, watch]);
});

t.test('however many rows were there from the start, none is missing when the output is initialised', async (t) => {
  const { pods } = openInputs();
  const clock = new VirtualClock();
  const { writer, table } = openGrants('names');
  for (let pod = 0; pod < 5000; pod++) pods.writer.put({ name: `p${pod}`, space: 's', apps: [] });
  pods.writer.delivered('test');
  const stop = new AbortController();
  const run = derive({ from: pods.table, into: writer, make: ({ name }) => ({ key: name, says: '' }), clock }).run(stop);
  t.equal(table.isInitialised, false, `with ${table.size} rows so far`);
  t.ok(table.size < 5000);
  await clock.advance(0);
  t.same([table.isInitialised, table.size], [true, 5000]);
  stop.abort();
  await run;
});

t.test('a table that two derivations fill is initialised when both have', async (t) => {
  const { pods, spaces } = openInputs();
  const clock = new VirtualClock();
  const { writer, table } = openGrants('both');
  const stop = new AbortController();
  const make = ({ name }: { name: string }) => ({ key: name, says: '' });
  const runs = [derive({ from: pods.table, into: writer, make, clock }), derive({ from: spaces.table, into: writer, make, clock })].map(
    (derivation) => derivation.run(stop),
  );
  pods.writer.delivered('test');
  await clock.advance(0);
  t.same(table.missingSources(), ['derivation 2 from spaces']);
  spaces.writer.delivered('test');
  await clock.advance(0);
  t.equal(table.isInitialised, true);
  stop.abort();
  await Promise.all(runs);
});

t.test('a function that throws ends the derivation', async (t) => {
  const { pods } = openInputs();
  const { writer } = openGrants('none');
  const make = () => {
    throw new TypeError('a broken invariant');
  };
  pods.writer.put({ name: 'a', space: 's', apps: [] });
  await t.rejects(derive({ from: pods.table, into: writer, make }).run(new AbortController()), { message: 'a broken invariant' });
});
