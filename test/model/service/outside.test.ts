// What comes with addresses for clients outside: ranges, affinity, algorithms, host ports, health checks, and why nobody answers.

import t from 'tap';
import { serviceRows } from '../../../orchestrator/model/service/frontends.ts';
import { healthAnswer, healthPorts, localEndpoints } from '../../../orchestrator/model/service/health-check.ts';
import { hostPortRows } from '../../../orchestrator/model/service/host-ports.ts';
import type { ServiceFacts, SliceFacts } from '../../../orchestrator/model/service/rows.ts';
import { here, service, slice } from './cases.ts';

t.test('source ranges hold for clients of the network at the load balancer’s addresses', async (t) => {
  const web = service('web', ['10.9.0.1'], ['http:80/6/30080'], {
    type: 'LoadBalancer',
    balancerAddresses: ['198.51.100.1'],
    externalAddresses: ['198.51.100.2'],
    sourceRanges: ['203.0.113.0/24'],
  });
  const { frontends } = serviceRows(web, [], here);
  t.same(
    frontends.filter(({ sourceRanges }) => sourceRanges.length > 0).map(({ key, sourceRanges }) => [key, ...sourceRanges]),
    [['198.51.100.1 6 80 outside', '203.0.113.0/24']],
  );
});

t.test('affinity and algorithm are told with each frontend', async (t) => {
  const more = { affinitySeconds: 60, algorithm: 'random' };
  const { frontends } = serviceRows(service('web', ['10.9.0.1'], ['http:80/6/30080'], { type: 'NodePort', ...more }), [], here);
  const ports = frontends.filter(({ port }) => port !== 0);
  t.equal(ports.length, 3);
  for (const { affinitySeconds, algorithm, isDirect } of ports) t.same([affinitySeconds, algorithm, isDirect], [60, 'random', false]);
});

t.test('packets go to backends elsewhere as they are where every node has the address and chooses alike', async (t) => {
  const direct = (more: Partial<ServiceFacts>, endpoints = ['10.1.0.1 ready n2 z1 - z1', '10.1.0.2 ready n3 z2 - z2']) => {
    const outside = { balancerAddresses: ['198.51.100.1'], externalAddresses: ['198.51.100.2'], algorithm: 'random', forwarding: 'dsr' };
    const web = service('web', ['10.9.0.1'], ['http:80/6/30080'], { type: 'LoadBalancer', ...outside, ...more });
    return serviceRows(web, [slice('s', 'web', ['http:80/6'], endpoints)], here).frontends.filter(({ isDirect }) => isDirect);
  };
  t.same(
    direct({}).map(({ key, backends, algorithm }) => [key, backends.length, algorithm]),
    [
      ['198.51.100.1 6 80 outside', 2, 'maglev'],
      ['198.51.100.2 6 80 outside', 2, 'maglev'],
    ],
    'whatever the hints say, and by the table that all have',
  );
  t.same(direct({ isExternallyLocal: true }), []);
  t.same(direct({ affinitySeconds: 60 }), []);
  t.same(direct({ forwarding: 'snat' }), []);
  t.equal(direct({}, ['10.1.0.1 ending n2'])[0].backends.length, 1);
});

t.test('weights are told where they differ', async (t) => {
  const web = service('web', ['10.9.0.1'], ['http:80/6']);
  const at = (weights: readonly [number, number]) => {
    const slices = weights.map((weight, index) => slice(`s${index}`, 'web', ['http:80/6'], [`10.1.0.${index}`], weight));
    return serviceRows(web, slices, here).frontends[0];
  };
  t.same(at([1, 3]).weights, [1, 3]);
  t.same(at([3, 3]).weights, []);
  t.match(at([0, 0]), { backends: [], why: '2 endpoints of weight 0' });
});

