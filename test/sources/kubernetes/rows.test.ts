// Objects as rows: what is read of each resource, and that nothing in an object stops the others.
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { Projection } from '../../../orchestrator/sources/kubernetes/json/projection.ts';
import { type KubeObject, usualShape } from '../../../orchestrator/sources/kubernetes/object.ts';
import { endpointSliceRow, endpointSliceShape } from '../../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import { namespaceRow, namespaceShape } from '../../../orchestrator/sources/kubernetes/rows/namespaces.ts';
import { nodeRow, nodeShape } from '../../../orchestrator/sources/kubernetes/rows/nodes.ts';
import { podRow, podShape } from '../../../orchestrator/sources/kubernetes/rows/pods.ts';
import { policyRows } from '../../../orchestrator/sources/kubernetes/rows/policies.ts';
import { serviceRow, serviceShape } from '../../../orchestrator/sources/kubernetes/rows/services.ts';
import { tableSink } from '../../../orchestrator/sources/kubernetes/sink.ts';
import { openTable } from '../../../orchestrator/state/table.ts';
import { VirtualClock } from '../../../orchestrator/state/virtual-clock.ts';

const metadata = { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '7', labels: { app: 'web' } };
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: {
    nodeName: 'node-1',
    serviceAccountName: 'default',
    containers: [{ name: 'c', ports: [{ name: 'HTTP', containerPort: 8080 }, { containerPort: 9 }] }],
  },
  status: { phase: 'Running', podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }, { ip: 'FD00:0::9' }] },
};
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: {
    clusterIP: '10.96.0.1',
    clusterIPs: ['10.96.0.1'],
    selector: { app: 'web' },
    ports: [{ name: 'h', port: 80, protocol: 'UDP', nodePort: 30080 }],
  },
};
const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints: [
    { addresses: ['10.0.0.9'], conditions: { ready: false, serving: true, terminating: true }, nodeName: 'node-1' },
    { addresses: ['10.0.0.8'] },
  ],
  ports: [{ name: 'h', port: 8080, protocol: 'TCP' }],
};
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1', resourceVersion: '7' },
  spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', 'fd00::/64'] },
  status: {
    addresses: [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'Hostname', address: 'node-1' },
    ],
  },
};
const policy = {
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumNetworkPolicy',
  metadata,
  spec: { endpointSelector: { matchLabels: { app: 'web' } }, ingress: [{ fromEndpoints: [{}] }] },
};
const as = (value: unknown) => structuredClone(value) as KubeObject;
const policyRow = policyRows({ clusterName: 'default', localCluster: true });

t.test('a pod is its place, its labels, its addresses and its named ports', async (t) => {
  t.same(podRow('shop/web', as(pod)), {
    key: 'shop/web',
    rejected: undefined,
    namespace: 'shop',
    name: 'web',
    uid: 'u1',
    node: 'node-1',
    isHostNetwork: false,
    isOver: false,
    isTerminating: false,
    serviceAccount: 'default',
    labels: { app: 'web' },
    addresses: ['10.0.0.9', 'fd00::9'],
    ports: [{ name: 'http', port: 8080, protocol: 6 }],
    hostPorts: [],
    createdAt: '',
  });
});

t.test('host ports of a pod are those of its containers, and none if it has its node’s addresses', async (t) => {
  const ports = [
    { containerPort: 53, hostPort: 5300, protocol: 'UDP', hostIP: '0.0.0.0' },
    { containerPort: 80, hostPort: 8000, hostIP: '::ffff:192.0.2.7' },
    { containerPort: 81 },
  ];
  const metadata = { name: 'dns', namespace: 'shop', resourceVersion: '7', creationTimestamp: '2026-01-02T03:04:05Z' };
  const of = (more: object) => podRow('shop/dns', as({ ...pod, metadata, spec: { containers: [{ name: 'c', ports }], ...more } }));
  t.match(of({}), {
    createdAt: '2026-01-02T03:04:05Z',
    hostPorts: [
      { protocol: 17, port: 53, hostPort: 5300, hostAddress: '' },
      { protocol: 6, port: 80, hostPort: 8000, hostAddress: /192\.0\.2\.7$/ },
    ],
  });
  t.same(of({ hostNetwork: true }).hostPorts, []);
});

