// Deleting: grace, finalizers, whole collections, namespaces with all that is in them; and dry runs; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, configMap, pod, startCluster } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const merge = { 'content-type': 'application/merge-patch+json' };

t.test('deleting', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const gone = async (path: string) => {
    const end = Date.now() + 10_000;
    while ((await cluster.send('GET', path)).code !== 404) {
      if (Date.now() > end) throw new Error(`${path} is still there`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };

  t.test('an object that nothing keeps is gone at once, and a status says which it was', async (t) => {
    const { body } = await cluster.send('POST', maps, { body: configMap('a') });
    const answer = await cluster.send('DELETE', `${maps}/a`);
    t.same(answer.body, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: body.metadata.uid },
    });
    t.equal((await cluster.send('GET', `${maps}/a`)).code, 404);
  });

  t.test('an object with a finalizer waits for it, and takes no new one', async (t) => {
    await cluster.send('POST', maps, { body: configMap('b', {}, { finalizers: ['example.com/one', 'example.com/two'] }) });
    const marked = await cluster.send('DELETE', `${maps}/b`);
    t.match(marked.body.metadata, { name: 'b', deletionTimestamp: /Z$/, deletionGracePeriodSeconds: 0 });
    const patch = (finalizers: string[] | null) =>
      cluster.send('PATCH', `${maps}/b`, { body: { metadata: { finalizers } }, headers: merge });
    const added = await patch(['example.com/one', 'example.com/two', 'example.com/three']);
    t.equal(added.code, 422);
    t.match(
      added.body.message,
      /no new finalizers can be added if the object is being deleted, found new finalizers \[\]string\{"example.com\/three"\}/,
    );
    t.equal((await patch(['example.com/one'])).code, 200);
    t.equal((await cluster.send('GET', `${maps}/b`)).code, 200);
    t.equal((await patch(null)).code, 200);
    t.equal((await cluster.send('GET', `${maps}/b`)).code, 404);
  });

  t.test('a pod on a node has its time, which can only be shortened', async (t) => {
    await cluster.send('POST', pods, { body: pod('c', { spec: { nodeName: 'n1' } }) });
    const first = (await cluster.send('DELETE', `${pods}/c`)).body.metadata;
    t.equal(first.deletionGracePeriodSeconds, 30);
    const second = (await cluster.send('DELETE', `${pods}/c`, { body: { gracePeriodSeconds: 5 } })).body.metadata;
    t.equal(second.deletionGracePeriodSeconds, 5);
    t.ok(second.deletionTimestamp < first.deletionTimestamp);
    t.equal((await cluster.send('DELETE', `${pods}/c`, { body: { gracePeriodSeconds: 60 } })).body.metadata.deletionGracePeriodSeconds, 5);
    t.equal((await cluster.send('DELETE', `${pods}/c`, { body: { gracePeriodSeconds: 0 } })).body.kind, 'Pod');
    t.equal((await cluster.send('GET', `${pods}/c`)).code, 404);
    await cluster.send('POST', pods, { body: pod('nowhere') });
    await cluster.send('DELETE', `${pods}/nowhere`);
    t.equal((await cluster.send('GET', `${pods}/nowhere`)).code, 404, 'a pod that no node has needs none');
  });

  t.test('a pod that is going is hurried by nothing but a shorter time, and let go only as the one that it is', async (t) => {
    const { body: made } = await cluster.send('POST', pods, {
      body: pod('going', { spec: { nodeName: 'n1', terminationGracePeriodSeconds: 40 } }),
    });
    const first = (await cluster.send('DELETE', `${pods}/going`, { body: { gracePeriodSeconds: 50 } })).body.metadata;
    t.equal(first.deletionGracePeriodSeconds, 50);
    const again = (await cluster.send('DELETE', `${pods}/going`)).body.metadata;
    t.same(again, first, 'its own time is not counted again');
    const failed = { body: { metadata: { uid: made.metadata.uid }, status: { phase: 'Failed' } }, headers: strategic };
    t.equal((await cluster.send('PATCH', `${pods}/going/status`, failed)).body.metadata.deletionTimestamp, first.deletionTimestamp);
    await cluster.send('DELETE', `${pods}/going`);
    t.equal((await cluster.send('GET', `${pods}/going`)).code, 200, 'only its kubelet knows that nothing of it is left');
    const last = (uid: string) => cluster.send('DELETE', `${pods}/going`, { body: { gracePeriodSeconds: 0, preconditions: { uid } } });
    const refused = await last('another');
    t.equal(refused.code, 409);
    t.match(refused.body.message, /Precondition failed: UID in precondition: another, UID in object meta: /);
    t.equal((await last(made.metadata.uid)).code, 200);
    const wrong = { body: { metadata: { uid: made.metadata.uid }, status: { phase: 'Failed' } }, headers: strategic };
    t.equal((await cluster.send('PATCH', `${pods}/going/status`, wrong)).code, 404);
  });

  t.test('a pod with a negative time has a second, and one that has ended none', async (t) => {
    await cluster.send('POST', pods, { body: pod('negative', { spec: { nodeName: 'n1' } }) });
    const { body } = await cluster.send('DELETE', `${pods}/negative`, { body: { gracePeriodSeconds: -1 } });
    t.equal(body.metadata.deletionGracePeriodSeconds, 1);
    await cluster.send('DELETE', `${pods}/negative?gracePeriodSeconds=0`);
    await cluster.send('POST', pods, { body: pod('ended', { spec: { nodeName: 'n1' } }) });
    await cluster.send('PATCH', `${pods}/ended/status`, { body: { status: { phase: 'Succeeded' } }, headers: strategic });
    await cluster.send('DELETE', `${pods}/ended`);
    t.equal((await cluster.send('GET', `${pods}/ended`)).code, 404);
  });

  t.test('an evicted pod says why it goes', async (t) => {
    const { body: made } = await cluster.send('POST', pods, { body: pod('evicted', { spec: { nodeName: 'n1' } }) });
    const evict = (deleteOptions: Answered = {}, query = '') =>
      cluster.send('POST', `${pods}/evicted/eviction${query}`, {
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' }, deleteOptions },
      });
    t.equal((await evict({}, '?dryRun=All')).code, 201);
    t.same((await cluster.send('GET', `${pods}/evicted`)).body, made);
    t.equal((await evict({ preconditions: { uid: 'another' } })).code, 409);
    t.match(await evict(), { code: 201, body: { kind: 'Status', status: 'Success' } });
    const { metadata, status } = (await cluster.send('GET', `${pods}/evicted`)).body;
    t.equal(metadata.deletionGracePeriodSeconds, 30);
    t.match(status.conditions, [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }]);
    t.equal((await cluster.send('GET', `${pods}/evicted/eviction`)).code, 405);
    t.equal((await cluster.send('POST', `${pods}/none/eviction`, { body: { metadata: { name: 'none' } } })).code, 404);
    await cluster.send('DELETE', `${pods}/evicted?gracePeriodSeconds=0`);
  });

  t.test('what only a kubelet could answer is said to be missing', async (t) => {
    await cluster.send('POST', pods, { body: pod('quiet') });
    const ask = (name: string, part: string, method = 'GET') => cluster.send(method, `${pods}/${name}/${part}`);
    t.match(await ask('none', 'log'), { code: 404, body: { message: 'pods "none" not found' } });
    t.match(await ask('quiet', 'log'), { code: 400, body: { message: 'pod quiet does not have a host assigned' } });
    await cluster.send('POST', `${pods}/quiet/binding`, { body: { target: { kind: 'Node', name: 'n1' } } });
    for (const part of ['log', 'exec', 'attach', 'portforward']) {
      t.match(await ask('quiet', part, part === 'log' ? 'GET' : 'POST'), {
        code: 501,
        body: { kind: 'Status', reason: 'NotImplemented', message: `pods/${part} is not implemented: this server does not reach kubelets` },
      });
    }
    for (const part of ['proxy', 'resize', 'ephemeralcontainers']) t.equal((await ask('quiet', part)).code, 404, part);
    t.equal((await ask('quiet', 'status', 'DELETE')).code, 405);
    await cluster.send('DELETE', `${pods}/quiet?gracePeriodSeconds=0`);
  });

  t.test('a collection is deleted as far as it is selected', async (t) => {
    for (const name of ['x', 'y', 'z'])
      await cluster.send('POST', maps, { body: configMap(name, {}, { labels: { last: String(name === 'z') } }) });
    const { body } = await cluster.send('DELETE', `${maps}?labelSelector=last%3Dfalse`);
    t.same(
      body.items.map(({ metadata }: Answered) => metadata.name),
      ['x', 'y'],
    );
    t.same(
      (await cluster.send('GET', maps)).body.items.map(({ metadata }: Answered) => metadata.name),
      ['z'],
    );
  });

  t.test('a namespace goes when all in it is gone, and takes nothing new meanwhile', async (t) => {
    await cluster.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'short' } } });
    const accounts = '/api/v1/namespaces/short/serviceaccounts/default';
    const end = Date.now() + 10_000;
    while ((await cluster.send('GET', accounts)).code !== 200 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 30));
    t.equal((await cluster.send('GET', accounts)).code, 200, 'it has an account called default');
    const inside = '/api/v1/namespaces/short/configmaps';
    await cluster.send('POST', inside, { body: configMap('held', {}, { finalizers: ['example.com/held'] }) });
    t.match((await cluster.send('DELETE', '/api/v1/namespaces/short')).body.status, { phase: 'Terminating' });
    const late = await cluster.send('POST', inside, { body: configMap('late') });
    t.equal(late.code, 403);
    t.match(late.body, {
      reason: 'Forbidden',
      message: 'configmaps "late" is forbidden: unable to create new content in namespace short because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    });
    await gone(accounts);
    t.equal((await cluster.send('GET', '/api/v1/namespaces/short')).code, 200);
    await cluster.send('PATCH', `${inside}/held`, { body: { metadata: { finalizers: null } }, headers: merge });
    await gone('/api/v1/namespaces/short');
  });

  t.test('what is owned goes with its owner, is waited for, or is set free, as is asked', async (t) => {
    const own = async (owner: string, name: string) => {
      const { body } = await cluster.send('POST', maps, { body: configMap(owner) });
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: body.metadata.uid, blockOwnerDeletion: true }];
      t.equal((await cluster.send('POST', maps, { body: configMap(name, {}, { ownerReferences }) })).code, 201);
    };
    await own('o1', 'd1');
    await cluster.send('DELETE', `${maps}/o1?propagationPolicy=Background`);
    await gone(`${maps}/d1`);
    await own('o2', 'd2');
    const marked = await cluster.send('DELETE', `${maps}/o2`, { body: { propagationPolicy: 'Foreground' } });
    t.same(marked.body.metadata.finalizers, ['foregroundDeletion']);
    await gone(`${maps}/o2`);
    t.equal((await cluster.send('GET', `${maps}/d2`)).code, 404);
    await own('o3', 'd3');
    await cluster.send('DELETE', `${maps}/o3?propagationPolicy=Orphan`);
    await gone(`${maps}/o3`);
    const left = await cluster.send('GET', `${maps}/d3`);
    t.equal(left.code, 200);
    t.same(left.body.metadata.ownerReferences, []);
  });

  t.test('a dry run answers as the real thing would and changes nothing', async (t) => {
    t.equal((await cluster.send('POST', `${maps}?dryRun=All`, { body: configMap('never') })).code, 201);
    t.equal((await cluster.send('GET', `${maps}/never`)).code, 404);
    t.equal((await cluster.send('POST', `${maps}?dryRun=All`, { body: configMap('z') })).code, 409);
    t.equal((await cluster.send('PATCH', `${maps}/z?dryRun=All`, { body: { data: { a: 'b' } }, headers: merge })).body.data.a, 'b');
    t.equal((await cluster.send('DELETE', `${maps}/z?dryRun=All`)).code, 200);
    t.same((await cluster.send('GET', `${maps}/z`)).body.data, {});
  });

  t.test('names are made of what is given, and are free', async (t) => {
    const made = await Promise.all(
      Array.from({ length: 20 }, () => cluster.send('POST', maps, { body: { metadata: { generateName: 'made-' } } })),
    );
    t.ok(made.every(({ body }) => /^made-[a-z0-9]{5}$/.test(body.metadata.name)));
    t.equal(new Set(made.map(({ body }) => body.metadata.name)).size, 20);
  });
});
