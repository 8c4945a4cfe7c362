// Services for clients outside: what they are given, what is refused, and hints in their slices; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, startCluster } from './cluster.ts';

const services = '/api/v1/namespaces/default/services';
const merge = { 'content-type': 'application/merge-patch+json' };

t.test('services for clients outside', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { loadBalancerNetworks: ['198.51.100.0/29', '2001:db8:1::/125'] });
  const make = (name: string, spec: Answered = {}) =>
    cluster.send('POST', services, { body: { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } } });
  const until = async <Found>(look: () => Promise<Found | undefined>): Promise<Found> => {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const ingressOf = async (name: string) => (await cluster.send('GET', `${services}/${name}`)).body.status.loadBalancer.ingress;

  t.test('a load balancer gets an address of each of its families, which is free again when it goes', async (t) => {
    await make('first', { type: 'LoadBalancer', ipFamilyPolicy: 'RequireDualStack' });
    const first = await until(() => ingressOf('first'));
    t.match(first, [
      { ip: /^198\.51\.100\.[1-7]$/, ipMode: 'VIP' },
      { ip: /^2001:db8:1::[1-7]$/, ipMode: 'VIP' },
    ]);
    await make('second', { type: 'LoadBalancer' });
    const second = await until(() => ingressOf('second'));
    t.equal(second.length, 1);
    t.not(second[0].ip, first[0].ip);
    await make('asks', { type: 'LoadBalancer', loadBalancerIP: '198.51.100.6' });
    t.equal((await until(() => ingressOf('asks')))[0].ip, '198.51.100.6');
    const plain = { spec: { type: 'ClusterIP' } };
    t.equal((await cluster.send('PATCH', `${services}/first`, { body: plain, headers: merge })).code, 200);
    await until(async () => ((await ingressOf('first')) === undefined ? true : undefined));
    await make('third', { type: 'LoadBalancer' });
    t.equal((await until(() => ingressOf('third')))[0].ip, first[0].ip);
    for (const name of ['first', 'second', 'asks', 'third']) await cluster.send('DELETE', `${services}/${name}`);
  });

  t.test('one that only wants local backends gets a port for its health, which nobody else has and which goes with the wish', async (t) => {
    const made = (await make('local', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' })).body.spec;
    t.ok(made.healthCheckNodePort >= 30000 && made.healthCheckNodePort <= 32767);
    t.not(made.healthCheckNodePort, made.ports[0].nodePort);
    const taken = await make('other', { type: 'NodePort', ports: [{ port: 80, nodePort: made.healthCheckNodePort }] });
    t.equal(taken.code, 422);
    t.match(taken.body.message, /provided port is already allocated/);
    const same = await cluster.send('PATCH', `${services}/local`, { body: { spec: { selector: { a: 'b' } } }, headers: merge });
    t.equal(same.body.spec.healthCheckNodePort, made.healthCheckNodePort);
    const wide = await cluster.send('PATCH', `${services}/local`, { body: { spec: { externalTrafficPolicy: 'Cluster' } }, headers: merge });
    t.equal(wide.body.spec.healthCheckNodePort, undefined);
    t.equal((await make('other', { type: 'NodePort', ports: [{ port: 80, nodePort: made.healthCheckNodePort }] })).code, 201);
  });

  const refused: readonly [name: string, spec: Answered, message: RegExp][] = [
    ['policy', { externalTrafficPolicy: 'Local' }, /spec.externalTrafficPolicy: .*may only be set for externally-accessible services/],
    ['word', { type: 'NodePort', externalTrafficPolicy: 'Near' }, /Unsupported value: "Near": supported values: "Cluster", "Local"/],
    ['inside', { internalTrafficPolicy: 'Near' }, /spec.internalTrafficPolicy: Unsupported value: "Near"/],
    ['near', { trafficDistribution: 'Near' }, /spec.trafficDistribution: Unsupported value: "Near"/],
    ['health', { type: 'LoadBalancer', healthCheckNodePort: 31000 }, /spec.healthCheckNodePort: .*may only be set when/],
    ['config', { sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } }, /must not be set when session affinity is None/],
    [
      'long',
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } },
      /timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400/,
    ],
    ['address', { externalIPs: ['anywhere'] }, /spec.externalIPs\[0\]: Invalid value: "anywhere"/],
    ['loop', { externalIPs: ['198.51.100.9', '127.0.0.1'] }, /spec.externalIPs\[1\]: Invalid value: "127.0.0.1"/],
    ['ranges', { loadBalancerSourceRanges: ['10.0.0.0/8'] }, /may only be used when `type` is 'LoadBalancer'/],
    ['range', { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/33'] }, /must be a valid CIDR value/],
    [
      'twice',
      {
        type: 'NodePort',
        ports: [
          { name: 'a', port: 80, nodePort: 30080 },
          { name: 'b', port: 81, nodePort: 30080 },
        ],
      },
      /spec.ports\[1\].nodePort: Duplicate value: 30080/,
    ],
  ];
  for (const [name, spec, message] of refused) {
    t.test(`refused: ${name}`, async (t) => {
      const { code, body } = await make(name, spec);
      t.equal(code, 422);
      t.match(body.message, message);
    });
  }

  t.test('what is left out is filled in: external addresses have a policy, both protocols may share a node port', async (t) => {
    t.equal((await make('external', { externalIPs: ['203.0.113.9'] })).body.spec.externalTrafficPolicy, 'Cluster');
    const ports = [
      { name: 'a', port: 53, protocol: 'TCP', nodePort: 30053 },
      { name: 'b', port: 53, protocol: 'UDP', nodePort: 30053 },
    ];
    t.equal((await make('dns', { type: 'NodePort', ports })).code, 201);
    t.equal((await make('kept', { sessionAffinity: 'ClientIP' })).body.spec.sessionAffinityConfig.clientIP.timeoutSeconds, 10800);
  });

  t.test('slices say for whom an endpoint is, where the service asks for that', async (t) => {
    const labels = { 'topology.kubernetes.io/zone': 'z1' };
    await cluster.send('POST', '/api/v1/nodes', { body: { metadata: { name: 'n1', labels } } });
    await cluster.send('POST', '/api/v1/namespaces/default/pods', {
      body: { metadata: { name: 'p', labels: { app: 'near' } }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'none' }] } },
    });
    const status = { phase: 'Running', podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }], conditions: [{ type: 'Ready', status: 'True' }] };
    const path = '/api/v1/namespaces/default/pods/p/status';
    await cluster.send('PATCH', path, { body: { status }, headers: merge });
    const hintsOf = async (name: string) => {
      const { body } = await cluster.send('GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
      const slice = body.items.find(({ metadata }: Answered) => metadata.labels['kubernetes.io/service-name'] === name);
      const [endpoint] = slice?.endpoints ?? [];
      return endpoint === undefined ? undefined : { hints: endpoint.hints };
    };
    for (const [name, trafficDistribution, hints] of [
      ['close', 'PreferClose', { forZones: [{ name: 'z1' }] }],
      ['node', 'PreferSameNode', { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] }],
      ['anywhere', undefined, undefined],
    ] as const) {
      await make(name, { selector: { app: 'near' }, ...(trafficDistribution && { trafficDistribution }) });
      t.same((await until(() => hintsOf(name))).hints, hints, name);
    }
  });
});
