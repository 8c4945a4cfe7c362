// Reset of connections: which of a service's end and are forgotten, and that others are left alone; by hand, and by an annotation.

import t, { type Test } from 'tap';
import {
  CONNTRACK_HAIRPIN,
  CONNTRACK_MASQUERADED,
  CONNTRACK_ORIGIN_CLOSED,
  CONNTRACK_ORIGIN_HIGH,
  CONNTRACK_RESET,
  CONNTRACK_RESPONDER_CLOSED,
  CONNTRACK_TRANSLATED,
} from '../../orchestrator/datapath/generated/enums.ts';
import {
  backendHitsSpec,
  backendsSpec,
  conntrackSpec,
  socketReverseSpec,
  translationsSpec,
} from '../../orchestrator/datapath/generated/maps.ts';
import { Epochs } from '../../orchestrator/datapath/reconcile/epochs.ts';
import { openWasmDatapath, type WasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import type { LocalSocket, LocalSockets } from '../../orchestrator/enforcement/service-reset.ts';
import { Services } from '../../orchestrator/enforcement/services.ts';
import { openLog } from '../../orchestrator/log.ts';
import { addressWords, swapPort } from '../../orchestrator/net/words.ts';
import { endpointSliceRow } from '../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import type { NodeRow } from '../../orchestrator/sources/kubernetes/rows/nodes.ts';
import { serviceRow } from '../../orchestrator/sources/kubernetes/rows/services.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { smallSizes } from '../support/small-sizes.ts';
import { openWorld } from './node.ts';

const place = (text: string) => {
  const [address = '', port = ''] = text.split(' ');
  return { ...addressWords(address), port: swapPort(Number(port)) };
};
const [door, other] = ['10.96.0.10 80', '10.96.0.11 80'];
const [tcp, udp] = [6, 17];

/** The node's sockets, as a list. */
class Sockets implements LocalSockets {
  readonly there: LocalSocket[] = [];
  problem: string | undefined;

  async end(isMeant: (socket: LocalSocket) => boolean, { isDryRun }: { isDryRun: boolean }) {
    const sockets = this.there.filter(isMeant);
    if (!isDryRun) for (const socket of sockets) this.there.splice(this.there.indexOf(socket), 1);
    return { sockets, problems: this.problem === undefined ? [] : [this.problem] };
  }

  add(cookie: bigint, protocol: number, local: string, remote: string): void {
    this.there.push({ cookie, protocol, local: place(local), remote: place(remote) });
  }

  get cookies(): bigint[] {
    return this.there.map(({ cookie }) => cookie);
  }
}

/** A connection that was given its backend in a socket, which is there. */
async function balance(datapath: WasmDatapath, sockets: Sockets, [cookie, frontend, backend]: [bigint, string, string], protocol = tcp) {
  sockets.add(cookie, protocol, '10.0.0.9 4000', backend);
  await datapath.map(socketReverseSpec).update([
    [
      { cookie, ...place(backend), protocol },
      { ...place(frontend), service: 1 },
    ],
  ]);
}

/** A connection whose packets are translated; the client's address is the lower one. */
async function translate(
  datapath: WasmDatapath,
  [client, frontend, backend]: [string, string, string],
  more: { protocol?: number; flags?: number } = {},
) {
  const { protocol = tcp, flags = 0 } = more;
  const [origin, responder, front] = [place(client), place(backend), place(frontend)];
  const isMasqueraded = (flags & CONNTRACK_MASQUERADED) !== 0;
  const seen = isMasqueraded ? place('10.0.0.1 61000') : origin;
  const none = { originEpoch: 0, responderEpoch: 0, originPort: 0, responderPort: 0, remoteNode: 0, renewed: 0, proxyPort: 0 };
  const counts = { originPackets: 1n, originBytes: 1n, responderPackets: 0n, responderBytes: 0n };
  const who = { originIdentity: 0, responderIdentity: 0, egressRule: 0, ingressRule: 0, service: 1, backend: 1, generation: 1 };
  const behind = isMasqueraded ? origin : { hi: 0n, lo: 0n, port: 0 };
  const key = { lowHi: seen.hi, lowLo: seen.lo, lowPort: seen.port, highHi: responder.hi, highLo: responder.lo, highPort: responder.port };
  const value = {
    ...{ ...none, ...counts, ...who, flags: flags | CONNTRACK_TRANSLATED, expires: datapath.now() + 1_000_000 },
    ...{ frontendHi: front.hi, frontendLo: front.lo, frontendPort: front.port },
    ...{ clientHi: behind.hi, clientLo: behind.lo, clientPort: behind.port },
  };
  await datapath.map(conntrackSpec).update([[{ ...key, protocol }, value]]);
  const tuple = { sourceHi: origin.hi, sourceLo: origin.lo, sourcePort: origin.port, protocol };
  await datapath.map(translationsSpec).update([
    [
      { ...tuple, destinationHi: front.hi, destinationLo: front.lo, destinationPort: front.port },
      {
        ...{ backendHi: responder.hi, backendLo: responder.lo, backendPort: responder.port },
        ...{ flags: 0, backend: 1, service: 1, generation: 1, sourcePort: 0 },
      },
    ],
  ]);
}

async function openLoop(t: Test, annotation?: string) {
  const world = openWorld(t);
  const datapath = await openWasmDatapath({ sizes: smallSizes });
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('services');
  const self = openTable<NodeRow>({ name: 'node', key: ({ key }) => key, columns: {}, sources: ['kubernetes'] });
  const { services: table, slices, pods } = world.inputs;
  const sockets = new Sockets();
  const tables = { services: table, slices, pods, self: self.table };
  const services = await Services.open({ datapath, epochs: await Epochs.open(datapath), tables, nodeName: 'a', sockets, clock, log });
  const stop = new AbortController();
  const running = services.run({ signal: stop.signal });
  t.teardown(() => {
    stop.abort();
    return running;
  });
  const annotations = annotation === undefined ? {} : { 'axoneme.io/reset-removed-backends': annotation };
  const service = (name: string, address: string, annotations: object = {}) => {
    const spec = { type: 'ClusterIP', clusterIP: address, clusterIPs: [address], ports: [{ port: 80, protocol: 'TCP' }] };
    const metadata = { name, namespace: 'shop', annotations };
    world.writers.services.writer.put(serviceRow(`shop/${name}`, { apiVersion: 'v1', kind: 'Service', metadata, spec } as never));
  };
  /** `10.1.0.2`, `10.1.0.3 unready`. */
  const slice = (...endpoints: string[]) => {
    const metadata = { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } };
    const rows = endpoints.map((text) => ({ addresses: [text.split(' ')[0]], conditions: { ready: !text.endsWith('unready') } }));
    const object = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType: 'IPv4', endpoints: rows };
    const ports = [{ port: 8080, protocol: 'TCP' }];
    world.writers.slices.writer.put(endpointSliceRow('shop/web-1', { ...object, ports } as never));
  };
  service('web', '10.96.0.10', annotations);
  service('other', '10.96.0.11');
  slice('10.1.0.2', '10.1.0.3');
  for (const { writer } of [world.writers.services, world.writers.slices, world.writers.pods, self]) writer.delivered('kubernetes');
  services.setAddresses(['192.168.0.1']);
  while (!services.isInForce) await clock.advance(50);
  await clock.advance(1_000);
  await services.reset({ service: 'shop/web', isDryRun: true });
  const left = async () => [
    await datapath.map(conntrackSpec).count(),
    await datapath.map(translationsSpec).count(),
    await datapath.map(socketReverseSpec).count(),
  ];
  return { world, datapath, clock, lines, services, sockets, slice, left };
}

