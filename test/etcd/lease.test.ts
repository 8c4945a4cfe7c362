// Leases: what is put under one is there as long as its owner lives, through expiry, revocation by others and changes of leader.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openEtcd } from '../../orchestrator/etcd/store.ts';
import type { KvStore } from '../../orchestrator/state/kv-store.ts';
import { type EtcdCluster, noEtcd, startEtcd, startEtcdCluster, type TestEnd } from '../support/etcd.ts';
import { Gate } from '../support/gate.ts';
import { bytes, insist, listed, until } from './follower.ts';

t.setTimeout(900_000);
const skip = noEtcd;

async function open(t: TestEnd, endpoints: readonly string[]): Promise<KvStore> {
  const store = await openEtcd({ endpoints, prefix: 'test/', timeoutMs: 1_500 });
  t.teardown(() => store.close());
  return store;
}

const revokeAll = (etcd: EtcdCluster): void => {
  for (const id of etcd.control('lease', 'list').match(/^[0-9a-f]{16}$/gm) ?? []) etcd.control('lease', 'revoke', id);
};

t.test('a lease is kept alive longer than its ttl, and ends with a closed store', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const owner = await openEtcd({ endpoints: etcd.endpoints, prefix: 'test/' });
  const other = await open(t, etcd.endpoints);
  await owner.put('a', bytes('1'), { lease: await owner.lease(1) });
  const { revision } = (await other.get('a'))!;
  await sleep(3_500);
  t.equal((await other.get('a'))?.revision, revision, 'it was never gone');
  await owner.close();
  t.ok(await other.get('a'), 'not at once');
  await until(async () => (await other.get('a')) === undefined, 10);
});

t.test('an owner that was cut off until its lease expired puts its keys again', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const gate = await Gate.before(t, etcd.server.url);
  const store = await open(t, [gate.url]);
  const other = await open(t, etcd.endpoints);
  const lease = await store.lease(1);
  await Promise.all(Array.from({ length: 250 }, (_, at) => store.put(`l/${at}`, bytes(`v${at}`), { lease })));
  await store.delete('l/7');
  await store.put('l/8', bytes('elsewhere now'));
  await store.put('l/9', bytes('newer'), { lease });
  const before = await listed(other, 'l/');
  gate.cut();
  await until(async () => Object.keys(await listed(other, 'l/')).length === 1, 20);
  await other.put('l/10', bytes('taken by another'));
  gate.open();
  await until(async () => Object.keys(await listed(other, 'l/')).length === 249, 20);
  t.same(await listed(other, 'l/'), { ...before, 'l/10': 'taken by another' });
  await lease.revoke();
  t.same(await listed(other, 'l/'), { 'l/10': 'taken by another', 'l/8': 'elsewhere now' }, 'all of them are under the new lease');
});

t.test('a lease that somebody revoked is noticed by the next write at the latest', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const store = await open(t, etcd.endpoints);
  const lease = await store.lease(600);
  await store.put('a', bytes('1'), { lease });
  revokeAll(etcd);
  t.equal(await store.get('a'), undefined);
  await Promise.all([store.put('b', bytes('2'), { lease }), store.put('c', bytes('3'), { lease })]);
  t.same(await listed(store, ''), { a: '1', b: '2', c: '3' });
  t.equal(etcd.control('lease', 'list').match(/^[0-9a-f]{16}$/gm)?.length, 1, 'one new lease, not one for each write');
});

t.test('deletes and losses that cross bring nothing back', { skip }, async (t) => {
  const etcd = await startEtcd(t);
  const store = await open(t, etcd.endpoints);
  const lease = await store.lease(600);
  for (let round = 0; round < 5; round++) {
    const keys = Array.from({ length: 40 }, (_, at) => `x/${round}/${at}`);
    await Promise.all(keys.map((key) => store.put(key, bytes('1'), { lease })));
    const lost = store.put('x/again', bytes(String(round)), { lease });
    revokeAll(etcd);
    await Promise.all([lost, store.put('x/more', bytes(String(round)), { lease }), ...keys.map((key) => store.delete(key))]);
  }
  t.same(Object.keys(await listed(store, 'x/')), ['x/again', 'x/more']);
});

t.test('changes of leader and a hung server cost no lease', { skip }, async (t) => {
  const cluster = await startEtcdCluster(t, 3);
  const store = await open(t, cluster.endpoints);
  const lease = await store.lease(4);
  await insist(() => store.put('a', bytes('1'), { lease }));
  for (let at = 0; at < 3; at++) {
    const leader = cluster.leader();
    if (at === 1) leader.pause();
    else await leader.kill();
    await sleep(3_000);
    if (at === 1) leader.resume();
    else leader.start();
    await cluster.healthy();
    await until(async () => (await insist(() => store.get('a'))) !== undefined, 5);
  }
  t.ok(await store.get('a'));
});
