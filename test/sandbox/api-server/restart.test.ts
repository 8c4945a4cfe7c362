// What outlives what: a server that starts anew over the same store, a store that is away or compacted while watched; against a real etcd.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openEtcd } from '../../../orchestrator/etcd/store.ts';
import { openApiServer } from '../../../orchestrator/sandbox/api-server/server.ts';
import { noEtcd, startEtcd } from '../../support/etcd.ts';
import { kubectls } from '../../support/kubectl.ts';
import { configMap, send, startCluster, Watching } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';

t.setTimeout(900_000);

t.test('a server that starts anew knows everything, and watches go on where they were', { skip: noEtcd }, async (t) => {
  const etcd = await startEtcd(t);
  const store = await openEtcd({ endpoints: etcd.endpoints });
  t.teardown(() => store.close());
  const first = await openApiServer({ store });
  await send(first.url, 'POST', maps, { body: configMap('before') });
  const { body: list } = await send(first.url, 'GET', maps);
  await send(first.url, 'POST', maps, { body: configMap('meanwhile') });
  await send(first.url, 'DELETE', `${maps}/before`);
  await first.close();
  const second = await openApiServer({ store });
  t.teardown(() => second.close());
  t.match((await send(second.url, 'GET', maps)).body.items, [{ metadata: { name: 'meanwhile' } }]);
  const watching = new Watching(second.url, `${maps}?watch=true&resourceVersion=${list.metadata.resourceVersion}`, t);
  await send(second.url, 'POST', maps, { body: configMap('after') });
  await watching.until(() => watching.events.length >= 3);
  t.same(watching.story, ['ADDED meanwhile', 'DELETED before', 'ADDED after'], 'also over what this server never saw');
});

t.test('while the store is away requests end in time, and afterwards watches have missed nothing', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const watching = cluster.watch(`${maps}?watch=true`);
  await watching.until(() => watching.code === 200);
  await cluster.send('POST', maps, { body: configMap('a') });
  await cluster.etcd.server.kill();
  const started = Date.now();
  const { code, body } = await cluster.send('GET', maps);
  t.ok([503, 504].includes(code), `${code}`);
  t.match(body, { kind: 'Status', status: 'Failure', details: { retryAfterSeconds: 1 } });
  t.ok(Date.now() - started < 15_000);
  t.equal((await cluster.send('GET', '/livez')).code, 200);
  cluster.etcd.server.start();
  await cluster.etcd.healthy();
  const end = Date.now() + 20_000;
  while ((await cluster.send('POST', maps, { body: configMap('b') })).code !== 201 && Date.now() < end) await sleep(100);
  await watching.until(() => watching.story.includes('ADDED b'));
  t.same(watching.story, ['ADDED a', 'ADDED b']);
  t.notOk(watching.ended);
});

const [client] = noEtcd ? [] : kubectls();

t.test(
  'kubectl get --watch prints rows as they change',
  { skip: noEtcd || (client === undefined && 'there is no kubectl here') },
  async (t) => {
    const cluster = await startCluster(t);
    await cluster.send('POST', maps, { body: configMap('a') });
    const printed = cluster.kubectl(client.program, ['get', 'configmaps', '--watch', '--request-timeout=4s']);
    await sleep(1500);
    await cluster.send('POST', maps, { body: configMap('b', { x: 'y' }) });
    await cluster.send('DELETE', `${maps}/b`);
    const { stdout } = await printed;
    t.match(stdout, /^NAME +DATA +AGE\na +0 +\d+s\nb +1 +\d+s\nb +1 +\d+s\n/);
  },
);