t.test('a service is its addresses, its policies and what its annotations ask for', async (t) => {
  const annotations = {
    'service.cilium.io/lb-algorithm': 'random',
    'service.cilium.io/forwarding-mode': 'dsr',
    'axoneme.io/reset-removed-backends': 'true',
  };
  const full = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', resourceVersion: '7', creationTimestamp: '2026-01-02T03:04:05Z', annotations },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1', 'FD09::1'],
      externalIPs: ['198.51.100.2', '198.51.100.2'],
      ports: [{ name: 'h', port: 80, nodePort: 30080 }],
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'ClientIP',
      loadBalancerSourceRanges: ['203.0.113.7/24', ' 2001:db8::/32'],
      healthCheckNodePort: 31000,
    },
    status: {
      loadBalancer: { ingress: [{ ip: '198.51.100.1', ipMode: 'VIP' }, { ip: '198.51.100.9', ipMode: 'Proxy' }, { hostname: 'x' }] },
    },
  };
  t.match(serviceRow('shop/web', as(full)), {
    rejected: undefined,
    createdAt: '2026-01-02T03:04:05Z',
    type: 'LoadBalancer',
    isOthers: false,
    clusterAddresses: ['10.96.0.1', 'fd09::1'],
    externalAddresses: ['198.51.100.2'],
    balancerAddresses: ['198.51.100.1'],
    isExternallyLocal: true,
    isInternallyLocal: false,
    affinitySeconds: 10800,
    sourceRanges: ['203.0.113.0/24', '2001:db8::/32'],
    healthCheckPort: 31000,
    algorithm: 'random',
    forwarding: 'dsr',
    resetRemoved: 'true',
  });
  const bad = { ...full, spec: { ...full.spec, loadBalancerSourceRanges: ['everybody'] } };
  t.match(serviceRow('shop/web', as(bad)).rejected, /loadBalancerSourceRanges: not a prefix: "everybody"/);
  const others = { ...full, metadata: { ...full.metadata, labels: { 'service.kubernetes.io/service-proxy-name': 'mine' } } };
  t.equal(serviceRow('shop/web', as(others)).isOthers, true);
  const timeout = { ...full, spec: { ...full.spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } } };
  t.equal(serviceRow('shop/web', as(timeout)).affinitySeconds, 5);
});

t.test('a slice has a weight and hints where somebody wrote them', async (t) => {
  const weighed = (text: string) =>
    endpointSliceRow('shop/s', as({ ...slice, metadata: { ...slice.metadata, annotations: { 'axoneme.io/weight': text } } }));
  t.equal(weighed('3').weight, 3);
  t.equal(weighed('0').weight, 0);
  t.match(weighed('many').rejected, /not a number from 0 to 1000: "many"/);
  t.match(weighed('1001').rejected, /not a number/);
  const hinted = { ...slice, endpoints: [{ addresses: ['10.0.0.8'], hints: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] } }] };
  t.match(endpointSliceRow('shop/s', as(hinted)), { weight: 1, endpoints: [{ forZones: ['z1'], forNodes: ['n1'] }] });
});

t.test('services, slices, nodes and namespaces are what the network needs of them', async (t) => {
  t.match(serviceRow('shop/web', as(service)), {
    rejected: undefined,
    type: 'ClusterIP',
    clusterAddresses: ['10.96.0.1'],
    ports: [{ name: 'h', port: 80, protocol: 17, nodePort: 30080 }],
    selector: { app: 'web' },
  });
  t.same(serviceRow('shop/web', as({ ...service, spec: { clusterIP: 'None', clusterIPs: ['None'] } })).clusterAddresses, []);
  const row = endpointSliceRow('shop/web', as(slice));
  t.equal(row.service, 'web');
  t.match(row.endpoints, [
    { addresses: ['10.0.0.9'], isReady: false, isServing: true, isTerminating: true, node: 'node-1' },
    { addresses: ['10.0.0.8'], isReady: true, isServing: true, isTerminating: false, node: '' },
  ]);
  t.match(nodeRow('node-1', as(node)), {
    rejected: undefined,
    addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
    podPrefixes: ['10.0.0.0/24', 'fd00::/64'],
  });
  const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: { ...metadata, namespace: undefined } };
  t.match(namespaceRow('web', as(partial)), { rejected: undefined, labels: { app: 'web' } });
});

t.test('a bad object says why, and has nothing else to say', async (t) => {
  const bad = podRow('shop/web', as({ ...pod, status: { podIP: '10.0.0.999' } }));
  t.equal(bad.rejected, 'status.podIPs: not an address: "10.0.0.999"');
  t.same([bad.addresses, bad.labels, bad.key], [[], {}, 'shop/web']);
  t.match(podRow('shop/web', as({ ...pod, spec: { containers: 7 } })).rejected, /spec.containers/);
  t.match(serviceRow('a', as({ ...service, spec: { ports: [{ port: 70000 }] } })).rejected, /not a port: 70000/);
  t.match(endpointSliceRow('a', as({ ...slice, addressType: 'IPX' })).rejected, /not one of IPv4, IPv6, FQDN: "IPX"/);
  t.match(nodeRow('a', as({ ...node, spec: { podCIDRs: ['10.0.0.0/33'] } })).rejected, /not a prefix/);
});

