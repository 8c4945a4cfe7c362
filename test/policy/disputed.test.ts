// Disputed: where Cilium's engine does what one may not want, and what we do instead. Each test says why.
import t from 'tap';
import { openSmall } from './small-cluster.ts';

const pods = { 'shop/web': 'app=web', 'shop/api': 'app=api', 'shop/db': 'app=db', 'ops/mon': 'app=mon' };
const others = ['world', 'host', 'remote-node'] as const;

t.test(
  'an ipBlock does not open the own namespace of its policy: Kubernetes lets it mean addresses, and Cilium leaks there by an oversight',
  async (t) => {
    const manifests = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { namespace: shop, name: partners }
    spec: { podSelector: { matchLabels: { app: web } }, ingress: [ { from: [ { ipBlock: { cidr: 203.0.113.0/24 } } ], ports: [ { port: 80 } ] } ] }`;
    for (const localCluster of [true, false]) {
      await using cluster = await openSmall({ pods, others, manifests }, { localCluster });
      t.equal(cluster.flow('shop/api', 'shop/web', 'TCP 80').ingress, 'deny');
      t.equal(cluster.flow('ops/mon', 'shop/web', 'TCP 80').ingress, 'deny');
      t.equal(cluster.flow('world', 'shop/web', 'TCP 80').ingress, 'allow');
    }
  },
);

t.test('an ipBlock does not mean pods, whatever addresses they have: Kubernetes leaves it open, Cilium documents it', async (t) => {
  const manifests = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { namespace: shop, name: all-addresses }
    spec: { podSelector: { matchLabels: { app: web } }, policyTypes: [Egress], egress: [ { to: [ { ipBlock: { cidr: 10.0.0.0/8 } } ] } ] }`;
  await using cluster = await openSmall({ pods, manifests });
  t.equal(cluster.flow('shop/web', 'shop/db', 'TCP 80').egress, 'deny');
});

t.test('policyTypes rules: sections that it does not name do nothing, as Kubernetes says; Cilium enforces them', async (t) => {
  const onlyIngress = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { namespace: shop, name: only-ingress }
    spec: { podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress], egress: [ { to: [ { podSelector: { matchLabels: { app: db } } } ] } ] }`;
  await using ingress = await openSmall({ pods, others, manifests: onlyIngress });
  t.same(ingress.flow('shop/web', 'shop/api', 'TCP 80'), { egress: 'allow', ingress: 'allow', verdict: 'allow' });
  t.equal(ingress.flow('shop/api', 'shop/web', 'TCP 80').ingress, 'deny');
  const onlyEgress = onlyIngress
    .replace('[Ingress]', '[Egress]')
    .replace('egress: [ { to:', 'ingress: [ { from:')
    .replace('only-ingress', 'only-egress');
  await using egress = await openSmall({ pods, others, manifests: onlyEgress });
  t.equal(egress.flow('shop/web', 'shop/db', 'TCP 80').egress, 'deny');
  t.equal(egress.flow('shop/api', 'shop/web', 'TCP 80').ingress, 'allow');
});

t.test('without policyTypes both directions are enforced if there are egress rules', async (t) => {
  const manifests = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { namespace: shop, name: untyped }
    spec: { podSelector: { matchLabels: { app: web } }, egress: [ { to: [ { podSelector: { matchLabels: { app: db } } } ] } ] }`;
  await using cluster = await openSmall({ pods, manifests });
  t.equal(cluster.flow('shop/web', 'shop/db', 'TCP 80').verdict, 'allow');
  t.equal(cluster.flow('shop/web', 'shop/api', 'TCP 80').egress, 'deny');
  t.equal(cluster.flow('shop/db', 'shop/web', 'TCP 80').ingress, 'deny');
});

