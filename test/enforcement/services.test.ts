// Services: a loop that waits for both of its tables, writes what comes of them, and knows the names of what it wrote.

import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { frontendsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { Epochs } from '../../orchestrator/datapath/reconcile/epochs.ts';
import { openWasmDatapath, type WasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import type { Exposure } from '../../orchestrator/enforcement/exposure.ts';
import { Services } from '../../orchestrator/enforcement/services.ts';
import { openLog } from '../../orchestrator/log.ts';
import { endpointSliceRow } from '../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import type { NodeRow } from '../../orchestrator/sources/kubernetes/rows/nodes.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import type { TableWriter } from '../../orchestrator/state/table-writer.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { smallSizes } from '../support/small-sizes.ts';
import { FaultyDatapath } from './faulty-datapath.ts';
import { openWorld, putService, putSlice, type World } from './node.ts';

interface Loop {
  readonly world: World;
  readonly services: Services;
  readonly datapath: WasmDatapath;
  readonly faulty: FaultyDatapath;
  readonly clock: VirtualClock;
  readonly lines: string[];
  readonly self: TableWriter<NodeRow>;
  /** What was to be exposed, with how many frontends were written by then. */
  readonly exposed: string[];
  /** Everything was told once. */
  deliver(): void;
}

async function openLoop(t: Test, sizes: Readonly<Record<string, number>> = {}): Promise<Loop> {
  const world = openWorld(t);
  const datapath = await openWasmDatapath({ sizes: { ...smallSizes, ...sizes } });
  const faulty = new FaultyDatapath(datapath);
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('services');
  const self = openTable<NodeRow>({ name: 'node', key: ({ key }) => key, columns: {}, sources: ['kubernetes'] });
  const { services: serviceTable, slices, pods } = world.inputs;
  const target = { map: faulty.map.bind(faulty) as typeof datapath.map, now: () => datapath.now() };
  const tables = { services: serviceTable, slices, pods, self: self.table };
  const exposed: string[] = [];
  const expose = async ({ isExposed, hasOwnBackend, ports }: Exposure) => {
    const written = await datapath.map(frontendsSpec).count();
    exposed.push(
      `${isExposed ? 'exposed' : 'not exposed'}${hasOwnBackend ? ', own backend' : ''}${ports.map((port) => `, port ${port}`)}, ${written} written`,
    );
  };
  const parts = { datapath: target, epochs: await Epochs.open(datapath), tables, nodeName: 'a', expose, clock, log };
  const services = await Services.open(parts);
  const stop = new AbortController();
  const running = services.run({ signal: stop.signal });
  t.teardown(() => {
    stop.abort();
    return running;
  });
  const deliver = () => {
    for (const { writer } of [world.writers.services, world.writers.slices, world.writers.pods, self]) writer.delivered('kubernetes');
    services.setAddresses(['192.168.0.1']);
  };
  return { world, services, datapath, faulty, clock, lines, exposed, self: self.writer, deliver };
}

const fields = { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [{ port: 80, protocol: 'TCP' }] };

t.test('services are balanced once everything was told, and live from then on', async (t) => {
  const { world, services, datapath, faulty, clock, lines, deliver } = await openLoop(t);
  putService(world, 'web', { ...fields, selector: { app: 'web' } });
  putSlice(world, 'web', ['10.0.0.2'], 'shop', [{ port: 8080, protocol: 'TCP' }]);
  await clock.advance(10);
  t.equal(await datapath.map(frontendsSpec).count(), 0, 'nothing is written before both tables were told');
  deliver();
  await clock.advance(100);
  t.equal(await datapath.map(frontendsSpec).count(), 2, 'the port, and the rest of the address, which is closed');
  t.match(
    [...services.view.frontends.table.rows()].find(({ port }) => port === 80),
    { service: 'shop/web', backends: ['10.0.0.2 6 8080'] },
  );
  const [[, { service }]] = await Array.fromAsync(datapath.map(frontendsSpec).entries());
  t.same(services.nameOf(service), { namespace: 'shop', name: 'web' });
  t.equal(services.nameOf(999), undefined);
  t.same(services.problems(), []);

  faulty.isFailing = true;
  world.writers.services.writer.delete('shop/web');
  await clock.advance(100);
  t.match(services.problems(), [/refuses/]);
  t.match(lines.join(''), /did not take a change of services/);
  faulty.isFailing = false;
  await clock.advance(30_000);
  t.same(services.problems(), []);
  t.equal(await datapath.map(frontendsSpec).count(), 0);
  t.equal(services.view.frontends.table.size, 0);
});

t.test('node ports are at this node’s addresses, by what Kubernetes and the host say of them', async (t) => {
  const { world, services, clock, self, deliver } = await openLoop(t);
  putService(world, 'web', { ...fields, type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] });
  putSlice(world, 'web', ['10.0.0.2'], 'shop', [{ port: 8080, protocol: 'TCP' }]);
  const addresses = [
    { type: 'ExternalIP', address: '203.0.113.1' },
    { type: 'Hostname', address: 'a' },
  ];
  self.put({ key: 'a', name: 'a', rejected: undefined, labels: { 'topology.kubernetes.io/zone': 'z1' }, addresses, podPrefixes: [] });
  deliver();
  await clock.advance(100);
  const rows = () => [...services.view.frontends.table.rows()].filter(({ type }) => type === 'NodePort').map(({ key }) => key);
  t.same(rows().sort(), ['192.168.0.1 6 30080', '192.168.0.1 6 30080 outside', '203.0.113.1 6 30080', '203.0.113.1 6 30080 outside']);
  services.setAddresses(['192.168.0.2']);
  await clock.advance(100);
  t.ok(rows().includes('192.168.0.2 6 30080'));
  t.notOk(rows().includes('192.168.0.1 6 30080'));
});

t.test('an address without room says so where it is shown, once in the log, and to whoever asks for health', async (t) => {
  const { world, services, clock, lines, deliver } = await openLoop(t, { maglev: 32 });
  const address = (at: number) => `10.96.0.1${at}`;
  for (const at of [0, 1]) {
    putService(world, `web${at}`, { ...fields, clusterIP: address(at), clusterIPs: [address(at)] });
    putSlice(world, `web${at}`, [`10.0.${at}.2`, `10.0.${at}.3`], 'shop', [{ port: 80, protocol: 'TCP' }]);
  }
  deliver();
  await clock.advance(100);
  const why = () => [...services.view.frontends.table.rows()].filter(({ port }) => port === 80).map((row) => [row.service, row.why]);
  t.same(why().sort(), [
    ['shop/web0', ''],
    ['shop/web1', 'map maglev is full'],
  ]);
  const told = /map maglev is full \(32\): 10.96.0.10 6 80, 10.96.0.11 6 80, connections to 1 of them are refused/;
  t.match(services.problems(), [told]);
  t.same(services.slots, { used: 32, capacity: 32 });
  world.writers.services.writer.delete('shop/web0');
  await clock.advance(10_000);
  t.same(why(), [['shop/web1', '']]);
  t.match(services.problems(), [/10.96.0.11 6 80$/], 'its table is smaller than it should be');
  t.equal(lines.filter((line) => told.test(line)).length, 1);
});

t.test('the node is ready for clients of the network before their frontends are written, and until they are gone', async (t) => {
  const { world, clock, exposed, deliver } = await openLoop(t);
  putService(world, 'web', fields);
  putSlice(world, 'web', ['10.0.0.2'], 'shop', [{ port: 8080, protocol: 'TCP' }]);
  deliver();
  await clock.advance(100);
  t.same(exposed.splice(0), ['not exposed, 2 written'], 'told once, when that is sure');
  const nodePort = { ...fields, type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] };
  putService(world, 'web', nodePort);
  await clock.advance(100);
  t.same(exposed.splice(0), ['exposed, port 30080, 2 written']);
  putSlice(world, 'web', ['10.0.0.2', '192.168.0.1'], 'shop', [{ port: 8080, protocol: 'TCP' }]);
  await clock.advance(100);
  t.same(exposed.splice(0), ['exposed, own backend, port 30080, 4 written'], 'this node is a backend itself');
  putSlice(world, 'web', ['10.0.0.2'], 'shop', [{ port: 8080, protocol: 'TCP' }]);
  await clock.advance(100);
  t.same(exposed.splice(0), ['exposed, port 30080, 4 written']);
  putService(world, 'web', fields);
  await clock.advance(100);
  t.same(exposed.splice(0), ['not exposed, 2 written']);
});

