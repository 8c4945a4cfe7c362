// Publishing: records that stand in the store for as long as their owner lives, whatever others and outages do.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Publisher, type PublishOptions } from '../../../orchestrator/etcd/records/publish.ts';
import { openEtcd } from '../../../orchestrator/etcd/store.ts';
import type { KvStore } from '../../../orchestrator/state/kv-store.ts';
import { noEtcd, startEtcd, type TestEnd } from '../../support/etcd.ts';
import { Gate } from '../../support/gate.ts';
import { bytes, listed, until } from '../follower.ts';

t.setTimeout(900_000);

function publish(t: TestEnd, store: KvStore, more: Partial<PublishOptions> = {}): Publisher {
  const publisher = new Publisher({ store, ttl: 1, ...more });
  t.teardown(() => publisher.close());
  return publisher;
}

t.test('publishing', { skip: noEtcd }, async (t) => {
  const etcd = await startEtcd(t);
  let rooms = 0;
  const open = async (t: TestEnd, prefix = `room${rooms++}/`, endpoints = etcd.endpoints) => {
    const store = await openEtcd({ endpoints, prefix, timeoutMs: 1_000 });
    t.teardown(() => store.close());
    return store;
  };
  const holds = async (store: KvStore, wanted: Record<string, string>) =>
    until(async () => JSON.stringify(await listed(store, '')) === JSON.stringify(wanted), 15);

  t.test('records are written, changed and removed', async (t) => {
    const store = await open(t);
    const publisher = publish(t, store);
    publisher.set('a', bytes('1'));
    publisher.set('b', bytes('2'));
    await holds(store, { a: '1', b: '2' });
    const { revision } = (await store.get('a'))!;
    publisher.set('a', bytes('1'));
    publisher.set('b', bytes('3'));
    publisher.set('c', bytes('4'));
    publisher.remove('c');
    publisher.remove('never there');
    await holds(store, { a: '1', b: '3' });
    t.equal((await store.get('a'))!.revision, revision, 'what is the same is not written again');
    publisher.remove('b');
    await holds(store, { a: '1' });
  });

  t.test('more than one transaction holds is written', async (t) => {
    const store = await open(t);
    const publisher = publish(t, store);
    for (let at = 0; at < 350; at++) publisher.set(`k${at}`, bytes(String(at)));
    await until(async () => (await store.list('')).entries.length === 350);
    for (let at = 0; at < 349; at++) publisher.remove(`k${at}`);
    await holds(store, { k349: '349' });
  });

  t.test('what others delete or change is put right', async (t) => {
    const store = await open(t);
    const publisher = publish(t, store, { everyMs: 200 });
    publisher.set('a', bytes('1'));
    publisher.set('b', bytes('2'));
    await holds(store, { a: '1', b: '2' });
    await store.delete('a');
    await store.put('b', bytes('wrong'));
    await holds(store, { a: '1', b: '2' });
  });

  t.test('what others write is put right at once when it is told, and left when it is theirs', async (t) => {
    const store = await open(t);
    const publisher = publish(t, store);
    for (const key of ['a', 'b']) publisher.set(key, bytes('ours'));
    await holds(store, { a: 'ours', b: 'ours' });
    for (const key of ['a', 'b']) await store.put(key, bytes('theirs'));
    publisher.leave('b');
    publisher.rewrite('b');
    publisher.rewrite('a');
    await holds(store, { a: 'ours', b: 'theirs' });
    publisher.remove('b');
    publisher.set('c', bytes('1'));
    await holds(store, { a: 'ours', b: 'theirs', c: '1' });
  });

  t.test('records end with their owner, after their ttl', async (t) => {
    const prefix = `room${rooms++}/`;
    const owner = await open(t, prefix);
    const publisher = publish(t, owner);
    publisher.set('a', bytes('1'));
    const other = await open(t, prefix);
    await holds(other, { a: '1' });
    await sleep(2_500);
    await holds(other, { a: '1' });
    await publisher.close();
    await owner.close();
    await holds(other, {});
  });

  t.test('changes during an outage arrive after it, and the outage is told once', async (t) => {
    const gate = await Gate.before(t, etcd.server.url);
    const prefix = `room${rooms++}/`;
    const other = await open(t, prefix);
    const told: (string | undefined)[] = [];
    const publisher = publish(t, await open(t, prefix, [gate.url]), { failing: (error) => told.push(error?.message && 'failing') });
    publisher.set('a', bytes('1'));
    publisher.set('b', bytes('1'));
    await holds(other, { a: '1', b: '1' });
    gate.cut();
    publisher.set('a', bytes('2'));
    publisher.remove('b');
    publisher.set('c', bytes('3'));
    await holds(other, {});
    await sleep(2_500);
    gate.open();
    await holds(other, { a: '2', c: '3' });
    await until(() => told.length === 2);
    t.same(told, ['failing', undefined]);
  });
});
