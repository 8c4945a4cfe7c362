// Identities in a real etcd: one number for one set of labels, whoever asks and whatever goes wrong; numbers are taken back late.
import t from 'tap';
import { Allocator } from '../../../orchestrator/etcd/identity/allocator.ts';
import { IdentityCollector } from '../../../orchestrator/etcd/identity/collect.ts';
import { type Identities, type IdentitiesOptions, openIdentities } from '../../../orchestrator/etcd/identity/identities.ts';
import { NumberRange } from '../../../orchestrator/etcd/identity/range.ts';
import { openEtcd } from '../../../orchestrator/etcd/store.ts';
import type { KvStore } from '../../../orchestrator/state/kv-store.ts';
import { type EtcdCluster, noEtcd, startEtcd, startEtcdCluster, type TestEnd } from '../../support/etcd.ts';
import { Gate } from '../../support/gate.ts';
import { bytes, insist, text, until } from '../follower.ts';

t.setTimeout(900_000);
const skip = noEtcd;
const root = 'axoneme/state/identities/v1/';
let rooms = 0;

async function open(t: TestEnd, etcd: EtcdCluster, prefix = `room${rooms++}/`, endpoints = etcd.endpoints): Promise<KvStore> {
  const store = await openEtcd({ endpoints, prefix, timeoutMs: 2_000 });
  t.teardown(() => store.close());
  return store;
}

async function join(t: TestEnd, store: KvStore, node: string, more: Partial<IdentitiesOptions> = {}): Promise<Identities> {
  const identities = await openIdentities({ store, node, cluster: 0, ...more });
  t.teardown(() => identities.close());
  return identities;
}

const keys = async (store: KvStore, below: string) =>
  (await store.list(`${root}${below}`)).entries.map(({ key }) => key.slice(root.length));

