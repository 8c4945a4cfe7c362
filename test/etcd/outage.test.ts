// What goes wrong with an etcd, or on the way to it: every call ends, and whoever follows knows in the end what is there.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openEtcd } from '../../orchestrator/etcd/store.ts';
import { noEtcd, startEtcd, type TestEnd } from '../support/etcd.ts';
import { Gate } from '../support/gate.ts';
import { bytes, Follower, insist, listed, sorted, until } from './follower.ts';

const skip = noEtcd;
t.setTimeout(900_000);

async function open(t: TestEnd, endpoints: readonly string[], timeoutMs = 1_500) {
  const store = await openEtcd({ endpoints, prefix: 'test/', timeoutMs });
  t.teardown(() => store.close());
  return store;
}

t.test('kill -9: calls end by their deadline, and all goes on when it is back', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const store = await open(t, etcd.endpoints);
  const follower = new Follower(store, 'a/');
  await store.put('a/1', bytes('1'));
  await until(() => follower.entries.has('a/1'));
  await etcd.server.kill();
  const start = Date.now();
  await t.rejects(store.get('a/1'), { code: 'KV_UNAVAILABLE', retryable: true });
  await t.rejects(store.put('a/2', bytes('2')), { code: /KV_UNAVAILABLE|KV_TIMEOUT/, retryable: true });
  t.ok(Date.now() - start < 4_000, `two calls took ${Date.now() - start} ms`);
  etcd.server.start();
  t.equal((await insist(() => store.get('a/1')))?.version, 1n);
  await store.put('a/3', bytes('3'));
  await until(() => follower.entries.has('a/3'));
  t.equal(follower.count('synced'), 1, 'a short outage needs no second list');
  t.same(sorted(follower.entries), await listed(store, 'a/'));
  await follower.stop();
});

t.test('a call during a short restart waits for it', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const store = await open(t, etcd.endpoints, 10_000);
  await store.put('a', bytes('1'));
  await etcd.server.kill();
  setTimeout(() => etcd.server.start(), 300);
  t.ok(await store.get('a'));
});

t.test('SIGSTOP: a hung server is a timeout, not a wait', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const store = await open(t, etcd.endpoints);
  const follower = new Follower(store, 'a/');
  await store.put('a/1', bytes('1'));
  await until(() => follower.entries.has('a/1'));
  etcd.server.pause();
  t.teardown(() => etcd.server.resume());
  const start = Date.now();
  await t.rejects(store.get('a/1'), { code: 'KV_TIMEOUT', retryable: true });
  await t.rejects(store.put('a/2', bytes('2')), { code: /KV_TIMEOUT|KV_UNAVAILABLE/, retryable: true });
  await t.rejects(store.lease(10), { code: /KV_TIMEOUT|KV_UNAVAILABLE/, retryable: true });
  t.ok(Date.now() - start < 6_000, `three calls took ${Date.now() - start} ms`);
  etcd.server.resume();
  await insist(() => store.put('a/3', bytes('3')));
  await until(() => follower.entries.has('a/3'));
  t.same(sorted(follower.entries), await listed(store, 'a/'));
  await follower.stop();
});

t.test('compacted while away: following lists again and tells the difference, deletes too', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const gate = await Gate.before(t, etcd.server.url);
  const store = await open(t, [gate.url]);
  const other = await open(t, etcd.endpoints);
  for (const key of ['a/1', 'a/2', 'a/3']) await other.put(key, bytes('old'));
  const start = await other.put('a/4', bytes('old'));
  const follower = new Follower(store, 'a/');
  await until(() => follower.entries.size === 4);
  const watching = (async () => {
    for await (const _ of store.watch('a/', { revision: start, signal: new AbortController().signal }));
  })();
  watching.catch(() => {});
  await sleep(200);
  gate.cut();
  await other.delete('a/1');
  await other.put('a/2', bytes('new'));
  await other.put('a/5', bytes('new'));
  etcd.control('compact', String(await other.put('a/6', bytes('new'))));
  gate.open();
  await t.rejects(watching, { code: 'KV_COMPACTED' }, 'a watch says that changes are gone');
  await until(() => follower.entries.has('a/6'));
  t.same(sorted(follower.entries), await listed(other, 'a/'));
  t.same(follower.told.slice(5).sort(), ['delete a/1', 'put a/2', 'put a/5', 'put a/6', 'synced']);
  await follower.stop();
});

t.test('an outage that lasts is told, and its end too', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const gate = await Gate.before(t, etcd.server.url);
  const store = await open(t, [gate.url]);
  const other = await open(t, etcd.endpoints);
  await other.put('a/1', bytes('1'));
  const follower = new Follower(store, 'a/');
  await until(() => follower.count('synced') === 1);
  gate.cut();
  await until(() => follower.count('lost') === 1);
  await other.delete('a/1');
  await other.put('a/2', bytes('2'));
  const before = gate.connections;
  await sleep(2_000);
  t.ok(gate.connections - before < 60, `${gate.connections - before} connections in 2 s of outage`);
  gate.open();
  await until(() => follower.count('synced') === 2);
  t.same(follower.told, ['put a/1', 'synced', 'lost', 'put a/2', 'delete a/1', 'synced']);
  await follower.stop();
});

t.test('a connection that is dead without saying so is noticed by its pings', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const gate = await Gate.before(t, etcd.server.url);
  const store = await open(t, [gate.url]);
  const other = await open(t, etcd.endpoints);
  const follower = new Follower(store, 'a/');
  await until(() => follower.count('synced') === 1);
  gate.freeze();
  await sleep(100);
  // Old connections are still held open by the gate; only new ones would pass.
  gate.thaw();
  await other.put('a/1', bytes('1'));
  const start = Date.now();
  await until(() => follower.entries.has('a/1'), 25);
  t.ok(Date.now() - start < 20_000, `noticed after ${Date.now() - start} ms`);
  await follower.stop();
});

t.test('a store that was emptied under a follower is told as deletes', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const gate = await Gate.before(t, etcd.server.url);
  const second = await startEtcd(t);
  const store = await open(t, [gate.url]);
  const other = await open(t, etcd.endpoints);
  for (const key of ['a/1', 'a/2', 'a/3']) await other.put(key, bytes('1'));
  const follower = new Follower(store, 'a/');
  await until(() => follower.count('synced') === 1);
  gate.pointTo(second.server.url);
  const fresh = await open(t, second.endpoints);
  await fresh.put('a/2', bytes('new'));
  await until(() => follower.count('synced') === 2);
  t.same(sorted(follower.entries), { 'a/2': 'new' });
  await follower.stop();
});

t.test('a full store says so, still answers, and goes on when it has room', { skip }, async (t) => {
  const etcd = await startEtcd(t, { flags: ['--quota-backend-bytes', String(4 << 20)] });
  const store = await open(t, etcd.endpoints, 5_000);
  const fill = async () => {
    for (let at = 0; at < 100; at++) await store.put(`fill/${at}`, new Uint8Array(500_000));
  };
  await t.rejects(fill(), { code: 'KV_FULL', retryable: true });
  t.ok((await store.list('fill/', { keysOnly: true })).entries.length > 0);
  await t.rejects(store.put('a', bytes('1')), { code: 'KV_FULL' });
  for (const { key } of (await store.list('fill/', { keysOnly: true })).entries) await store.delete(key);
  etcd.control('compact', String((await store.list('')).revision));
  etcd.control('defrag');
  etcd.control('alarm', 'disarm');
  await store.put('a', bytes('1'));
  t.ok(await store.get('a'));
});