t.test('what changed last is said with each address, and why nobody answers there', async (t) => {
  const { world, services, clock, deliver } = await openLoop(t);
  putService(world, 'web', fields);
  deliver();
  await clock.advance(100);
  const row = () => services.view.frontends.table.get('10.96.0.10 6 80');
  t.match(row(), { change: 'new', backends: [], why: 'no endpoint slice names this service' });
  const ports = [{ port: 8080, protocol: 'TCP' }];
  putSlice(world, 'web', ['10.0.0.2', '10.0.0.3'], 'shop', ports);
  await clock.advance(100);
  t.match(row(), { change: '+10.0.0.2:8080/tcp, +10.0.0.3:8080/tcp', why: '' });
  putSlice(world, 'web', ['10.0.0.3'], 'shop', ports);
  await clock.advance(100);
  t.match(row(), { change: '-10.0.0.2:8080/tcp' });
  putService(world, 'web', { ...fields, sessionAffinity: 'ClientIP' });
  await clock.advance(100);
  t.match(row(), { change: 'affinity 10800' });
  putSlice(
    world,
    'web',
    Array.from({ length: 9 }, (_, at) => `10.0.1.${at}`),
    'shop',
    ports,
  );
  await clock.advance(100);
  t.match(row(), { change: '+9 endpoints, -10.0.0.3:8080/tcp' });
});

