// The world of a simulated cluster: manifests and declarations come and go, and nothing is left of a world that was forgotten.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { maps } from '../../orchestrator/datapath/generated/maps.ts';
import { Cluster, openCluster } from '../../orchestrator/testing/cluster.ts';
import { openMachines } from '../../orchestrator/testing/open-engines.ts';
import { cart, db, from, openShop, policy, ports, web } from './shop.ts';

const verdict = (cluster: Cluster, source: string, target: string, port = 80) => cluster.flow({ from: source, to: target, port }).verdict;

t.test('pods come as manifests too, with their ports, accounts and addresses', async (t) => {
  const cluster = await openCluster({ strict: true });
  cluster.apply(`
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: orders } }
---
apiVersion: v1
kind: Pod
metadata: { name: web-1, namespace: shop, labels: { app: web } }
spec:
  serviceAccountName: front
  containers: [{ name: web, ports: [{ name: http, containerPort: 8080 }] }]
status: { podIP: 10.1.0.7, podIPs: [{ ip: 10.1.0.7 }, { ip: "fd00:10::7" }] }
---
apiVersion: v1
kind: Pod
metadata: { name: agent, namespace: shop }
spec: { hostNetwork: true }
---
apiVersion: v1
kind: Node
metadata: { name: worker }
status: { addresses: [{ type: Hostname, address: worker }, { type: InternalIP, address: 192.0.2.9 }] }
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: { name: front }
spec:
  endpointSelector: { matchLabels: { io.cilium.k8s.policy.serviceaccount: front } }
  ingress:
    - fromEndpoints: [{ matchLabels: { io.cilium.k8s.namespace.labels.team: orders } }]
      toPorts: [{ ports: [{ port: http, protocol: TCP }] }]
    - fromEntities: [remote-node]
`);
  cluster.pod('shop/cart');
  cluster.pod('other');
  const ask = (source: string, port: string | number) => cluster.flow({ from: source, to: 'shop/web-1', port }).verdict;
  t.same([ask('shop/cart', 'http'), ask('shop/cart', 8081), ask('other', 'http'), ask('worker', 1)], ['allow', 'deny', 'deny', 'allow']);
  t.equal(verdict(cluster, 'shop/cart', 'fd00:10::7', 8080), 'allow', 'by its address');
  t.throws(() => ask('shop/agent', 80), { code: 'WORLD_INVALID' }, 'a pod in the network of its node is none of ours');
  t.match(
    cluster.problems.map(({ text }) => text),
    ['manifest:17:22: spec.hostNetwork: '],
  );
  t.ok(cluster.remove('Pod', 'shop', 'web-1'));
  t.throws(() => ask('shop/cart', 80), { code: 'WORLD_INVALID' });
  await cluster.close();
});

t.test('policies, services, groups and namespaces count for as long as they are there', async (t) => {
  const cluster = await openCluster({ crossCheck: 'model' });
  openShop(cluster);
  const asked = () => [cart, '203.0.113.7', '198.51.100.7'].map((target) => verdict(cluster, web, target)).join(' ');
  const group = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumCIDRGroup',
    metadata: { name: 'partners' },
    spec: { externalCIDRs: ['203.0.113.0/24'] },
  };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'cart', namespace: 'shop' }, spec: { selector: { app: 'cart' } } };
  cluster.apply(
    policy('web', {
      egress: [{ toServices: [{ k8sService: { serviceName: 'cart', namespace: 'shop' } }] }, { toCIDRSet: [{ cidrGroupRef: 'partners' }] }],
    }),
  );
  t.equal(asked(), 'deny deny deny', 'a reference to nothing allows nothing');
  cluster.apply(group, service);
  t.equal(asked(), 'allow allow deny');
  cluster.apply({ ...group, spec: { externalCIDRs: ['198.51.100.0/24'] } });
  t.equal(asked(), 'allow deny allow');
  t.ok(cluster.remove('CiliumCIDRGroup', undefined, 'partners'));
  t.ok(cluster.remove('Service', 'shop', 'cart'));
  t.notOk(cluster.remove('Service', 'shop', 'cart'));
  t.equal(asked(), 'deny deny deny');
  t.ok(cluster.remove('CiliumNetworkPolicy', 'shop', 'web'));
  t.equal(asked(), 'allow allow allow');
  await cluster.close();
});

