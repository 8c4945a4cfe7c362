// What agents find in any cluster: the server's certificate and its service, addresses that agree, namespaces that go when their content has;
// against a real etcd.
import t from 'tap';
import { openApiServer } from '../../../orchestrator/sandbox/api-server/server.ts';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, configMap, pod, send, startCluster } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };

async function eventually(holds: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

t.test('a cluster', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { rootCertificate: 'PEM', advertise: { address: '192.0.2.10', port: 6443 } });
  const get = async (path: string) => (await cluster.send('GET', path)).body;
  const data = async (namespace: string) => (await get(`/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`)).data?.['ca.crt'];

  t.test('tells its certificate in every namespace, whatever others do to it', async (t) => {
    for (const namespace of ['default', 'kube-system']) t.equal(await data(namespace), 'PEM');
    await cluster.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'new' } } });
    t.ok(await eventually(async () => (await data('new')) === 'PEM'));
    await cluster.send('DELETE', `${maps}/kube-root-ca.crt`);
    t.ok(await eventually(async () => (await data('default')) === 'PEM'));
    await cluster.send('PATCH', `${maps}/kube-root-ca.crt`, { body: { data: { 'ca.crt': 'other' } }, headers: merge });
    t.ok(await eventually(async () => (await data('default')) === 'PEM'));
  });

  t.test('has a service that leads to it', async (t) => {
    const service = await get('/api/v1/namespaces/default/services/kubernetes');
    t.match(service.spec, { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] });
    t.same((await get('/api/v1/namespaces/default/endpoints/kubernetes')).subsets, [
      { addresses: [{ ip: '192.0.2.10' }], ports: [{ name: 'https', protocol: 'TCP', port: 6443 }] },
    ]);
    const slices = () =>
      get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dkubernetes');
    t.match((await slices()).items, [{ metadata: { name: 'kubernetes' }, endpoints: [{ addresses: ['192.0.2.10'] }] }]);
    const taken = await cluster.send('POST', '/api/v1/namespaces/default/services', {
      body: { metadata: { name: 'taker' }, spec: { clusterIP: '10.96.0.1', ports: [{ port: 1 }] } },
    });
    t.equal(taken.code, 422);
    const moved = await openApiServer({ store: cluster.store, advertise: { address: '192.0.2.11', port: 443 } });
    t.teardown(() => moved.close());
    const { items } = (await send(moved.url, 'GET', '/api/v1/endpoints?fieldSelector=metadata.name%3Dkubernetes')).body;
    t.equal(items[0].subsets[0].addresses[0].ip, '192.0.2.11', 'a server that opens elsewhere says so');
    t.equal((await slices()).items.length, 1);
  });

  t.test('has pods whose one address is the first of all, and nodes likewise', async (t) => {
    await cluster.send('POST', pods, { body: pod('a') });
    const write = async (status: Answered) =>
      (await cluster.send('PATCH', `${pods}/a/status`, { body: { status }, headers: merge })).body.status;
    t.same((await write({ podIP: '10.0.0.1' })).podIPs, [{ ip: '10.0.0.1' }]);
    t.same((await write({ podIP: '10.0.0.2' })).podIPs, [{ ip: '10.0.0.2' }], 'of two that differ the one is meant');
    t.equal((await write({ podIP: null, podIPs: [{ ip: '10.0.0.3' }, { ip: 'fd00::3' }] })).podIP, '10.0.0.3');
    const node = async (name: string, spec: Answered) =>
      (await cluster.send('POST', '/api/v1/nodes', { body: { metadata: { name }, spec } })).body.spec;
    t.same(await node('n1', { podCIDR: '10.1.0.0/24' }), { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] });
    t.same(await node('n2', { podCIDRs: ['10.2.0.0/24', 'fd00:2::/64'] }), {
      podCIDRs: ['10.2.0.0/24', 'fd00:2::/64'],
      podCIDR: '10.2.0.0/24',
    });
    t.same(await node('n3', {}), {});
  });

  t.test('lets a namespace go when the last of its pods has been let go', async (t) => {
    await cluster.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'going' } } });
    const inside = '/api/v1/namespaces/going/pods';
    await eventually(async () => (await cluster.send('POST', inside, { body: pod('slow', { spec: { nodeName: 'n1' } }) })).code === 201);
    const { body } = await cluster.send('DELETE', '/api/v1/namespaces/going');
    t.same([body.status.phase, body.spec.finalizers], ['Terminating', ['kubernetes']]);
    t.ok(await eventually(async () => (await get(`${inside}/slow`)).metadata.deletionTimestamp !== undefined));
    t.equal((await get('/api/v1/namespaces/going')).status.phase, 'Terminating');
    t.equal((await cluster.send('POST', inside, { body: pod('late') })).code, 403);
    await cluster.send('DELETE', `${inside}/slow`, { body: { gracePeriodSeconds: 0 } });
    t.ok(await eventually(async () => (await get('/api/v1/namespaces/going')).code === 404));
    t.equal((await get('/api/v1/namespaces/going/configmaps')).items.length, 0);
  });

  t.test('removes what comes after its owner has gone, and only that', async (t) => {
    const { body: owner } = await cluster.send('POST', maps, { body: configMap('owner') });
    const owned = (name: string, uid: string) =>
      cluster.send('POST', maps, {
        body: configMap(name, {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }] }),
      });
    await owned('heir', owner.metadata.uid);
    await owned('stranger', '00000000-0000-0000-0000-000000000000');
    t.ok(await eventually(async () => (await get(`${maps}/stranger`)).code === 404));
    t.equal((await get(`${maps}/heir`)).kind, 'ConfigMap');
    await cluster.send('DELETE', `${maps}/owner`);
    t.ok(await eventually(async () => (await get(`${maps}/heir`)).code === 404));
  });
});
