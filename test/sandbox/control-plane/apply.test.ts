// Applying manifests and placing pods, against an API server over a real etcd and TLS.
import { request } from 'node:https';
import t from 'tap';
import { openEtcd } from '../../../orchestrator/etcd/store.ts';
import { crds } from '../../../orchestrator/model/schema/crds.ts';
import { openApiServer } from '../../../orchestrator/sandbox/api-server/server.ts';
import { applyObjects, deleteObjects, readObjects } from '../../../orchestrator/sandbox/control-plane/apply.ts';
import { Authority } from '../../../orchestrator/sandbox/control-plane/authority.ts';
import { KubeClient } from '../../../orchestrator/sandbox/control-plane/client.ts';
import { Scheduler } from '../../../orchestrator/sandbox/control-plane/scheduler.ts';
import { noEtcd, startEtcd, type TestEnd } from '../../support/etcd.ts';

async function startApi(t: TestEnd) {
  const etcd = await startEtcd(t);
  const store = await openEtcd({ endpoints: etcd.endpoints, timeoutMs: 1_000 });
  const authority = new Authority('test');
  const { certificate, key } = authority.issue('api', ['127.0.0.1']);
  const authenticate = (token: string) => (token === 'ours' ? 'admin' : undefined);
  const server = await openApiServer({ store, authenticate, listen: { tls: { certificate, key } } });
  const clients: KubeClient[] = [];
  const open = (token: string, ca = authority.certificate) => {
    clients.push(new KubeClient({ server: server.url, ca, token }));
    return clients.at(-1)!;
  };
  t.teardown(async () => {
    for (const client of clients) client.close();
    await server.close();
    await store.close();
  });
  return { etcd, kube: open('ours'), open };
}

/** How a server answers a creation that is sent once. */
function refusal(url: string, body: object): Promise<{ status?: number; retryAfter?: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer ours', 'content-type': 'application/json' };
    const sending = request(url, { method: 'POST', headers, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] });
    });
    sending.on('error', reject);
    sending.end(JSON.stringify(body));
  });
}

const apply = (kube: KubeClient, yaml: string) =>
  applyObjects(kube, readObjects(yaml)).then((all) => all.map(({ kind, name, outcome }) => `${kind} ${name} ${outcome}`));

t.test('manifests', { skip: noEtcd }, async (t) => {
  const { etcd, kube, open } = await startApi(t);

  t.test('are made in the order that they need, and left alone when they say nothing new', async (t) => {
    const yaml = `
kind: Pod
apiVersion: v1
metadata: {name: web, namespace: shop}
spec: {containers: [{name: main, image: none}]}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
`;
    t.same(await apply(kube, yaml), ['Pod web created', 'Namespace shop created']);
    t.same(await apply(kube, yaml), ['Pod web unchanged', 'Namespace shop unchanged']);
  });

  t.test('change what they say, take away what they said, and leave what others said', async (t) => {
    const path = '/api/v1/namespaces/default/configmaps/c';
    const yaml = (data: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: c, labels: {mine: "1"}}, data: ${data}}`;
    await apply(kube, yaml('{a: "1", b: "2"}'));
    await kube.patch(path, { data: { other: 'x' }, metadata: { labels: { theirs: '1' } } });
    t.same(await apply(kube, yaml('{a: "3"}')), ['ConfigMap c configured']);
    const { data, metadata } = await kube.get(path);
    t.same(data, { a: '3', other: 'x' });
    t.same(metadata.labels, { mine: '1', theirs: '1' });
    await deleteObjects(kube, readObjects(yaml('{}')));
    t.equal(await kube.find(path), undefined);
    await deleteObjects(kube, readObjects(yaml('{}')));
  });

  t.test('of a kind that is defined in the same breath find it', async (t) => {
    const policy = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'p', namespace: 'default' }, spec: {} };
    const spec = { endpointSelector: {}, ingress: [{}] };
    const outcomes = await applyObjects(kube, [{ ...policy, spec }, ...(crds() as never[])]);
    t.equal(outcomes[0].outcome, 'created');
  });

  t.test('that can not be read are refused with every place, before anything is made', async (t) => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ok}\n---\nkind: [\n---\napiVersion: v1\nkind: Pod\nmetadata: {}\n';
    t.throws(() => readObjects(yaml, 'f.yaml'), {
      code: 'MANIFEST_REFUSED',
      message: /f\.yaml:5:7: .*\n.*f\.yaml:7:1: needs apiVersion, kind and metadata\.name/s,
    });
    await t.rejects(apply(kube, '{apiVersion: v1, kind: Nothing, metadata: {name: x}}'), { message: /no kind Nothing in v1/ });
    await t.rejects(apply(kube, '{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {}}'), { message: /spec\.containers/ });
  });

  t.test('need somebody who is known, and a server that is trusted', async (t) => {
    await t.rejects(open('theirs').get('/api/v1/pods'), { message: /Unauthorized/ });
    await t.rejects(open('ours', new Authority('test').certificate).get('/api/v1/pods'), { code: 'SANDBOX_FAILED' });
  });

  t.test('are made later when the store has no time for them', async (t) => {
    const path = '/api/v1/namespaces/default/configmaps';
    const object = (name: string) => ({ metadata: { name }, data: { a: '1' } });
    etcd.server.pause();
    t.teardown(() => etcd.server.resume());
    const made = kube.create(path, object('later')).catch((error) => error.status);
    t.match(await refusal(kube.server + path, object('refused')), { status: 504, retryAfter: '1' });
    etcd.server.resume();
    const outcome = await made;
    // What the store did of it while nobody heard of it any more is its own affair.
    t.ok(outcome === 409 || outcome.data.a === '1', 'created, the first time or the second');
    t.match(await kube.get(`${path}/later`), { data: { a: '1' } });
  });

  t.test('of pods without a node are placed on nodes that are Ready, wanted, and have the fewest', async (t) => {
    const stop = new AbortController();
    const running = new Scheduler(kube).run(stop.signal);
    t.teardown(() => stop.abort());
    const node = (name: string, ready: string, labels = {}, spec = {}) =>
      kube
        .create('/api/v1/nodes', { metadata: { name, labels }, spec })
        .then(() => kube.patch(`/api/v1/nodes/${name}/status`, { status: { conditions: [{ type: 'Ready', status: ready }] } }));
    const place = '/api/v1/namespaces/default/pods';
    const pod = (name: string, spec = {}) =>
      kube.create(place, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } });
    const placed = async (count: number): Promise<Record<string, string>> => {
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const found = (await kube.list(place)).filter(({ spec }) => spec.nodeName);
        if (found.length === count) return Object.fromEntries(found.map(({ metadata, spec }) => [metadata.name, spec.nodeName]));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${count} pods are not placed within ten seconds`);
    };
    await pod('early');
    await node('a', 'True');
    await node('b', 'True', { disk: 'fast' });
    await node('c', 'False');
    await node('d', 'True', {}, { unschedulable: true });
    for (let count = 1; count <= 3; count += 1) await pod(`p${count}`);
    const nodes = Object.values(await placed(4));
    t.same([nodes.filter((name) => name === 'a').length, nodes.filter((name) => name === 'b').length], [2, 2]);
    for (let count = 1; count <= 2; count += 1) await pod(`fast${count}`, { nodeSelector: { disk: 'fast' } });
    await pod('own', { nodeName: 'c' });
    await pod('nowhere', { nodeSelector: { disk: 'none' } });
    const all = await placed(7);
    t.match(all, { fast1: 'b', fast2: 'b', own: 'c' });
    t.notOk('nowhere' in all);
    stop.abort();
    await running;
  });
});
