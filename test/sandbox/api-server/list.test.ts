// Lists: pages at one revision, selectors, and which revisions may be asked for; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, configMap, startCluster } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const names = ({ body }: { body: Answered }): string[] => body.items.map(({ metadata }: Answered) => metadata.name);

t.test('lists', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  for (let index = 0; index < 25; index += 1) {
    await cluster.send('POST', maps, {
      body: configMap(`m${String(index).padStart(2, '0')}`, {}, { labels: { even: String(index % 2 === 0) } }),
    });
  }

  t.test('pages show the state that the first one showed', async (t) => {
    const first = await cluster.send('GET', `${maps}?limit=10`);
    await cluster.send('DELETE', `${maps}/m15`);
    await cluster.send('POST', maps, { body: configMap('m12a') });
    const second = await cluster.send('GET', `${maps}?limit=10&continue=${first.body.metadata.continue}`);
    const third = await cluster.send('GET', `${maps}?limit=10&continue=${second.body.metadata.continue}`);
    const all = [first, second, third].flatMap(names);
    t.equal(all.length, 25);
    t.ok(all.includes('m15') && !all.includes('m12a'));
    t.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
    t.equal(third.body.metadata.continue, undefined);
    t.same(
      [first, second, third].map(({ body }) => body.metadata.remainingItemCount),
      [15, 5, undefined],
    );
  });

  t.test('pages of a selection are full', async (t) => {
    const first = await cluster.send('GET', `${maps}?limit=5&labelSelector=even%3Dtrue`);
    t.same(names(first), ['m00', 'm02', 'm04', 'm06', 'm08']);
    t.equal(first.body.metadata.remainingItemCount, undefined, 'nobody has counted what is selected');
    const second = await cluster.send('GET', `${maps}?limit=50&labelSelector=even%3Dtrue&continue=${first.body.metadata.continue}`);
    t.same(names(second), ['m10', 'm12', 'm14', 'm16', 'm18', 'm20', 'm22', 'm24']);
  });

  t.test('members of lists do not say their kind, the list does', async (t) => {
    const { body } = await cluster.send('GET', `${maps}?limit=1`);
    t.match(body, { kind: 'ConfigMapList', apiVersion: 'v1' });
    t.same([body.items[0].kind, body.items[0].apiVersion], [undefined, undefined]);
    t.equal((await cluster.send('GET', `${maps}/m00`)).body.kind, 'ConfigMap');
  });

  t.test('one object can be selected by its name', async (t) => {
    t.same(names(await cluster.send('GET', `${maps}?fieldSelector=metadata.name%3Dm03`)), ['m03']);
    t.same(names(await cluster.send('GET', `/api/v1/configmaps?fieldSelector=metadata.name%3Dm03,metadata.namespace!%3Ddefault`)), []);
  });

  const selectors: [selector: string, count: number][] = [
    ['even', 24],
    // One without the label, which a test above made.
    ['!even', 1],
    ['even=true', 13],
    ['even==true', 13],
    ['even!=true', 12],
    ['even in (true, false)', 24],
    ['even notin (true)', 12],
    ['even in (true),even notin (false)', 13],
    ['even=', 0],
  ];
  for (const [selector, count] of selectors) {
    t.test(`the selector ${selector} matches ${count}`, async (t) => {
      const found = await cluster.send('GET', `${maps}?labelSelector=${encodeURIComponent(selector)}`);
      t.equal(found.body.items.length, count, names(found).join());
    });
  }

  t.test('revisions', async (t) => {
    const before = (await cluster.send('GET', maps)).body.metadata.resourceVersion;
    await cluster.send('POST', maps, { body: configMap('newer') });
    const exact = await cluster.send('GET', `${maps}?resourceVersion=${before}&resourceVersionMatch=Exact`);
    t.equal(exact.body.metadata.resourceVersion, before);
    t.notOk(names(exact).includes('newer'), 'exactly that one shows nothing newer');
    t.ok(names(await cluster.send('GET', `${maps}?resourceVersion=${before}&resourceVersionMatch=NotOlderThan`)).includes('newer'));
    t.ok(names(await cluster.send('GET', `${maps}?resourceVersion=${before}`)).includes('newer'));
    t.notOk(
      names(await cluster.send('GET', `${maps}?resourceVersion=${before}&limit=100`)).includes('newer'),
      'pages at a revision are exactly that one',
    );
    t.ok(names(await cluster.send('GET', `${maps}?resourceVersion=0&limit=100`)).includes('newer'));
    const future = await cluster.send('GET', `${maps}?resourceVersion=99999999`);
    t.equal(future.code, 504);
    t.match(future.body, { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 } });
  });
});