type Loop = Awaited<ReturnType<typeof openLoop>>;

/** Two to each of two backends and one that is none any more; one of another service, and one to the backend itself. */
async function connect({ datapath, sockets }: Loop): Promise<void> {
  for (const [at, backend] of ['10.1.0.2 8080', '10.1.0.3 8080', '10.1.0.4 8080'].entries()) {
    await balance(datapath, sockets, [BigInt(10 + at), door, backend]);
    await translate(datapath, [`10.0.0.2 ${5000 + at}`, door, backend]);
    sockets.add(BigInt(20 + at), tcp, `10.0.0.2 ${5000 + at}`, door);
  }
  await balance(datapath, sockets, [30n, other, '10.1.0.4 8080']);
  sockets.add(31n, tcp, '10.0.0.9 4001', '10.1.0.4 8080');
  sockets.add(32n, tcp, '10.0.0.2 5002', other);
}

t.test('without more only connections to backends that are none any more end', async (t) => {
  const loop = await openLoop(t);
  await connect(loop);
  const expected = { backends: [{ backend: '10.1.0.4:8080/tcp', sockets: 1, flows: 1 }], problems: [] };
  const before = await loop.left();
  t.same(await loop.services.reset({ service: 'shop/web', isDryRun: true }), expected);
  t.same(await loop.left(), before, 'a dry run leaves everything');
  t.equal(loop.sockets.there.length, 9);
  t.same(await loop.services.reset({ service: 'shop/web' }), expected);
  t.same(loop.sockets.cookies, [10n, 20n, 11n, 21n, 30n, 31n, 32n], 'others, of other services and to the pod itself are left alone');
  t.same(await loop.left(), [2, 2, 3]);
  t.same(await loop.services.reset({ service: 'shop/web' }), { backends: [], problems: [] }, 'and that was all');
});

t.test('those to one backend end, be it removed or not, and those to all', async (t) => {
  const loop = await openLoop(t);
  await connect(loop);
  const backend = { address: '10.1.0.2', port: 8080 };
  t.same(await loop.services.reset({ service: 'shop/web', backend: { ...backend, protocol: udp } }), { backends: [], problems: [] });
  t.same(await loop.services.reset({ service: 'shop/web', backend: { ...backend, port: 8081 } }), { backends: [], problems: [] });
  t.match(await loop.services.reset({ service: 'shop/web', backend }), {
    backends: [{ backend: '10.1.0.2:8080/tcp', sockets: 1, flows: 1 }],
  });
  t.same(loop.sockets.cookies, [11n, 21n, 12n, 22n, 30n, 31n, 32n]);
  const all = await loop.services.reset({ service: 'shop/web', isAll: true });
  t.same(
    all?.backends.map((one) => one.backend),
    ['10.1.0.3:8080/tcp', '10.1.0.4:8080/tcp'],
  );
  t.same(loop.sockets.cookies, [30n, 31n, 32n]);
  t.same(await loop.left(), [0, 0, 1]);
  t.equal(await loop.services.reset({ service: 'shop/never' }), undefined);
  t.equal(await loop.services.reset({ service: '' }), undefined);
});

