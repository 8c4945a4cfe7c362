// Services and slices that come and go: worked out bit by bit, the rows are the ones worked out from scratch.

import fc from 'fast-check';
import t from 'tap';
import { namedRows } from '../../../orchestrator/model/service/backends.ts';
import { serviceRows } from '../../../orchestrator/model/service/frontends.ts';
import { ServiceMerge } from '../../../orchestrator/model/service/merge.ts';
import type { BackendRow, FrontendRow, ServiceFacts, SliceFacts } from '../../../orchestrator/model/service/rows.ts';
import { here, service, slice, states } from './cases.ts';

function openMerge(): ServiceMerge {
  const merge = new ServiceMerge();
  merge.setNode(here);
  return merge;
}

t.test('only what became different is told', async (t) => {
  const merge = openMerge();
  merge.putService(service('web', ['10.9.0.1'], ['http:80/6']));
  merge.putSlice(slice('a', 'web', ['http:8080/6'], ['10.1.0.1', '10.1.0.2']));
  const first = merge.takeChanges();
  t.same(
    first.frontends.put.map(({ key }) => key),
    ['10.9.0.1 0 0', '10.9.0.1 6 80'],
  );
  t.same(
    first.backends.put.map(({ key }) => key),
    ['10.1.0.1 6 8080', '10.1.0.2 6 8080'],
  );
  merge.putService(service('web', ['10.9.0.1'], ['http:80/6']));
  const nothing = { frontends: { put: [], removed: [] }, backends: { put: [], removed: [] } };
  t.same(merge.takeChanges(), nothing);
  merge.putSlice(slice('a', 'web', ['http:8080/6'], ['10.1.0.1', '10.1.0.2 ending']));
  const second = merge.takeChanges();
  t.same(
    second.frontends.put.map(({ key, backends }) => [key, backends]),
    [['10.9.0.1 6 80', ['10.1.0.1 6 8080']]],
  );
  t.same(
    second.backends.put.map(({ key, state }) => [key, state]),
    [['10.1.0.2 6 8080', 'draining']],
  );
  merge.removeService('shop/web');
  merge.removeSlice('shop/a');
  merge.removeSlice('shop/never');
  t.same(merge.takeChanges(), {
    frontends: { put: [], removed: ['10.9.0.1 0 0', '10.9.0.1 6 80'] },
    backends: { put: [], removed: ['10.1.0.1 6 8080', '10.1.0.2 6 8080'] },
  });
});

t.test('whom slices name is a backend before its service is there, and stays one when that goes and comes again', async (t) => {
  const merge = openMerge();
  const backend = '10.1.0.1 6 8080';
  const keys = (rows: readonly { readonly key: string }[]) => rows.map(({ key }) => key);
  merge.putSlice(slice('a', 'web', ['http:8080/6'], ['10.1.0.1', '10.1.0.2 unready']));
  const first = merge.takeChanges();
  t.same([keys(first.frontends.put), keys(first.backends.put)], [[], [backend]]);
  merge.putService(service('web', ['10.9.0.1'], ['http:80/6']));
  const second = merge.takeChanges();
  t.same([keys(second.frontends.put), keys(second.backends.put)], [['10.9.0.1 0 0', '10.9.0.1 6 80'], []]);
  t.same(second.frontends.put[1]?.backends, [backend]);
  merge.removeService('shop/web');
  const third = merge.takeChanges();
  t.same([third.frontends.removed, third.backends], [['10.9.0.1 0 0', '10.9.0.1 6 80'], { put: [], removed: [] }]);
  merge.removeSlice('shop/a');
  t.same(merge.takeChanges().backends.removed, [backend]);
});

t.test('a backend of two services is one row, and active if one of them says so', async (t) => {
  const merge = openMerge();
  merge.putService(service('a', ['10.9.0.1'], ['http:80/6']));
  merge.putService(service('b', ['10.9.0.2'], ['http:80/6']));
  merge.putSlice(slice('a', 'a', ['http:8080/6'], ['10.1.0.1 ending']));
  merge.putSlice(slice('b', 'b', ['http:8080/6'], ['10.1.0.1 ready']));
  t.same(
    merge.takeChanges().backends.put.map(({ key, state }) => [key, state]),
    [['10.1.0.1 6 8080', 'active']],
  );
  merge.removeService('shop/b');
  merge.removeSlice('shop/b');
  t.same(merge.takeChanges().backends, { put: [...merge.backends()], removed: [] });
  t.equal([...merge.backends()][0].state, 'draining');
});