t.test('what is wrong with services is told once, and shown until it is right', async (t) => {
  const { world, services, clock, lines, deliver } = await openLoop(t);
  const outside = { externalIPs: ['198.51.100.1'] };
  putService(world, 'a', { ...fields, ...outside });
  putService(world, 'b', { ...fields, ...outside, clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'] });
  putService(world, 'empty', { ...fields, clusterIP: '10.96.0.12', clusterIPs: ['10.96.0.12'], ports: [] });
  putSlice(world, 'nobody', ['10.0.0.2', '10.0.0.2'], 'shop', [{ port: 8080, protocol: 'TCP' }]);
  deliver();
  await clock.advance(120_000);
  const doubts = services.doubts();
  t.match(doubts, [
    /shop\/empty: it has no ports/,
    /198\.51\.100\.1 6 80 and 1 more: claimed by shop\/a and shop\/b/,
    /shop\/nobody: endpoint slices name it/,
  ]);
  for (const doubt of doubts) t.equal(lines.filter((line) => line.includes(doubt.slice(0, 40))).length, 1, doubt);
  world.writers.services.writer.delete('shop/b');
  world.writers.services.writer.delete('shop/empty');
  world.writers.slices.writer.delete('shop/nobody-1');
  await clock.advance(20_000);
  t.same(services.doubts(), []);
  t.same(services.problems(), []);
});

t.test('a load balancer that asks is told whether backends are here, and a port that is taken is a problem', async (t) => {
  const { world, services, clock, deliver } = await openLoop(t);
  const taken = createServer().listen(0);
  t.teardown(() => taken.close());
  const free = createServer().listen(0);
  const port = (free.address() as AddressInfo).port;
  await new Promise((resolve) => free.close(resolve));
  const balancer = { ...fields, type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: port };
  putService(world, 'web', balancer);
  const other = { clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'], healthCheckNodePort: (taken.address() as AddressInfo).port };
  putService(world, 'late', { ...balancer, ...other });
  deliver();
  await clock.advance(100);
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/healthz' }, (response) => {
        response.setEncoding('utf8').on('data', (text) => resolve(`${response.statusCode} ${text.replaceAll(/\s/g, '')}`));
      }).on('error', reject);
    });
  t.equal(await ask(), '503 {"service":{"namespace":"shop","name":"web"},"localEndpoints":0,"serviceProxyHealthy":true}');
  const slice = { addressType: 'IPv4', ports: [{ port: 8080, protocol: 'TCP' }] };
  const endpoints = [
    { addresses: ['10.0.0.2'], nodeName: 'a' },
    { addresses: ['10.0.0.3'], nodeName: 'b' },
  ];
  world.writers.slices.writer.put(
    endpointSliceRow('shop/web', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' }, resourceVersion: '1' },
      ...slice,
      endpoints,
    } as never),
  );
  await clock.advance(100);
  t.match(await ask(), /^200 .*"localEndpoints":1/);
  t.match(services.problems(), [/shop\/late: its health check cannot be answered at port \d+: .*EADDRINUSE/]);
  taken.close();
  await clock.advance(40_000);
  t.same(services.problems(), []);
  world.writers.services.writer.delete('shop/web');
  await clock.advance(100);
  await t.rejects(ask(), { code: 'ECONNREFUSED' });
});