t.test('clients are known behind the node’s address, on either side of a flow, and as their own backend', async (t) => {
  const { datapath, sockets, services } = await openLoop(t);
  await translate(datapath, ['198.51.100.7 7000', door, '10.1.0.4 8080'], { flags: CONNTRACK_MASQUERADED });
  sockets.add(1n, tcp, '198.51.100.7 7000', door);
  await translate(datapath, ['169.254.0.1 7001', door, '10.1.0.5 8080'], { flags: CONNTRACK_HAIRPIN });
  sockets.add(2n, tcp, '10.1.0.5 7001', door);
  await translate(datapath, ['10.1.0.6 8080', door, '10.0.0.2 7002'], { flags: CONNTRACK_ORIGIN_HIGH });
  sockets.add(3n, tcp, '10.0.0.2 7002', door);
  t.same(
    (await services.reset({ service: 'shop/web' }))?.backends.map(({ backend, flows }) => `${backend} ${flows}`),
    ['10.1.0.4:8080/tcp 1', '10.1.0.5:8080/tcp 1', '10.1.0.6:8080/tcp 1'],
  );
  t.same(sockets.cookies, []);
});

t.test('a connection that both sides have closed, or one has reset, is none; one that one side has closed is', async (t) => {
  const { datapath, services } = await openLoop(t);
  const [left, right] = [CONNTRACK_ORIGIN_CLOSED, CONNTRACK_RESPONDER_CLOSED];
  for (const [at, flags] of [left | right, CONNTRACK_RESET | left, left, right].entries()) {
    await translate(datapath, [`10.0.0.2 ${7000 + at}`, door, '10.1.0.4 8080'], { flags });
  }
  t.match(await services.reset({ service: 'shop/web' }), { backends: [{ flows: 2 }] });
});

t.test('sockets that cannot be ended are told of, and what is translated is forgotten all the same', async (t) => {
  const loop = await openLoop(t);
  await connect(loop);
  loop.sockets.problem = 'this kernel ends no sockets for others';
  t.match(await loop.services.reset({ service: 'shop/web' }), { problems: ['this kernel ends no sockets for others'] });
});

t.test('by annotation connections end when their backend is removed, and not when it is not ready', async (t) => {
  const loop = await openLoop(t, 'true');
  const { clock, slice, sockets, lines } = loop;
  await connect(loop);
  slice('10.1.0.2', '10.1.0.3 unready');
  await clock.advance(1_000);
  t.equal(sockets.there.length, 9, 'who is not ready is not removed');
  slice('10.1.0.2');
  await clock.advance(100);
  slice('10.1.0.2', '10.1.0.3');
  await clock.advance(1_000);
  t.ok(sockets.cookies.includes(11n), 'nor who was away for a moment');
  slice('10.1.0.2');
  while (!lines.join('').includes('2 to 10.1.0.3:8080/tcp')) await clock.advance(100);
  t.same(sockets.cookies, [10n, 20n, 30n, 31n, 32n]);
});

t.test('without it, or with another value, nothing ends by itself', async (t) => {
  for (const annotation of [undefined, 'false', 'yes']) {
    const loop = await openLoop(t, annotation);
    await connect(loop);
    loop.slice('10.1.0.2');
    await loop.clock.advance(1_000);
    t.equal(loop.sockets.there.length, 9);
    t.match(loop.services.doubts(), annotation === 'yes' ? [/no such value of axoneme.io\/reset-removed-backends: "yes"/] : []);
  }
});

t.test('what backends were given sums up by service, and goes with its backend', async (t) => {
  const { datapath, services, slice, clock } = await openLoop(t);
  const hits = datapath.map(backendHitsSpec);
  const give = async (address: string, connections: bigint) => {
    for await (const [id, { lo, hi, generation }] of datapath.map(backendsSpec).entries()) {
      if (addressWords(address).lo === lo && hi === 0n) await hits.update([[id, { connections, generation }]]);
    }
  };
  t.same([...(await services.connectionsGiven())], []);
  await give('10.1.0.2', 3n);
  await give('10.1.0.3', 4n);
  t.same([...(await services.connectionsGiven())], [['shop/web', 7]]);
  await give('10.1.0.3', 6n);
  t.same([...(await services.connectionsGiven())], [['shop/web', 9]]);
  slice('10.1.0.2');
  await clock.advance(100);
  t.equal(await hits.count(), 1, 'those of a backend that is gone are gone');
  t.same([...(await services.connectionsGiven())], [['shop/web', 9]], '... and the sum is not less');
});
