// What befalls a cluster of three, seen by one store that lives through all of it: certificates that expire and authorities that are
// exchanged, compaction and expired leases while it is cut off, a full store. Kills, hangs and changes of leader: history.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openEtcd } from '../../orchestrator/etcd/store.ts';
import { Authority, mounted, noOpenssl } from '../support/certificates.ts';
import { noEtcd, startEtcdCluster } from '../support/etcd.ts';
import { Gate } from '../support/gate.ts';
import { bytes, Follower, insist, listed, sorted, until } from './follower.ts';

t.setTimeout(900_000);
const skip = noEtcd || noOpenssl;
const certificateCheckMs = 50;
type Tap = Pick<typeof t, 'ok' | 'equal'>;

t.test('three servers', { skip }, async (t) => {
  const [old, next] = [new Authority(t, 'the old authority'), new Authority(t, 'the next authority')];
  const served = mounted(old.folder, old.issue('server', 'etcd'));
  const trusted = mounted(next.folder, old.issue('client', 'agent')).files.ca;
  const cluster = await startEtcdCluster(t, 3, { tls: served.files, flags: ['--quota-backend-bytes', String(4 << 20)] });
  const gates = await Promise.all(cluster.servers.map(({ url }) => Gate.before(t, url)));
  const all = (act: (gate: Gate) => void): void => gates.forEach(act);
  const open = async (endpoints: readonly string[], ca: string) => {
    const store = await openEtcd({ endpoints, prefix: 'test/', tls: { ca }, timeoutMs: 1_200, certificateCheckMs });
    t.teardown(() => store.close());
    return store;
  };
  const gated = gates.map(({ url }) => url.replace('http:', 'https:'));
  const store = await open(gated, trusted);
  const other = await open(cluster.endpoints, served.files.ca);
  const follower = new Follower(store, 'a/');
  await insist(() => store.put('a/1', bytes('1')));
  await until(() => follower.entries.has('a/1'));
  const same = async (t: Tap): Promise<void> => {
    const last = await insist(() => other.put('a/last', bytes(String(Math.random()))));
    t.ok(last > 0n);
    const there = JSON.stringify(await insist(() => listed(other, 'a/')));
    await until(() => JSON.stringify(sorted(follower.entries)) === there);
    t.equal(follower.count('invented-delete'), 0);
  };

  t.test('a server’s certificate that has expired is named, and all goes on with a new one', async (t) => {
    served.mount(old.issue('server', 'etcd', -60));
    t.ok(await store.get('a/1'), 'who is connected already stays so');
    all((gate) => gate.open());
    const start = Date.now();
    await t.rejects(store.get('a/1'), { code: 'KV_UNAVAILABLE', retryable: true, message: /certificate has expired/ });
    await t.rejects(store.put('a/2', bytes('2')), { code: 'KV_UNAVAILABLE', retryable: true, message: /certificate has expired/ });
    t.ok(Date.now() - start < 5_000, `two calls took ${Date.now() - start} ms`);
    const before = gates.reduce((sum, { connections }) => sum + connections, 0);
    await sleep(1_000);
    const tried = gates.reduce((sum, { connections }) => sum + connections, 0) - before;
    t.ok(tried < 60, `${tried} connections in a second without a certificate`);
    served.mount(old.issue('server', 'etcd'));
    await insist(() => store.put('a/3', bytes('3')));
    await same(t);
  });

  t.test('authorities are exchanged under a running store: both are trusted for a while, then only the next', async (t) => {
    const both = join(next.folder, 'both.ca');
    writeFileSync(both, `${readFileSync(old.ca)}${readFileSync(next.ca)}`);
    writeFileSync(trusted, readFileSync(both));
    served.mount({ ...next.issue('server', 'etcd'), ca: both });
    const unaware = await open(gated, old.ca);
    await t.rejects(unaware.get('a/1'), { code: 'KV_UNAVAILABLE', message: /unable to (verify|get)|self.signed/ });
    all((gate) => gate.open());
    await insist(() => store.put('a/4', bytes('4')));
    await same(t);

    writeFileSync(trusted, readFileSync(next.ca));
    await sleep(4 * certificateCheckMs);
    await insist(() => store.put('a/5', bytes('5')));
    await same(t);
    served.mount(old.issue('server', 'etcd'));
    all((gate) => gate.open());
    await t.rejects(store.get('a/1'), { code: 'KV_UNAVAILABLE' }, 'the old one is trusted no more');
    served.mount({ ...next.issue('server', 'etcd'), ca: next.ca });
    t.ok(await insist(() => store.get('a/1')));
    await same(t);
  });

  t.test('cut off from all three: changes were compacted, a lease expired', async (t) => {
    const lease = await insist(() => store.lease(1));
    await insist(() => store.put('l/1', bytes('1'), { lease }));
    const { revision } = (await store.get('a/1'))!;
    const watching = (async () => {
      for await (const _ of store.watch('a/', { revision, signal: new AbortController().signal }));
    })();
    watching.catch(() => {});
    await sleep(200);
    all((gate) => gate.cut());
    await until(async () => (await insist(() => other.get('l/1'))) === undefined);
    await other.delete('a/3');
    await other.put('a/6', bytes('6'));
    cluster.control('compact', String(await other.put('a/4', bytes('new'))));
    const told = follower.told.length;
    all((gate) => gate.open());
    await t.rejects(watching, { code: 'KV_COMPACTED' });
    await until(async () => (await insist(() => other.get('l/1'))) !== undefined);
    await same(t);
    const since = follower.told.slice(told).filter((line) => !/lost|synced|last/.test(line));
    t.same(since.sort(), ['delete a/3', 'put a/4', 'put a/6'], 'the difference, and nothing else');
    await insist(() => lease.revoke());
    t.equal(await other.get('l/1'), undefined);
  });

  t.test('a full store says so, still answers, and goes on when it has room', async (t) => {
    const fill = async () => {
      for (let at = 0; at < 100; at++) {
        // A busy disk takes its time for so much.
        await store.put(`fill/${at}`, new Uint8Array(500_000)).catch((error) => {
          if (error.code !== 'KV_TIMEOUT') throw error;
        });
      }
    };
    await t.rejects(fill(), { code: 'KV_FULL', retryable: true });
    t.ok((await store.list('fill/', { keysOnly: true })).entries.length > 0);
    await t.rejects(store.put('a/7', bytes('7')), { code: 'KV_FULL' });
    for (const { key } of (await store.list('fill/', { keysOnly: true })).entries) await store.delete(key);
    cluster.control('compact', String((await store.list('a/')).revision));
    cluster.control('defrag');
    cluster.control('alarm', 'disarm');
    await insist(() => store.put('a/8', bytes('8')));
    await same(t);
  });

  t.test('after all that nothing is left of a closed store', async (t) => {
    await follower.stop();
    await store.close();
    await until(() => gates.every(({ live }) => live === 0), 3).catch(() => {});
    t.same(
      gates.map(({ live }) => live),
      [0, 0, 0],
      'no connection',
    );
  });
});