t.test('peers that stand for nobody allow nothing, with ports too: Cilium opens those ports to everybody', async (t) => {
  const egress = (peers: string) => `
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata: { namespace: shop, name: nobody }
    spec: { endpointSelector: { matchLabels: { app: web } }, egress: [ { ${peers}toPorts: [ { ports: [ { port: "80", protocol: TCP } ] } ] } ] }`;
  const nobody = [
    'toServices: [ { k8sService: { serviceName: nosuch, namespace: shop } } ], ',
    'toServices: [ { k8sServiceSelector: { selector: { matchLabels: { is: absent } } } } ], ',
    'toServices: [], ',
    'toFQDNs: [], ',
    'toCIDRSet: [ { cidrGroupRef: nosuch } ], ',
    'toEndpoints: [], ',
    'toCIDR: [], ',
    'toEntities: [], ',
    'toRequires: [ { matchLabels: { app: api } } ], ',
  ];
  for (const peers of nobody) {
    await using cluster = await openSmall({ pods, others, manifests: egress(peers) });
    for (const to of ['shop/api', 'ops/mon', 'world', 'host'])
      t.equal(cluster.flow('shop/web', to, 'TCP 80').egress, 'deny', `${peers} ${to}`);
  }
  await using everybody = await openSmall({ pods, others, manifests: egress('') });
  t.equal(everybody.flow('shop/web', 'world', 'TCP 80').egress, 'allow', 'without any such field it is everybody');
  await using ofNull = await openSmall({ pods, others, manifests: egress('toFQDNs: null, ') });
  t.equal(ofNull.flow('shop/web', 'world', 'TCP 80').egress, 'allow', 'and null is no field');
});

t.test('an endPort below its port adds nothing: the port alone is meant', async (t) => {
  const manifests = `
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata: { namespace: shop, name: low }
    spec: { endpointSelector: { matchLabels: { app: web } }, ingress: [ { toPorts: [ { ports: [ { port: "8000", endPort: 7000, protocol: TCP } ] } ] } ] }`;
  await using cluster = await openSmall({ pods, manifests });
  const allowed = [0, 6999, 7000, 7500, 7999, 8000, 8001, 65535].filter(
    (port) => cluster.flow('shop/api', 'shop/web', `TCP ${port}`).ingress === 'allow',
  );
  t.same(allowed, [8000]);
});

t.test(
  'what a selector excludes is looked for among pods of this cluster, so addresses outside and nodes are not let in by it',
  async (t) => {
    const manifests = `
    apiVersion: cilium.io/v2
    kind: CiliumClusterwideNetworkPolicy
    metadata: { name: not-shop }
    spec:
      endpointSelector: { matchLabels: { app: db } }
      ingress: [ { fromEndpoints: [ { matchExpressions: [ { key: io.kubernetes.pod.namespace, operator: NotIn, values: [shop] } ] } ] } ]`;
    await using today = await openSmall({ pods, others, manifests });
    await using before = await openSmall({ pods, others, manifests }, { localCluster: false });
    for (const from of ['world', 'remote-node']) {
      t.equal(today.flow(from, 'shop/db', 'TCP 80').ingress, 'deny');
      t.equal(before.flow(from, 'shop/db', 'TCP 80').ingress, 'allow', 'Cilium before 1.19');
    }
    t.equal(today.flow('ops/mon', 'shop/db', 'TCP 80').ingress, 'allow');
  },
);

t.test(
  'a port name of egress means one number: pods that disagree leave the rule without any, and a rule without peers asks all pods',
  async (t) => {
    const manifests = (peers: string) => `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { namespace: shop, name: by-name }
    spec: { podSelector: { matchLabels: { app: web } }, policyTypes: [Egress], egress: [ { ${peers}ports: [ { port: http } ] } ] }`;
    const ports = { 'shop/api': { http: 8080 }, 'shop/db': { http: 8081, pg: 5432 } };
    await using selected = await openSmall({
      pods,
      ports,
      others,
      manifests: manifests('to: [ { podSelector: { matchLabels: { app: api } } } ], '),
    });
    t.equal(selected.flow('shop/web', 'shop/api', 'TCP 8080').egress, 'allow');
    await using disagreeing = await openSmall({ pods, ports, others, manifests: manifests('to: [ { podSelector: {} } ], ') });
    t.equal(disagreeing.flow('shop/web', 'shop/api', 'TCP 8080').egress, 'deny');
    await using all = await openSmall({ pods, ports, others, manifests: manifests('').replace('http', 'pg') });
    t.equal(all.flow('shop/web', 'world', 'TCP 5432').egress, 'allow', 'every peer, as Cilium has it');
  },
);

t.test('with every endpoint enforced the host still reaches its pods: kubelet must probe them', async (t) => {
  await using always = await openSmall({ pods, others, manifests: '' }, { enforcement: 'always' });
  t.equal(always.flow('host', 'shop/web', 'TCP 80').ingress, 'allow');
  t.equal(always.flow('remote-node', 'shop/web', 'TCP 80').ingress, 'deny');
});