t.test('of services that claim an address the oldest has it; a cluster address stays its service’s, a pod’s port yields', async (t) => {
  const merge = openMerge();
  const outside = { externalAddresses: ['198.51.100.1'] };
  merge.putService(service('a', ['10.9.0.1'], ['http:80/6/30080'], { ...outside, createdAt: '2026-02-01T00:00:00Z' }));
  merge.putService(service('b', ['10.9.0.2'], ['http:80/6'], { ...outside, createdAt: '2026-01-01T00:00:00Z' }));
  merge.putService(service('thief', ['10.9.0.3'], ['http:80/6'], { externalAddresses: ['10.9.0.1'], createdAt: '2020-01-01T00:00:00Z' }));
  const port = { protocol: 6, port: 80, hostPort: 30080, hostAddress: '' };
  const hostPort = { key: 'shop/pod', createdAt: '2020-01-01T00:00:00Z', addresses: ['10.1.0.1'], ports: [port] };
  merge.putHostPorts(hostPort);
  merge.takeChanges();
  const ownerOf = (key: string) => [...merge.frontends()].find((row) => row.key === key)?.service;
  t.equal(ownerOf('198.51.100.1 6 80'), 'shop/b');
  t.equal(ownerOf('198.51.100.1 6 80 outside'), 'shop/b');
  t.equal(ownerOf('10.9.0.1 6 80'), 'shop/a');
  t.equal(ownerOf('192.0.2.1 6 30080'), 'shop/a');
  t.same(
    merge.conflicts().map(({ frontend, services }) => [frontend, ...services]),
    [
      ['10.9.0.1 6 80', 'shop/thief', 'shop/a'],
      ['192.0.2.1 6 30080', 'pod shop/pod', 'shop/a'],
      ['192.0.2.1 6 30080 outside', 'pod shop/pod', 'shop/a'],
      ['198.51.100.1 6 80', 'shop/b', 'shop/a'],
      ['198.51.100.1 6 80 outside', 'shop/b', 'shop/a'],
    ],
  );
  merge.removeService('shop/a');
  merge.takeChanges();
  t.equal(ownerOf('192.0.2.1 6 30080'), 'shop/pod');
  merge.removeHostPorts('shop/pod');
  t.same(merge.takeChanges().frontends.removed, ['192.0.2.1 6 30080', '192.0.2.1 6 30080 outside']);
});

t.test('a node that gets another address serves its ports there too', async (t) => {
  const merge = openMerge();
  merge.putService(service('a', ['10.9.0.1'], ['http:80/6/30080'], { type: 'NodePort' }));
  merge.takeChanges();
  merge.setNode({ ...here, addresses: ['192.0.2.1', '192.0.2.9'] });
  t.same(
    merge.takeChanges().frontends.put.map(({ key }) => key),
    ['192.0.2.9 6 30080', '192.0.2.9 6 30080 outside'],
  );
});

t.test('what means nothing is told, as long as it is there', async (t) => {
  const merge = openMerge();
  merge.putService(service('a', ['10.9.0.1'], [], { algorithm: 'best', forwarding: 'teleport' }));
  merge.putSlice(slice('s', 'a', ['http:80/6'], ['10.1.0.1', '10.1.0.1', '10.1.0.2']));
  merge.putSlice(slice('lost', 'never', ['http:80/6'], ['10.1.0.1']));
  merge.takeChanges();
  t.same(
    merge.faults().map(({ subject, message }) => `${subject}: ${message}`),
    [
      'service shop/a: it has no ports: its addresses answer nobody',
      'service shop/a: no such lb-algorithm: "best": maglev is taken',
      'service shop/a: no such forwarding-mode: "teleport": snat is taken',
      'endpoint slice shop/s: 10.1.0.1 is in it twice or more: it counts once',
    ],
  );
  t.same([...merge.missingServices()], ['shop/never']);
  merge.putService(service('never', ['10.9.0.2'], ['http:80/6']));
  t.same([...merge.missingServices()], []);
  merge.removeService('shop/a');
  merge.takeChanges();
  t.same(merge.faults(), []);
});

t.test('a slice of 5,000 endpoints is one like others', async (t) => {
  const merge = openMerge();
  merge.putService(service('a', ['10.9.0.1'], ['http:80/6']));
  merge.putSlice(
    slice(
      's',
      'a',
      ['http:80/6'],
      Array.from({ length: 5000 }, (_, at) => `10.1.${at >> 8}.${at & 255}`),
    ),
  );
  const { frontends, backends } = merge.takeChanges();
  t.equal(frontends.put[1].backends.length, 5000);
  t.equal(backends.put.length, 5000);
  t.match(merge.faults()[0].message, /5000 endpoints/);
});