t.test('labels may change: the same question then has another answer', async (t) => {
  const cluster = await openCluster({ crossCheck: 'model' });
  openShop(cluster);
  cluster.apply(
    policy('db', {
      ingress: [
        { fromEndpoints: [{ matchLabels: { app: 'web' } }, { matchLabels: { 'k8s:io.cilium.k8s.namespace.labels.team': 'ops' } }] },
      ],
    }),
  );
  t.same([verdict(cluster, web, db), verdict(cluster, cart, db)], ['allow', 'deny']);
  cluster.pod(web, { labels: { app: 'elsewhere' } });
  cluster.pod(cart, { labels: { app: 'web' } });
  t.same([verdict(cluster, web, db), verdict(cluster, cart, db)], ['deny', 'allow']);
  cluster.namespace('shop', { labels: { team: 'ops' } });
  t.same([verdict(cluster, web, db), verdict(cluster, cart, db)], ['allow', 'allow']);
  cluster.enforcement = 'always';
  t.equal(verdict(cluster, db, web), 'deny');
  cluster.enforcement = 'never';
  t.equal(verdict(cluster, '203.0.113.1', db), 'allow');
  await cluster.close();
});

t.test('problems have places, one bad document hides no other, and the last accepted version stays in force', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-policies-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'a.yaml'),
    'kind: [\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: db, namespace: shop }\nspec:\n  endpointSelector: {}\n  ingress:\n    - fromCIDR: [10.0.0.0/33]\n',
  );
  writeFileSync(join(folder, 'b.json'), JSON.stringify(policy('cart', { ingress: [{}] })));
  const cluster = await openCluster();
  openShop(cluster);
  const problems = await cluster.load(join(folder, '*'));
  t.match(problems.map(({ text }) => text).join('\n'), /a\.yaml:\d+:\d+: [\s\S]*a\.yaml:9:18: spec\.ingress\[0\]\.fromCIDR\[0\]: /);
  t.equal(verdict(cluster, web, cart), 'deny', 'the good one is in force');
  t.equal(verdict(cluster, web, db), 'deny', 'a refused one without an earlier version denies');
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('web') }] }));
  t.equal(
    cluster.problems.some(({ text }) => text.includes('fromCIDR')),
    false,
    'what was put right is no problem any more',
  );
  t.equal(verdict(cluster, web, db), 'allow');
  t.match(cluster.apply(policy('db', { ingress: 'all' }))[0]?.text, /^CiliumNetworkPolicy shop\/db: spec\.ingress: /);
  t.same([verdict(cluster, web, db), verdict(cluster, cart, db)], ['allow', 'deny'], 'the last accepted version stays');
  await cluster.close();
  const strict = await openCluster({ strict: true });
  t.throws(() => strict.apply(policy('db', { ingress: 'all' })), {
    code: 'MANIFEST_REFUSED',
    message: /^manifests: CiliumNetworkPolicy shop\/db: spec\.ingress: /,
  });
  await strict.close();
});

t.test('names are what a pod was told: by answer, by pod, for as long as they live, however many there are', async (t) => {
  const cluster = await openCluster({ crossCheck: 'model' });
  openShop(cluster);
  const selectors = Array.from({ length: 9 }, (_, index) => ({ matchName: `n${index}.example.com` }));
  for (const app of ['web', 'cart'])
    cluster.apply(policy(app, { egress: selectors.map((name, index) => ({ toFQDNs: [name], toPorts: ports(1000 + index) })) }));
  const address = '203.0.113.5';
  const reached = (pod: string) =>
    selectors.flatMap((_, index) => (verdict(cluster, pod, address, 1000 + index) === 'allow' ? [index] : []));
  t.same(reached(web), []);
  cluster.answer({ pod: web, name: 'N0.Example.COM.', addresses: [address, '2001:db8::5'], ttl: 10 });
  t.same([reached(web), reached(cart)], [[0], []]);
  t.equal(verdict(cluster, web, '2001:db8::5', 1000), 'allow');
  for (const index of [1, 2, 3]) cluster.answer({ name: `n${index}.example.com`, addresses: [address], ttl: 20 });
  t.same(
    [reached(web), reached(cart)],
    [
      [0, 1, 2, 3],
      [1, 2, 3],
    ],
  );
  cluster.advance(11);
  t.same(reached(web), [1, 2, 3]);
  for (const index of [4, 5, 6, 7, 8]) cluster.answer({ name: `n${index}.example.com`, addresses: [address], ttl: 100 + index });
  t.same(reached(cart), [1, 2, 3, 4, 5, 6, 7, 8], 'more names than an entry has room for share places');
  cluster.advance(1000);
  t.same(reached(cart), []);
  await cluster.close();
});