t.test('identities of one cluster', { skip }, async (t) => {
  const etcd = await startEtcd(t);

  t.test('nodes that ask for the same labels at once get the same number', async (t) => {
    const prefix = `room${rooms++}/`;
    const nodes = await Promise.all([0, 1, 2, 3].map(async (at) => join(t, await open(t, etcd, prefix), `node${at}`)));
    const labels = Array.from({ length: 40 }, (_, at) => `k8s:app=a${at};`);
    const answers = await Promise.all(nodes.map((node) => Promise.all(labels.map((text) => node.allocate(text)))));
    for (const answer of answers) t.same(answer, answers[0]);
    t.equal(new Set(answers[0]).size, labels.length);
    t.ok(answers[0].every((number) => number >= 256 && number <= 65_535));
    await until(() => nodes[3].known.size === 40);
    t.equal(nodes[3].known.get(answers[0][7]), labels[7]);
  });

  t.test('numbers of a cluster carry its number', async (t) => {
    const node = await join(t, await open(t, etcd), 'n', { cluster: 3 });
    const number = await node.allocate('k8s:app=web;');
    t.ok(number >= 3 * 65_536 + 256 && number < 4 * 65_536, String(number));
  });

  t.test('labels whose hash is the same have numbers of their own', async (t) => {
    const store = await open(t, etcd);
    const hash = () => 'same';
    const [a, b] = [await join(t, store, 'a', { hash }), await join(t, store, 'b', { hash })];
    const of = await Promise.all(['x', 'y', 'z'].flatMap((labels) => [a.allocate(labels), b.allocate(labels)]));
    t.same([of[0], of[2], of[4]], [of[1], of[3], of[5]]);
    t.equal(new Set(of).size, 3);
    await Promise.all([a.release('x'), b.release('x')]);
    let now = 0;
    const collector = new IdentityCollector({ store, now: () => now, hash });
    await collector.round();
    now += 3_600_000;
    t.same((await collector.round()).retired, [of[0]]);
    t.equal(await b.allocate('y'), of[2], 'the others stay');
    t.not(await b.allocate('x'), of[0]);
  });

  t.test('users are counted; the reference goes with the last one', async (t) => {
    const store = await open(t, etcd);
    const node = await join(t, store, 'n1');
    const number = await node.allocate('l');
    t.equal(await node.allocate('l'), number);
    await node.release('l');
    t.same(await keys(store, 'references/'), [`references/${number}/n1`]);
    await node.release('l');
    t.same(await keys(store, 'references/'), []);
    t.equal(await node.allocate('l'), number, 'until it is taken back, it is the same again');
  });

  t.test('letting go and asking again at once leaves a reference', async (t) => {
    const store = await open(t, etcd);
    const node = await join(t, store, 'n1');
    const number = await node.allocate('l');
    for (let at = 0; at < 20; at++) {
      const released = node.release('l');
      t.equal(await node.allocate('l'), number);
      await released;
    }
    t.same(await keys(store, 'references/'), [`references/${number}/n1`]);
  });

  t.test('what nobody uses is taken back after two looks, and its number rests', async (t) => {
    const store = await open(t, etcd);
    const node = await join(t, store, 'n1');
    const [used, unused] = [await node.allocate('used'), await node.allocate('unused')];
    await node.release('unused');
    let now = Date.UTC(2026, 0, 1);
    const collector = new IdentityCollector({ store, now: () => now, unusedForMs: 60_000, restMs: 600_000 });
    t.same(await collector.round(), { identities: 2, unused: 1, retired: [], freed: [] });
    now += 30_000;
    t.same((await collector.round()).retired, [], 'not before its time');
    now += 30_000;
    t.same((await collector.round()).retired, [unused]);
    t.same(await keys(store, ''), [`id/${used}`, `references/${used}/n1`, `retired/${unused}`, ...(await keys(store, 'value/'))]);
    t.equal((await keys(store, 'value/')).length, 1);
    now += 600_000;
    t.same((await collector.round()).freed, [unused]);
    t.same(await keys(store, 'retired/'), []);
  });

  t.test('whoever uses an identity between the looks, or at the last moment, keeps it', async (t) => {
    const store = await open(t, etcd);
    const node = await join(t, store, 'n1');
    const number = await node.allocate('l');
    await node.release('l');
    let now = 0;
    let atLastMoment = async () => {};
    // The moment between the collector's look and its write.
    const late: KvStore = Object.assign(Object.create(store), {
      list: (prefix: string, options?: object) => store.list(prefix, options),
      get: async (key: string) => {
        await atLastMoment();
        return store.get(key);
      },
      transact: (transaction: Parameters<KvStore['transact']>[0]) => store.transact(transaction),
    });
    const collector = new IdentityCollector({ store: late, now: () => now, unusedForMs: 1_000 });
    await collector.round();
    now += 1_000;
    atLastMoment = async () => {
      t.equal(await node.allocate('l'), number);
    };
    t.same((await collector.round()).retired, []);
    t.same(await keys(store, 'references/'), [`references/${number}/n1`]);
  });

  t.test('a number that rests, or is somebody’s already, is not given', async (t) => {
    const store = await open(t, etcd);
    await store.put(`${root}retired/300`, bytes(new Date().toISOString()));
    await store.put(`${root}id/301`, bytes('theirs'));
    // It knows of neither, and would take 300.
    const range = new NumberRange(0, () => (300 - 256 + 0.5) / 65_280);
    const allocator = new Allocator({ store, node: 'n1', lease: await store.lease(60), range });
    t.equal(await allocator.place('mine'), 302);
    t.equal(text((await store.get(`${root}id/301`))!.value), 'theirs');
  });

  t.test('a range without a free number says so', async (t) => {
    const range = new NumberRange(1);
    const numbers = new Set(Array.from({ length: 65_280 }, () => range.pick()));
    t.equal(numbers.size, 65_280);
    t.throws(() => range.pick(), { code: 'IDENTITIES_EXHAUSTED', retryable: true });
    range.free(65_536 + 300);
    t.equal(range.pick(), 65_536 + 300);
  });

  t.test('a node that was cut off until its number was taken back gets the same one again', async (t) => {
    const gate = await Gate.before(t, etcd.server.url);
    const prefix = `room${rooms++}/`;
    const [behind, store] = [await open(t, etcd, prefix, [gate.url]), await open(t, etcd, prefix)];
    const moves: unknown[] = [];
    const node = await join(t, behind, 'n1', { ttl: 1, moved: (...args) => moves.push(args) });
    const number = await node.allocate('l');
    await until(() => node.known.has(number));
    gate.cut();
    await until(async () => (await keys(store, 'references/')).length === 0, 30);
    let now = Date.now();
    const collector = new IdentityCollector({ store, now: () => now, unusedForMs: 0 });
    await collector.round();
    now += 1;
    t.same((await collector.round()).retired, [number]);
    gate.open();
    await until(async () => (await keys(store, `references/${number}/`)).length === 1 && (await keys(store, 'id/')).length === 1, 30);
    t.same(await keys(store, 'retired/'), []);
    t.equal(text((await store.get(`${root}id/${number}`))!.value), 'l');
    t.same(moves, []);
  });

  t.test('a node that was cut off until its labels had another number moves to that', async (t) => {
    const gate = await Gate.before(t, etcd.server.url);
    const prefix = `room${rooms++}/`;
    const [behind, store] = [await open(t, etcd, prefix, [gate.url]), await open(t, etcd, prefix)];
    const moves: unknown[][] = [];
    const node = await join(t, behind, 'n1', { ttl: 1, moved: (...args) => moves.push(args) });
    const number = await node.allocate('l');
    await until(() => node.known.has(number));
    gate.cut();
    await until(async () => (await keys(store, 'references/')).length === 0, 30);
    const collector = new IdentityCollector({ store, now: Date.now, unusedForMs: 0 });
    await collector.round();
    await collector.round();
    const other = await (await join(t, store, 'n2')).allocate('l');
    t.not(other, number);
    gate.open();
    await until(() => moves.length === 1, 30);
    t.same(moves, [['l', number, other]]);
    t.equal(await node.allocate('l'), other);
    await until(async () => (await keys(store, 'references/')).length === 2);
    t.same((await keys(store, 'references/')).sort(), [`references/${other}/n1`, `references/${other}/n2`]);
  });
});

t.test('kills of leaders make no duplicates and lose no number', { skip }, async (t) => {
  const cluster = await startEtcdCluster(t, 3);
  const nodes = await Promise.all([0, 1, 2].map(async (at) => join(t, await open(t, cluster, 'k/'), `node${at}`)));
  const labels = Array.from({ length: 300 }, (_, at) => `l${at}`);
  let done = false;
  const answers = Promise.all(
    nodes.map(async (node) => {
      const numbers: number[] = [];
      for (const text of labels) numbers.push(await insist(() => node.allocate(text)));
      return numbers;
    }),
  ).finally(() => {
    done = true;
  });
  for (let kills = 0; kills < 3 && !done; kills++) {
    const leader = cluster.leader();
    await leader.kill();
    leader.start();
    await cluster.healthy();
  }
  const [first, ...others] = await answers;
  for (const other of others) t.same(other, first);
  const store = await open(t, cluster, 'k/');
  t.equal((await keys(store, 'id/')).length, 300);
  t.equal((await keys(store, 'value/')).length, 300);
  t.equal((await keys(store, 'references/')).length, 900);
});
