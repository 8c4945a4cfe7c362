// Who may talk to the store: certificates of both sides, their end and exchange, users with passwords.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openEtcd } from '../../orchestrator/etcd/store.ts';
import { Authority, mounted, noOpenssl } from '../support/certificates.ts';
import { noEtcd, startEtcd } from '../support/etcd.ts';
import { bytes, Follower, insist, until } from './follower.ts';

t.setTimeout(900_000);
const skip = noEtcd || noOpenssl;

t.test('certificates', { skip }, async (t) => {
  const authority = new Authority(t);
  const server = authority.issue('server', 'etcd');
  const etcd = await startEtcd(t, { tls: { ...server, clientCertificates: true } });
  const endpoints = etcd.endpoints;

  t.test('both sides show theirs, and the store works', async (t) => {
    const store = await openEtcd({ endpoints, tls: authority.issue('client', 'agent') });
    t.teardown(() => store.close());
    await store.put('a', bytes('1'));
    t.equal((await store.get('a'))?.version, 1n);
  });

  t.test('without one, with a stranger’s, or trusting another authority, nothing is had', async (t) => {
    const stranger = new Authority(t, 'another authority').issue('client', 'agent');
    const mine = authority.issue('client', 'agent');
    for (const tls of [{ ca: authority.ca }, { ...stranger, ca: authority.ca }, { ...mine, ca: stranger.ca }]) {
      const store = await openEtcd({ endpoints, tls, timeoutMs: 700 });
      const start = Date.now();
      await t.rejects(store.get('a'), { code: /KV_UNAVAILABLE|KV_TIMEOUT/ });
      t.ok(Date.now() - start < 2_000);
      await store.close();
    }
  });

  t.test('files that are missing or do not belong together are named', async (t) => {
    const mine = authority.issue('client', 'agent');
    const other = authority.issue('client', 'agent');
    await t.rejects(openEtcd({ endpoints, tls: { ...mine, key: other.key } }), { code: 'KV_REFUSED', message: /is not the key of/ });
    await t.rejects(openEtcd({ endpoints, tls: { ...mine, ca: '/nonexistent' } }), { code: 'KV_REFUSED', message: /nonexistent/ });
  });

  t.test('an expired certificate is exchanged for a new one without a restart, watches and leases go on', async (t) => {
    const { files, mount } = mounted(authority.folder, authority.issue('client', 'agent', 4));
    const store = await openEtcd({ endpoints, tls: files, timeoutMs: 1_000, certificateCheckMs: 100 });
    t.teardown(() => store.close());
    const other = await openEtcd({ endpoints, tls: authority.issue('client', 'other') });
    t.teardown(() => other.close());
    const lease = await store.lease(30);
    await store.put('r/leased', bytes('1'), { lease });
    const follower = new Follower(store, 'r/');
    await until(() => follower.count('synced') === 1);
    await sleep(4_500);
    const late = await openEtcd({ endpoints, tls: files, timeoutMs: 700, certificateCheckMs: 100 });
    t.teardown(() => late.close());
    await t.rejects(late.get('r/leased'), { code: /KV_UNAVAILABLE|KV_TIMEOUT/ }, 'it is over indeed');

    const next = authority.issue('client', 'agent');
    mount({ key: next.key });
    await sleep(300);
    t.ok(await insist(() => store.get('r/leased')), 'half an exchange changes nothing');
    mount(next);
    await until(async () => (await late.get('r/leased').catch(() => undefined)) !== undefined, 10);
    await other.put('r/new', bytes('2'));
    await until(() => follower.entries.has('r/new'));
    t.equal(follower.count('invented-delete'), 0);
    t.equal(follower.count('put'), 2, 'nothing is told twice');
    await lease.revoke();
    await until(() => !follower.entries.has('r/leased'));
    await follower.stop();
  });

  t.test('calls under way when certificates change are answered', async (t) => {
    const { files, mount } = mounted(authority.folder, authority.issue('client', 'agent'));
    const store = await openEtcd({ endpoints, tls: files, timeoutMs: 3_000, certificateCheckMs: 50 });
    t.teardown(() => store.close());
    let failed = 0;
    let done = 0;
    let isOver = false;
    const calling = Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        while (!isOver || done <= 20)
          await store.put(`c/${at}`, bytes('1')).then(
            () => done++,
            () => failed++,
          );
      }),
    );
    for (let at = 0; at < 4; at++) {
      await sleep(250);
      mount(authority.issue('client', 'agent'));
    }
    isOver = true;
    await calling;
    t.equal(failed, 0, `of ${done} calls`);
  });
});

t.test('users with passwords', { skip }, async (t) => {
  const etcd = await startEtcd(t, { flags: ['--auth-token-ttl', '1'] });
  const { endpoints } = etcd;
  const user = { name: 'agent', password: 'secret' };
  const before = await openEtcd({ endpoints, user });
  t.teardown(() => before.close());
  await before.put('a/1', bytes('1'));
  t.ok(await before.get('a/1'), 'a password is no harm where none is asked for');

  etcd.control('user', 'add', 'root:root');
  etcd.control('user', 'grant-role', 'root', 'root');
  etcd.control('role', 'add', 'agent');
  etcd.control('role', 'grant-permission', 'agent', '--prefix=true', 'readwrite', 'a/');
  etcd.control('user', 'add', 'agent:secret');
  etcd.control('user', 'grant-role', 'agent', 'agent');
  etcd.control('auth', 'enable');

  const store = await openEtcd({ endpoints, user });
  t.teardown(() => store.close());
  const follower = new Follower(store, 'a/');
  await until(() => follower.count('synced') === 1);
  await store.put('a/2', bytes('2'));
  await t.rejects(store.put('b', bytes('')), { code: 'KV_REFUSED', retryable: false, message: /permission denied/ });
  await t.rejects(store.list(''), { code: 'KV_REFUSED' });
  t.ok(await before.get('a/2'), 'who came before learns it');

  // Tokens live for a second and are forgotten with the server.
  await sleep(2_500);
  t.ok(await store.get('a/2'));
  await etcd.server.kill();
  etcd.server.start();
  await insist(() => store.put('a/3', bytes('3')));
  await until(() => follower.entries.has('a/3'));

  const wrong = await openEtcd({ endpoints, user: { name: 'agent', password: 'wrong' } });
  t.teardown(() => wrong.close());
  const start = Date.now();
  await t.rejects(wrong.get('a/1'), { code: 'KV_REFUSED', message: /authentication failed/ });
  t.ok(Date.now() - start < 2_000, 'at once');
  const anonymous = await openEtcd({ endpoints });
  t.teardown(() => anonymous.close());
  await t.rejects(anonymous.get('a/1'), { code: 'KV_REFUSED' });
  await follower.stop();
});
