// The contract of the key-value store, against one real etcd.
import t from 'tap';
import { openEtcd } from '../../orchestrator/etcd/store.ts';
import type { KvChange, KvEntry, KvStore } from '../../orchestrator/state/kv-store.ts';
import { noEtcd, startEtcd, type TestEnd } from '../support/etcd.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

t.test('the contract', { skip: noEtcd }, async (t) => {
  const etcd = await startEtcd(t);
  let rooms = 0;
  const open = async (t: TestEnd): Promise<KvStore> => {
    const store = await openEtcd({ endpoints: etcd.endpoints, prefix: `room${rooms++}/` });
    t.teardown(() => store.close());
    return store;
  };

  t.test('what was put is got, with its revisions', async (t) => {
    const store = await open(t);
    t.equal(await store.get('a'), undefined);
    const first = await store.put('a', bytes('1'));
    const second = await store.put('a', bytes('2'));
    const entry = (await store.get('a'))!;
    t.equal(text(entry.value), '2');
    t.same([entry.key, entry.createRevision, entry.revision, entry.version], ['a', first, second, 2n]);
    await store.delete('a');
    await store.delete('a');
    t.equal(await store.get('a'), undefined);
  });

  t.test('a list is one state, in pages too', async (t) => {
    const store = await open(t);
    for (const key of ['x/1', 'x/2', 'x/3', 'x0', 'y']) await store.put(key, bytes(key));
    const page = await store.list('x/', { limit: 2 });
    t.same(
      page.entries.map(({ key }) => key),
      ['x/1', 'x/2'],
    );
    await store.put('x/4', bytes(''));
    await store.delete('x/3');
    const rest = await store.list('x/', { from: page.next, revision: page.revision });
    t.same(
      rest.entries.map(({ key }) => key),
      ['x/3'],
    );
    t.equal(rest.next, undefined);
    const keysOnly = await store.list('', { keysOnly: true });
    t.same(
      keysOnly.entries.map(({ key, value }) => [key, value.length]),
      [
        ['x/1', 0],
        ['x/2', 0],
        ['x/4', 0],
        ['x0', 0],
        ['y', 0],
      ],
    );
  });

  t.test('more than one message holds is listed', async (t) => {
    const store = await open(t);
    const big = new Uint8Array(1_400_000);
    for (let at = 0; at < 50; at++) await store.put(`big/${at}`, big);
    const { entries } = await store.list('big/');
    t.equal(entries.length, 50);
    t.equal(new Set(entries.map(({ key }) => key)).size, 50);
  });

  t.test('a transaction happens as a whole or not at all', async (t) => {
    const store = await open(t);
    const revision = await store.put('a', bytes('1'));
    const refused = await store.transact({
      when: [{ key: 'a', absent: true }],
      then: [{ put: 'a', value: bytes('2') }],
      otherwise: [{ get: 'b' }, { get: 'a' }],
    });
    t.equal(refused.succeeded, false);
    t.same(
      refused.found.map((entry) => entry && text(entry.value)),
      [undefined, '1'],
    );
    const done = await store.transact({
      when: [
        { key: 'a', revision },
        { key: 'b', absent: true },
      ],
      then: [{ put: 'b', value: bytes('3') }, { delete: 'a' }],
    });
    t.equal(done.succeeded, true);
    t.equal((await store.get('b'))!.revision, done.revision);
    t.equal(await store.get('a'), undefined);
  });

  t.test('absence can be asked of all keys with a prefix', async (t) => {
    const store = await open(t);
    await store.put('users/12/a', bytes(''));
    const ask = async (key: string) => (await store.transact({ when: [{ key, absent: true, prefix: true }], then: [] })).succeeded;
    t.equal(await ask('users/1/'), true);
    t.equal(await ask('users/12/'), false);
    t.equal(await ask('users/'), false);
  });

  t.test('a watch tells every change once, in order, with what was there before', async (t) => {
    const store = await open(t);
    const start = await store.put('w/a', bytes('1'));
    await store.put('w/a', bytes('2'));
    await store.transact({ when: [], then: [{ put: 'w/b', value: bytes('3') }, { delete: 'w/a' }] });
    const stop = new AbortController();
    const seen: KvChange[] = [];
    for await (const change of store.watch('w/', { revision: start, signal: stop.signal })) {
      seen.push(change);
      if (seen.length === 3) await store.put('w/c', bytes('4'));
      if (seen.length === 4) stop.abort();
    }
    t.same(
      seen.map((change) => {
        if (change.kind === 'progress') return 'progress';
        const before = change.previous && text(change.previous.value);
        return change.kind === 'put' ? ['put', change.entry.key, text(change.entry.value), before] : ['delete', change.key, before];
      }),
      [
        ['put', 'w/a', '2', '1'],
        ['put', 'w/b', '3', undefined],
        ['delete', 'w/a', '2'],
        ['put', 'w/c', '4', undefined],
      ],
    );
  });

  t.test('changes that fill many messages, some of one revision, are told once and in order', async (t) => {
    const store = await open(t);
    const start = (await store.list('')).revision;
    const wanted: string[] = [];
    for (let at = 0; at < 12; at++) {
      await store.put(`m/${at}`, new Uint8Array(700_000));
      const keys = Array.from({ length: 7 }, (_, part) => `m/${at}/${part}`);
      await store.transact({ when: [], then: keys.map((put) => ({ put, value: new Uint8Array(180_000) })) });
      wanted.push(`m/${at}`, ...keys);
    }
    const stop = new AbortController();
    const seen: KvEntry[] = [];
    for await (const change of store.watch('m/', { revision: start, signal: stop.signal })) {
      if (change.kind === 'put') seen.push(change.entry);
      if (seen.length === wanted.length) stop.abort();
    }
    t.same(
      seen.map(({ key }) => key),
      wanted,
    );
    t.ok(seen.every(({ value }) => value.length >= 180_000));
  });

  t.test('following tells what is there, that this was all, then changes', async (t) => {
    const store = await open(t);
    await store.put('f/a', bytes('1'));
    const stop = new AbortController();
    const seen: unknown[] = [];
    for await (const told of store.follow('f/', { signal: stop.signal })) {
      seen.push(told.kind === 'put' ? `put ${told.entry.key}` : told.kind === 'delete' ? `delete ${told.key}` : told.kind);
      if (told.kind === 'synced') {
        await store.put('f/b', bytes('2'));
        await store.delete('f/a');
      }
      if (told.kind === 'delete') stop.abort();
    }
    t.same(seen, ['put f/a', 'synced', 'put f/b', 'delete f/a']);
  });

  t.test('a list of several pages is told as it was at one revision, though it changes meanwhile', async (t) => {
    const store = await open(t);
    const keys = Array.from({ length: 2_500 }, (_, at) => `p/${String(at).padStart(4, '0')}`);
    for (let at = 0; at < keys.length; at += 100) {
      await store.transact({ when: [], then: keys.slice(at, at + 100).map((put) => ({ put, value: bytes('1') })) });
    }
    const stop = new AbortController();
    const there = new Set<string>();
    let told = 0;
    for await (const change of store.follow('p/', { signal: stop.signal })) {
      if (change.kind === 'put') there.add(change.entry.key);
      if (change.kind === 'delete') there.delete(change.key);
      if (++told === 10) await store.delete('p/2400');
      if (change.kind === 'synced') t.equal(there.size, 2_500);
      if (change.kind === 'delete') stop.abort();
    }
    t.same([...there], keys.toSpliced(2_400, 1));
  });

  t.test('what was compacted is said to be gone', async (t) => {
    const store = await open(t);
    const first = await store.put('c', bytes('1'));
    const last = await store.put('c', bytes('2'));
    etcd.control('compact', String(last));
    await t.rejects(store.list('c', { revision: first }), { code: 'KV_COMPACTED', retryable: false });
    const read = async () => {
      for await (const _ of store.watch('c', { revision: first - 2n, signal: new AbortController().signal }));
    };
    await t.rejects(read(), { code: 'KV_COMPACTED' });
  });

  t.test('keys under a lease go when it is revoked', async (t) => {
    const store = await open(t);
    const lease = await store.lease(60);
    await store.put('l', bytes('1'), { lease });
    t.ok(await store.get('l'));
    await lease.revoke();
    t.equal(await store.get('l'), undefined);
  });

  t.test('what etcd refuses is said with its reason, at once', async (t) => {
    const store = await open(t);
    await t.rejects(store.put('big', new Uint8Array(3_000_000)), { code: 'KV_REFUSED', message: /request is too large|larger than max/ });
    const many = Array.from({ length: 200 }, (_, at) => ({ put: `k${at}`, value: bytes('') }));
    await t.rejects(store.transact({ when: [], then: many }), { code: 'KV_REFUSED', message: /too many operations/ });
  });

  t.test('a closed store says that it is closed', async (t) => {
    const store = await openEtcd({ endpoints: etcd.endpoints });
    const read = async () => {
      for await (const _ of store.follow('closed/', { signal: new AbortController().signal })) await store.close();
    };
    await t.rejects(read(), { code: 'KV_CLOSED' });
    await t.rejects(store.get('a'), { code: 'KV_CLOSED' });
    await store.close();
  });
});