t.test('host ports of a pod are at the addresses of its node, or at the one that is named', async (t) => {
  const port = { protocol: 17, port: 53, hostPort: 5300, hostAddress: '' };
  const pod = { key: 'shop/pod', createdAt: '', addresses: ['10.1.0.1', 'fd01::1'], ports: [port] };
  const keys = (facts: typeof pod) => hostPortRows(facts, here).frontends.map(({ key, backends }) => `${key} > ${backends}`);
  t.same(keys(pod), [
    '192.0.2.1 17 5300 > 10.1.0.1 17 53',
    '192.0.2.1 17 5300 outside > 10.1.0.1 17 53',
    '2001:db8::1 17 5300 > fd01::1 17 53',
    '2001:db8::1 17 5300 outside > fd01::1 17 53',
  ]);
  t.same(keys({ ...pod, ports: [{ ...port, hostAddress: '127.0.0.5' }] }), [
    '127.0.0.5 17 5300 > 10.1.0.1 17 53',
    '127.0.0.5 17 5300 outside > 10.1.0.1 17 53',
  ]);
  t.same(keys({ ...pod, addresses: [] }), []);
});

const reasons: readonly [slices: readonly SliceFacts[], local: boolean, why: string][] = [
  [[], false, 'no endpoint slice names this service'],
  [[slice('s', 'web', ['http:80/6'], [])], false, 'no pod is selected, or none has an address'],
  [[slice('s', 'web', ['http:80/6'], ['fd01::1'])], false, 'none of 1 endpoint has an IPv4 address'],
  [[slice('s', 'web', ['other:80/6'], ['10.1.0.1'])], false, 'no endpoint has a port "http"'],
  [[slice('s', 'web', ['http:80/6'], ['10.1.0.1 unready', '10.1.0.2 gone'])], false, 'none of 2 endpoints is ready'],
  [
    [slice('s', 'web', ['http:80/6'], ['10.1.0.1 ready n2'])],
    true,
    "1 endpoint, and none of them on this node, which the service's policy demands",
  ],
];
for (const [slices, isInternallyLocal, why] of reasons) {
  t.test(`nobody answers: ${why}`, async (t) => {
    const { frontends } = serviceRows(service('web', ['10.9.0.1'], ['http:80/6'], { isInternallyLocal }), slices, here);
    t.match(frontends[0], { backends: [], why });
  });
}

t.test('a health check counts endpoints of this node that are ready, and answers as kube-proxy does', async (t) => {
  const slices = [
    slice('a', 'web', ['http:80/6'], ['10.1.0.1 ready', '10.1.0.2 ending', '10.1.0.3 unready', '10.1.0.4 ready n2']),
    slice('b', 'web', ['other:81/6'], ['10.1.0.1 ready', '10.1.0.5 published']),
  ];
  t.equal(localEndpoints(slices, here, 4), 2);
  t.equal(localEndpoints([], here, 4), 0);
  const both = [...slices, slice('c', 'web', ['http:80/6'], ['fd01::1 ready'])];
  t.same([localEndpoints(both, here, 4), localEndpoints(both, here, 6)], [2, 1], 'those of the family in which it is asked');
  const answer = healthAnswer('shop/web', 2, true);
  t.equal(answer.status, 200);
  t.equal(answer.headers['X-Load-Balancing-Endpoint-Weight'], '2');
  t.equal(
    answer.body,
    '{\n\t"service": {\n\t\t"namespace": "shop",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
  );
  t.equal(healthAnswer('shop/web', 0, true).status, 503);
  t.equal(healthAnswer('shop/web', 2, false).status, 503);
});

t.test('health checks are answered for load balancers that only want local backends, each port for the oldest', async (t) => {
  const more = { type: 'LoadBalancer', isExternallyLocal: true, healthCheckPort: 31000 };
  const ports = healthPorts([
    service('young', ['10.9.0.1'], [], { ...more, createdAt: '2026-02-01T00:00:00Z' }),
    service('old', ['10.9.0.2'], [], { ...more, createdAt: '2026-01-01T00:00:00Z' }),
    service('wide', ['10.9.0.3'], [], { ...more, healthCheckPort: 31001, isExternallyLocal: false }),
    service('node', ['10.9.0.4'], [], { ...more, healthCheckPort: 31002, type: 'NodePort' }),
  ]);
  t.same([...ports], [[31000, 'shop/old']]);
});