t.test('the last accepted version of a policy stays in force, unless it is another policy by now', async (t) => {
  const broken = { ...policy, spec: { ...policy.spec, ingress: [{ fromCIDR: ['10.0.0.0/33'] }] } };
  const good = policyRow('shop/web', as(policy), undefined);
  t.equal(good.rejected, undefined);
  const kept = policyRow('shop/web', as(broken), good);
  t.match(kept.rejected, /10.0.0.0\/33/);
  t.equal(kept.policy, good.policy);
  t.equal(kept.conditions[0].reason, 'KeptLast');
  t.equal(policyRow('shop/web', as(broken), kept).policy, good.policy, 'however often it is wrong');
  const anew = policyRow('shop/web', as({ ...broken, metadata: { ...metadata, uid: 'u2' } }), kept);
  t.equal(anew.conditions[0].reason, 'DeniedByDefault');
  t.equal(policyRow('shop/web', as({ ...broken, metadata: { ...metadata, uid: 'u2' } }), anew).conditions[0].reason, 'DeniedByDefault');
});

t.test('a table fed by a sink keeps the good rows beside the bad', async (t) => {
  const { table, writer } = openTable({
    name: 'pods',
    key: ({ key }: ReturnType<typeof podRow>) => key,
    columns: {},
    sources: ['kubernetes'],
  });
  const sink = tableSink({ writer, source: 'kubernetes', row: podRow });
  sink.put('shop/bad', as({ ...pod, status: { podIP: 'x' } }));
  sink.put('shop/web', as(pod));
  t.notOk(table.isInitialised);
  sink.synced();
  t.ok(table.isInitialised);
  t.same([...table.rows()].map(({ key, rejected }) => [key, rejected === undefined]).sort(), [
    ['shop/bad', false],
    ['shop/web', true],
  ]);
  t.equal(sink.rejected, 1);
  sink.put('shop/bad', as({ ...pod, status: { podIP: 'y' } }));
  t.equal(sink.rejected, 1);
  sink.delete('shop/bad');
  t.equal(sink.rejected, 0);
  sink.lost('away');
  t.same(
    [...table.rows()].map(({ key }) => key),
    ['shop/web'],
  );
});

t.test('no object makes a reader throw, whatever stands in it, and its shape has all that the row needs', async (t) => {
  const chance = new VirtualClock(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance.random() * list.length)];
  const odd = [null, 0, -1, 1.5, '', 'x', [], {}, [null], [[]], [{}], { a: null }, true, '10.0.0.1', '::', 65536, undefined];
  const spoil = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || chance.random() < 0.15) return pick(odd);
    const keys = Object.keys(value);
    if (keys.length === 0) return pick(odd);
    const key = pick(keys);
    const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    copy[key] = spoil(copy[key]);
    return copy;
  };
  const readers = [
    [pod, podRow, podShape],
    [service, serviceRow, serviceShape],
    [slice, endpointSliceRow, endpointSliceShape],
    [node, nodeRow, nodeShape],
    [{ apiVersion: 'v1', kind: 'Namespace', metadata }, namespaceRow, namespaceShape],
    [policy, (key: string, object: KubeObject) => policyRow(key, object, undefined), usualShape],
  ] as const;
  const projection = new Projection();
  let rejected = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const [object, read, shape] = pick(readers);
    const { spec, status, endpoints, ports, addressType } = object as Record<string, unknown>;
    const body = spoil(spoil({ spec, status, endpoints, ports, addressType, labels: object.metadata }));
    const more = (typeof body === 'object' ? body : {}) as Record<string, unknown>;
    const said = { annotations: { note: 'x' }, ownerReferences: [{}], managedFields: [{}], finalizers: ['f'], deletionTimestamp: 'now' };
    const odds = chance.random() < 0.3 ? { [pick(['labels', ...Object.keys(said)])]: pick([...odd, { note: 1 }]) } : {};
    const spoiled = { ...object, ...more, metadata: { ...object.metadata, ...said, ...odds } };
    const text = JSON.stringify(spoiled);
    const [row, rowOfShape] = [JSON.parse(text), projection.readAll(Buffer.from(text), shape) as KubeObject].map((one) =>
      read('shop/web', one),
    );
    if (row.rejected !== undefined) rejected += 1;
    if (row.rejected === undefined || rowOfShape.rejected === undefined) {
      if (!isDeepStrictEqual(row, rowOfShape)) t.same(rowOfShape, row, text);
    }
  }
  t.ok(rejected > 5000, `${rejected} of 20,000 were rejected`);
});