t.test('a forgotten world leaves every map as it was found', async (t) => {
  const machines = await openMachines(['wasm']);
  const cluster = new Cluster({}, ['wasm'], machines);
  const counts = async () => {
    const found: Record<string, number> = {};
    for (const spec of maps)
      if (spec.kind !== 'ring' && spec.name !== 'metrics')
        found[spec.name] = await (machines[0] as (typeof machines)[number]).map(spec).count();
    return found;
  };
  const empty = await counts();
  openShop(cluster);
  cluster.outside('203.0.113.1', { names: ['a.example.com'] });
  cluster.apply(
    policy('web', {
      egress: [{ toFQDNs: [{ matchName: 'a.example.com' }] }, { toCIDR: ['198.51.100.0/24'] }],
      ingress: [{ fromEndpoints: from('db') }],
    }),
  );
  cluster.flow({ from: web, to: db, port: 80 });
  cluster.flow({ from: web, to: '203.0.113.1', protocol: 'icmpv6' });
  const connection = cluster.connect({ from: db, to: web, port: 80 });
  connection.send();
  t.ok(connection.reply().passed);
  const full = await counts();
  for (const name of ['policy', 'endpoints', 'ipcache', 'epochs', 'grants', 'conntrack']) t.ok((full[name] ?? 0) > 0, name);
  t.equal(full.conntrack, 1, 'questions leave no flow');
  cluster.reset();
  t.same(await counts(), empty);
  await cluster.close();
});

t.test('a cluster that was used for other worlds answers like a new one', async (t) => {
  const used = await openCluster();
  for (let world = 0; world < 30; world++) {
    const fresh = await openCluster();
    used.reset();
    for (const cluster of [used, fresh]) {
      openShop(cluster);
      const app = ['web', 'cart', 'db'][world % 3] as string;
      cluster.apply(
        policy(app, { ingress: [{ fromEndpoints: from(world % 2 === 0 ? 'web' : 'cart'), toPorts: ports(80 + (world % 4)) }] }),
      );
      if (world % 5 === 0) cluster.apply(policy(app, { egress: [{ toCIDR: [`203.0.113.${world}/32`] }] }, 'out'));
    }
    const answers = (cluster: Cluster) =>
      [web, cart, db, '203.0.113.5'].flatMap((a) =>
        [web, cart, db, '203.0.113.5', '203.0.113.10'].map((b) => JSON.stringify(cluster.flow({ from: a, to: b, port: 81 }))),
      );
    t.same(answers(used), answers(fresh));
    await fresh.close();
  }
  await used.close();
});

t.test('a difference between engines is an error that names both', async (t) => {
  const machines = await openMachines(['wasm']);
  const cluster = new Cluster({}, ['wasm', 'model'], machines);
  openShop(cluster);
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('web') }] }));
  t.equal(verdict(cluster, web, db), 'allow');
  const spec = maps.find(({ name }) => name === 'policy') as (typeof maps)[number];
  const map = (machines[0] as (typeof machines)[number]).map(spec);
  for await (const [key] of map.entries()) map.deleteNow(key);
  t.throws(() => verdict(cluster, web, db), {
    code: 'ENGINES_DIFFER',
    message: 'flow: shop/web to shop/db 80/tcp: ingress: wasm says deny (policyDenied), model says allow by cnp/shop/db spec.ingress[0]',
  });
  await cluster.close();
});

t.test('a world that the maps cannot hold is refused, and asked nothing until it is another', async (t) => {
  const cluster = await openCluster({ sizes: { policy: 8 } });
  openShop(cluster);
  cluster.apply(
    policy('db', { ingress: [{ fromEndpoints: from('web'), toPorts: ports(...Array.from({ length: 20 }, (_, port) => 2 * port + 1)) }] }),
  );
  for (let time = 0; time < 2; time++) t.throws(() => verdict(cluster, web, db), { code: 'MAP_FULL' });
  cluster.reset();
  openShop(cluster);
  t.equal(verdict(cluster, web, db), 'allow');
  await cluster.close();
});
