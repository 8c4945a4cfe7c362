// Watches: where they begin, what they tell, how they end; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { configMap, pod, startCluster } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';

t.test('watches', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const make = async (name: string, labels = {}) => (await cluster.send('POST', maps, { body: configMap(name, {}, { labels }) })).body;

  t.test('without a revision it begins with what is there', async (t) => {
    await make('first');
    const watching = cluster.watch(`${maps}?watch=true`);
    await watching.until(() => watching.story.includes('ADDED first'));
    await make('second');
    await cluster.send('PATCH', `${maps}/second`, {
      body: { data: { a: 'b' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    await cluster.send('DELETE', `${maps}/second`);
    await watching.until(() => watching.events.length >= 4);
    t.same(watching.story, ['ADDED first', 'ADDED second', 'MODIFIED second', 'DELETED second']);
    const [, added, modified, deleted] = watching.events.map(({ object }) => object);
    t.equal(added.kind, 'ConfigMap');
    t.equal(deleted.data.a, 'b', 'the last state is told');
    t.ok(Number(deleted.metadata.resourceVersion) > Number(modified.metadata.resourceVersion), 'under the revision of its end');
  });

  t.test('from the revision of a list it tells what came after, once and in order', async (t) => {
    const { body: list } = await cluster.send('GET', maps);
    const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => make(name)));
    const watching = cluster.watch(`${maps}?watch=1&resourceVersion=${list.metadata.resourceVersion}`);
    await watching.until(() => watching.events.length >= 30);
    t.same(watching.story.toSorted(), names.map((name) => `ADDED ${name}`).toSorted());
    const revisions = watching.events.map(({ object }) => Number(object.metadata.resourceVersion));
    t.same(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
    t.equal(new Set(revisions).size, 30);
  });

  t.test('an object that begins or ceases to match is added or deleted', async (t) => {
    const { body: list } = await cluster.send('GET', maps);
    const from = `resourceVersion=${list.metadata.resourceVersion}`;
    const watching = cluster.watch(`${maps}?watch=true&${from}&labelSelector=${encodeURIComponent('colour in (red)')}`);
    await make('painted', { colour: 'blue' });
    const paint = (colour: string) =>
      cluster.send('PATCH', `${maps}/painted`, {
        body: { metadata: { labels: { colour } } },
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    await paint('red');
    await cluster.send('PATCH', `${maps}/painted`, {
      body: { data: { x: 'y' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    await paint('green');
    await paint('red');
    await cluster.send('DELETE', `${maps}/painted`);
    await watching.until(() => watching.events.length >= 5);
    t.same(watching.story, ['ADDED painted', 'MODIFIED painted', 'DELETED painted', 'ADDED painted', 'DELETED painted']);
    t.equal(watching.events[2].object.metadata.labels.colour, 'red', 'what no longer matches is told as it last matched');
  });

  t.test('fields select too, and one namespace is no other', async (t) => {
    const pods = '/api/v1/pods';
    const watching = cluster.watch(`${pods}?watch=true&fieldSelector=spec.nodeName%3Dn1`);
    const elsewhere = cluster.watch('/api/v1/namespaces/kube-system/pods?watch=true');
    await watching.until(() => watching.code !== undefined);
    await elsewhere.until(() => elsewhere.code !== undefined);
    await cluster.send('POST', '/api/v1/namespaces/default/pods', { body: pod('here', { spec: { nodeName: 'n1' } }) });
    await cluster.send('POST', '/api/v1/namespaces/default/pods', { body: pod('there', { spec: { nodeName: 'n2' } }) });
    await cluster.send('POST', '/api/v1/namespaces/kube-system/pods', { body: pod('system') });
    await elsewhere.until(() => elsewhere.events.length > 0);
    t.same(elsewhere.story, ['ADDED system']);
    t.same(watching.story, ['ADDED here']);
  });

  t.test('a watch ends after its time, with a bookmark for those who take them', async (t) => {
    const watching = cluster.watch(
      `${maps}?watch=true&resourceVersion=${(await cluster.send('GET', maps)).body.metadata.resourceVersion}&timeoutSeconds=1&allowWatchBookmarks=true`,
    );
    await make('while-watched');
    await watching.until(() => watching.ended);
    t.same(watching.story, ['ADDED while-watched', 'BOOKMARK']);
    const { object } = watching.events[1];
    t.equal(object.kind, 'ConfigMap');
    const next = cluster.watch(`${maps}?watch=true&resourceVersion=${object.metadata.resourceVersion}`);
    await make('after-the-bookmark');
    await next.until(() => next.events.length > 0);
    t.same(next.story, ['ADDED after-the-bookmark'], 'nothing before a bookmark is told again');
  });

  t.test('the state and its end are told to those who ask for it', async (t) => {
    const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
    const watching = cluster.watch(`${maps}?${query}`);
    await watching.until(() => watching.story.includes('BOOKMARK'));
    const bookmark = watching.events.at(-1).object;
    t.equal(bookmark.metadata.annotations['k8s.io/initial-events-end'], 'true');
    t.equal(watching.events.length - 1, (await cluster.send('GET', maps)).body.items.length);
  });

  t.test('rows are watched as tables, metadata as metadata', async (t) => {
    const { headers, body } = await cluster.send('GET', `${maps}/first`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    });
    t.match(headers['content-type'], /json/);
    t.equal(body.kind, 'Table');
    t.same(body.rows[0].cells.slice(0, 2), ['first', 0]);
    t.equal(body.rows[0].object.kind, 'PartialObjectMetadata');
    const part = await cluster.send('GET', maps, {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
    });
    t.equal(part.body.kind, 'PartialObjectMetadataList');
    t.ok(part.body.items.every((item: Record<string, unknown>) => item.data === undefined && item.metadata !== undefined));
  });
});

t.test('revisions that were compacted away', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const { body: list } = await cluster.send('GET', `${maps}?limit=1`);
  for (let index = 0; index < 5; index += 1) await cluster.send('POST', maps, { body: configMap(`m${index}`) });
  const page = await cluster.send('GET', `${maps}?limit=2`);
  const { body: last } = await cluster.send('POST', maps, { body: configMap('last') });
  cluster.etcd.control('compact', last.metadata.resourceVersion);

  t.test('a list at one is answered 410', async (t) => {
    const { code, body } = await cluster.send('GET', `${maps}?resourceVersion=${list.metadata.resourceVersion}&resourceVersionMatch=Exact`);
    t.equal(code, 410);
    t.match(body, { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 });
  });

  t.test('a list in pages can be gone on with as things are now', async (t) => {
    const { code, body } = await cluster.send('GET', `${maps}?limit=2&continue=${page.body.metadata.continue}`);
    t.equal(code, 410);
    t.match(body.message, 'The provided continue parameter is too old');
    const rest = await cluster.send('GET', `${maps}?continue=${body.metadata.continue}`);
    t.equal(rest.code, 200);
    const names = [...page.body.items, ...rest.body.items].map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    t.same(
      names,
      ['last', 'm0', 'm1', 'm2', 'm3', 'm4'].filter((name) => names.includes(name)),
    );
    t.ok(names.includes('m4'));
  });

  t.test('a watch from one that the server itself has forgotten tells 410 as its only event', async (t) => {
    const watching = cluster.watch(`${maps}?watch=true&resourceVersion=1`);
    await watching.until(() => watching.ended);
    t.equal(watching.code, 200);
    t.equal(watching.events.length, 1);
    t.match(watching.events[0], { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    t.match(watching.events[0].object.message, /^too old resource version: 1 \(\d+\)$/);
  });
});