t.test('of two services that are as old the first by name has an address, and the dispute is told', async (t) => {
  const merge = openMerge();
  merge.putService(service('b', ['10.9.0.1'], ['http:80/6']));
  merge.putService(service('a', ['10.9.0.1'], ['http:80/6']));
  merge.takeChanges();
  t.same(
    [...merge.frontends()].map(({ service }) => service),
    ['shop/a', 'shop/a'],
  );
  t.same(
    merge.conflicts().map(({ services }) => services),
    [
      ['shop/a', 'shop/b'],
      ['shop/a', 'shop/b'],
    ],
  );
  merge.removeService('shop/a');
  t.same(
    merge.takeChanges().frontends.put.map(({ service }) => service),
    ['shop/b', 'shop/b'],
  );
});

const names = ['a', 'b', 'c'];
const addresses = ['10.9.0.1', '10.9.0.2', 'fd09::1'];
const ports = ['http:80/6', 'dns:53/17', ':80/6'];
const endpoints = ['10.1.0.1', '10.1.0.2', '10.1.0.3', 'fd01::1', 'fd01::2'];

type Input =
  | { readonly put: ServiceFacts }
  | { readonly remove: string }
  | { readonly putSlice: SliceFacts }
  | { readonly removeSlice: string };

const endpointText = fc.tuple(fc.constantFrom(...endpoints), fc.constantFrom(...states)).map((parts) => parts.join(' '));
const name = fc.constantFrom(...names);
const input: fc.Arbitrary<Input> = fc.oneof(
  fc.tuple(name, fc.subarray(addresses), fc.subarray(ports)).map(([name, addresses, ports]) => ({ put: service(name, addresses, ports) })),
  name.map((name) => ({ remove: `shop/${name}` })),
  fc
    .tuple(fc.constantFrom('s1', 's2', 's3'), fc.constantFrom(...names, ''), fc.subarray(ports), fc.array(endpointText, { maxLength: 4 }))
    .map(([key, of, ports, endpoints]) => ({ putSlice: slice(key, of, ports, endpoints) })),
  fc.constantFrom('s1', 's2', 's3').map((key) => ({ removeSlice: `shop/${key}` })),
);

function feed(step: Input, merge: ServiceMerge, services: Map<string, ServiceFacts>, slices: Map<string, SliceFacts>): void {
  if ('put' in step) {
    merge.putService(step.put);
    services.set(step.put.key, step.put);
  } else if ('remove' in step) {
    merge.removeService(step.remove);
    services.delete(step.remove);
  } else if ('putSlice' in step) {
    merge.putSlice(step.putSlice);
    slices.set(step.putSlice.key, step.putSlice);
  } else {
    merge.removeSlice(step.removeSlice);
    slices.delete(step.removeSlice);
  }
}

t.test('whatever comes and goes in whatever steps, the rows are those of what is there', async (t) => {
  let rows = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(input, fc.boolean()), { maxLength: 30 }), (given) => {
      const merge = openMerge();
      const services = new Map<string, ServiceFacts>();
      const slices = new Map<string, SliceFacts>();
      const frontends = new Map<string, FrontendRow>();
      const backends = new Map<string, BackendRow>();
      const take = () => {
        const change = merge.takeChanges();
        for (const [held, { put, removed }] of [
          [frontends, change.frontends],
          [backends, change.backends],
        ] as const) {
          for (const row of put) (held as Map<string, unknown>).set(row.key, row);
          for (const key of removed) if (!held.delete(key)) throw new Error(`${key}: removed, and never told`);
        }
      };
      for (const [step, isTaken] of given) {
        feed(step, merge, services, slices);
        if (isTaken) take();
      }
      take();
      const all = [...services.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
      const wanted = all.map((service) =>
        serviceRows(
          service,
          [...slices.values()].filter((slice) => `shop/${slice.service}` === service.key),
          here,
        ),
      );
      const wantedFrontends = new Map(
        wanted
          .flatMap(({ frontends }) => frontends)
          .reverse()
          .map((row) => [row.key, row]),
      );
      const orphans = [...slices.values()].filter(({ service }) => service !== '' && !services.has(`shop/${service}`));
      const named = [...wanted.flatMap(({ backends }) => backends), ...namedRows(orphans)];
      const actives = named.sort((a, b) => (a.state < b.state ? 1 : -1));
      const wantedBackends = new Map(actives.map((row) => [row.key, row]));
      const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
      if (JSON.stringify(sorted(frontends)) !== JSON.stringify(sorted(wantedFrontends))) throw new Error('frontends differ');
      if (JSON.stringify(sorted(backends)) !== JSON.stringify(sorted(wantedBackends))) throw new Error('backends differ');
      rows += frontends.size + backends.size;
    }),
    { numRuns: 500 },
  );
  t.ok(rows > 500, `${rows} rows`);
});
