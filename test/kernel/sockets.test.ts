// Sockets of real processes in a real cgroup: what a call to a service's address becomes, and what the process sees of it.

import t from 'tap';
import type { DatapathEvent } from '../../orchestrator/datapath/datapath.ts';
import {
  BACKEND_QUARANTINED,
  BACKEND_TERMINATING,
  FRONTEND_AFFINITY,
  FRONTEND_CLOSED,
  FRONTEND_SOURCE_RANGES,
  HOOK_SOCKET,
  REASON_NO_BACKEND,
  REASON_SERVICE_PORT_UNKNOWN,
  SCOPE_EXTERNAL,
} from '../../orchestrator/datapath/generated/enums.ts';
import { affinitySpec, backendHitsSpec, backendsSpec, metricsSpec, socketReverseSpec } from '../../orchestrator/datapath/generated/maps.ts';
import type { KernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { type Libc, openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { namespaceCookie } from '../../orchestrator/datapath/kernel/sockets.ts';
import { Namespaces } from '../../orchestrator/host/namespace.ts';
import { wordText } from '../../orchestrator/net/words.ts';
import { kernelSkip, openTestKernel } from '../support/kernel.ts';
import { networkSkip } from '../support/netns.ts';
import { backendNumber, removeService, writeBackend, writeService } from './sockets/services.ts';
import { type Ask, cgroupMount, peersInKernel, SocketWorld } from './sockets/world.ts';

const skip =
  (await kernelSkip()) || (await networkSkip()) || (cgroupMount() === undefined && 'there is no unified hierarchy of cgroups here');

const [four, six, mapped] = ['10.96.0.10', 'fd00:96::10', '::ffff:10.96.0.10'];
const places = { [four]: `${four}:80`, [six]: `[${six}]:80`, [mapped]: `[${mapped}]:80` };

async function refusals(datapath: KernelDatapath, reason: number): Promise<bigint> {
  return (await datapath.map(metricsSpec).get(reason * 2 + 1))?.packets ?? 0n;
}

function cookieIn(libc: Libc, path: string): bigint {
  using namespaces = new Namespaces(libc);
  return namespaces.open(path, (descriptor) => namespaces.within(path, descriptor, () => namespaceCookie(libc)));
}

/** How many of some new connections each server answered. */
async function spread(client: Ask, host: string, count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let at = 0; at < count; at += 1) {
    const { from = '?' } = await client('connect', { host, port: 80 });
    counts[from] = (counts[from] ?? 0) + 1;
  }
  return counts;
}

t.test('sockets', { skip, timeout: 900_000 }, async (t) => {
  const datapath = await openTestKernel({ sizes: { events: 65536, socket_reverse: 4096, socket_flows: 4096, epochs: 65536 } });
  const [libc, world] = [await openLibc(), await SocketWorld.open()];
  t.teardown(async () => {
    await world[Symbol.asyncDispose]();
    await datapath.close();
  });
  t.equal(datapath.socketRefusal, undefined, 'this kernel takes the programs');
  await datapath.attachSockets(world.cgroup);
  const [host, pod] = [world.client(), world.client({ netns: world.pod })];

  for (const address of [four, six]) {
    await writeService(datapath, { number: 1, address, port: 80, backends: ['one'] });
    await writeService(datapath, { number: 2, address, port: 53, protocol: 'udp', backends: ['one'] });
  }

  for (const [who, client] of [['the node', host] as const, ['a pod', pod] as const]) {
    for (const address of [four, six, mapped]) {
      t.same(
        await client('connect', { host: address, port: 80 }),
        { from: 'one', peer: places[address] },
        `${who}: a connection to ${address} is answered by its backend, and its peer is the service`,
      );
      const name = `${who} ${address}`;
      await client('open', { name, family: address === four ? 4 : 6 });
      const [port, text] = [53, places[address]?.replace(':80', ':53')];
      t.same(
        await client('send', { name, host: address, port }),
        { from: 'one', peer: text },
        `${name}: so is a datagram, and so it comes`,
      );
    }
  }

  t.test('each connection, and the first datagram of each socket, counts for its backend', async (t) => {
    const given = async (protocol: 'tcp' | 'udp', address: string) =>
      Number((await datapath.map(backendHitsSpec).get(backendNumber('one', protocol, address)))?.connections ?? 0n);
    for (const [address, times] of [[four, 4] as const, [six, 2] as const]) {
      t.equal(await given('tcp', address), times, `${address}: the connections from before`);
      t.equal(await given('udp', address), times, `${address}: and the sockets`);
      await pod('send', { name: `a pod ${address}`, host: address, port: 53 });
      t.equal(await given('udp', address), times, `${address}: another datagram of the same socket is none`);
      await pod('connect', { host: address, port: 80 });
      t.equal(await given('tcp', address), times + 1, `${address}: another connection is one`);
    }
  });

  t.test('what the kernel connects to is the backend itself', async (t) => {
    await pod('connect', { name: 'open', host: four, port: 80 });
    t.ok(peersInKernel(world.pod).includes('10.1.0.1:8080'));
    t.notOk(peersInKernel(world.pod).some((place) => place.startsWith(four)));
  });

  t.test('a process outside the cgroup is left alone', async (t) => {
    const outside = world.client({ cgroup: '' });
    t.match(await outside('connect', { host: four, port: 80 }), { error: 'ENETUNREACH' });
  });

  t.test('an established connection keeps its backend whatever becomes of it, and a new one gets another', async (t) => {
    for (const address of [four, six]) await writeService(datapath, { number: 1, address, port: 80, backends: ['two'] });
    await datapath.map(backendsSpec).delete([backendNumber('one', 'tcp', four)]);
    t.match(await pod('say', { name: 'open' }), { from: 'one' });
    t.match(await pod('connect', { host: four, port: 80 }), { from: 'two' });
    await pod('close', { name: 'open' });
  });

  t.test('datagrams of one socket keep their backend while it is there, and leave it at once when it is gone', async (t) => {
    for (const address of [four, six, mapped]) {
      const name = `a pod ${address}`;
      const real = address === mapped ? four : address;
      await writeService(datapath, { number: 2, address: real, port: 53, protocol: 'udp', backends: ['two'] });
      t.match(await pod('send', { name, host: address, port: 53 }), { from: 'one' }, `${address}: another took its slot`);
    }
    for (const address of [four, six]) await datapath.map(backendsSpec).delete([backendNumber('one', 'udp', address)]);
    for (const address of [four, six, mapped]) {
      const said = await pod('send', { name: `a pod ${address}`, host: address, port: 53 });
      t.match(said, { from: 'two', peer: places[address]?.replace(':80', ':53') }, `${address}: the backend is gone`);
    }
    await writeBackend(datapath, ['two', 'udp', four], 0, 2);
    await writeService(datapath, { number: 2, address: four, port: 53, protocol: 'udp', backends: ['three'] });
    await writeBackend(datapath, ['two', 'udp', four], 0, 2);
    t.match(await pod('send', { name: `a pod ${four}`, host: four, port: 53 }), { from: 'three' }, 'its number means another now');
  });

  t.test('connected datagram sockets: the node’s are translated once, a pod’s are left to its packets', async (t) => {
    const address = '10.96.0.99';
    await writeService(datapath, { number: 3, address, port: 80, protocol: 'udp', backends: ['one'] });
    for (const [client, server] of [[host, 'one'] as const, [pod, 'direct'] as const]) {
      await client('open', { name: 'tied', family: 4 });
      t.same(await client('tie', { name: 'tied', host: address, port: 80 }), { peer: `${address}:80` });
      t.same(await client('send', { name: 'tied' }), { from: server, peer: `${address}:80` }, server);
    }
    await writeService(datapath, { number: 3, address, port: 80, protocol: 'udp', backends: ['two'] });
    await datapath.map(backendsSpec).delete([backendNumber('one', 'udp', address)]);
    t.match(await host('send', { name: 'tied' }), { from: 'one' }, 'the node’s own stays where it is tied to');
    await host('open', { name: 'anew', family: 4 });
    await host('tie', { name: 'anew', host: address, port: 80 });
    t.match(await host('send', { name: 'anew' }), { from: 'two' }, '... until it is tied anew');
  });

  t.test('what nobody serves is refused at once, counted and told', async (t) => {
    const events: DatapathEvent[] = [];
    const reading = (async () => {
      for await (const event of datapath.events()) events.push(event);
    })();
    for (const address of [four, six]) {
      await writeService(datapath, { number: 4, address, port: 81, backends: [] });
      await writeService(datapath, { number: 5, address, port: 54, protocol: 'udp', backends: [] });
      await writeService(datapath, { number: 6, address, port: 0, backends: [], flags: FRONTEND_CLOSED });
    }
    for (const address of [four, six, mapped]) {
      const before = [await refusals(datapath, REASON_NO_BACKEND), await refusals(datapath, REASON_SERVICE_PORT_UNKNOWN)] as const;
      await pod('open', { name: 'refused', family: address === four ? 4 : 6 });
      const refused = { error: 'ECONNREFUSED' };
      t.same(await pod('connect', { host: address, port: 81 }), refused, `${address}: no backend`);
      t.same(await pod('send', { name: 'refused', host: address, port: 54 }), refused, `${address}: no backend for a datagram`);
      t.same(await pod('connect', { host: address, port: 82 }), refused, `${address}: a port that no service has`);
      t.same(await pod('send', { name: 'refused', host: address, port: 55 }), refused, `${address}: nor for a datagram`);
      t.equal(await refusals(datapath, REASON_NO_BACKEND), before[0] + 2n);
      t.equal(await refusals(datapath, REASON_SERVICE_PORT_UNKNOWN), before[1] + 2n);
      await pod('close', { name: 'refused' });
    }
    for (let wait = 0; wait < 200 && events.length < 12; wait += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    const theirs = cookieIn(libc, world.pod.path);
    t.not(theirs, namespaceCookie(libc));
    const told = events.flatMap((event) => {
      if (event.type !== 'event' || event.hook !== HOOK_SOCKET) return [];
      t.equal(event.namespace, theirs, 'whose socket it was is told by its namespace');
      const destination = wordText({ hi: event.destinationHi, lo: event.destinationLo });
      return [`${event.reason} ${destination} ${event.service} ${event.family}`];
    });
    const [none, unknown] = [REASON_NO_BACKEND, REASON_SERVICE_PORT_UNKNOWN];
    const ofFour = [`${none} ${four} 4 4`, `${none} ${four} 5 4`, `${unknown} ${four} 6 4`, `${unknown} ${four} 6 4`];
    t.same(told, [...ofFour, ...ofFour.map((line) => line.replace(four, six).replace(/4$/, '6')), ...ofFour]);
    // The reader ends with the datapath.
    reading.catch(() => {});
  });

  t.test('what is not a service’s, or not for sockets to judge, goes as it was called', async (t) => {
    const address = '10.96.0.99';
    t.match(await pod('connect', { host: address, port: 80 }), { from: 'direct' }, 'an address with other frontends only, not closed');
    await writeService(datapath, { number: 7, address, port: 80, backends: ['one'], scope: SCOPE_EXTERNAL });
    t.match(await pod('connect', { host: address, port: 80 }), { from: 'direct' }, 'a frontend for clients outside');
    await writeService(datapath, { number: 7, address, port: 80, backends: ['one'], flags: FRONTEND_SOURCE_RANGES });
    t.match(await pod('connect', { host: address, port: 80 }), { from: 'direct' }, 'a frontend for some clients only');
    await writeService(datapath, { number: 7, address, port: 80, backends: ['one'] });
    t.match(await pod('connect', { host: address, port: 80 }), { from: 'one' }, '... and one that sockets judge');
    await removeService(datapath, { number: 7, address, port: 80, backends: [] });
  });

  t.test('a loopback address means the node’s: in a pod it is the pod’s own', async (t) => {
    for (const [at, address] of ['127.0.0.1', '::1'].entries()) {
      await writeService(datapath, { number: 8 + at, address, port: 30080, backends: ['one'] });
      const peer = at === 0 ? '127.0.0.1:30080' : '[::1]:30080';
      t.same(await host('connect', { host: address, port: 30080 }), { from: 'one', peer });
      t.match(await pod('connect', { host: address, port: 30080 }), { error: 'ECONNREFUSED' });
    }
  });

  t.test('new connections spread over the backends, and take those only that take some', async (t) => {
    const service = { number: 10, address: '10.96.0.20', port: 80, backends: ['one', 'two', 'three'] } as const;
    await writeService(datapath, service);
    const counts = await spread(pod, service.address, 90);
    for (const name of service.backends) t.ok((counts[name] ?? 0) > 10, `${name}: ${counts[name]} of 90`);
    await writeBackend(datapath, ['one', 'tcp', four], BACKEND_QUARANTINED);
    await writeBackend(datapath, ['two', 'tcp', four], BACKEND_TERMINATING);
    const rest = await spread(pod, service.address, 40);
    t.same(Object.keys(rest).sort(), ['three', 'two'], 'none to a quarantined one, some to one that ends and is still named');
  });

  t.test('with affinity all sockets of a namespace go to one backend, until it is no more', async (t) => {
    const address = '10.96.0.30';
    const flags = FRONTEND_AFFINITY;
    await writeService(datapath, { number: 11, address, port: 80, backends: ['one', 'two', 'three'], flags, affinityTicks: 100_000 });
    const counts = await spread(pod, address, 12);
    t.equal(Object.keys(counts).length, 1, JSON.stringify(counts));
    const kept = [];
    for await (const [key, value] of datapath.map(affinitySpec).entries()) if (key.service === 11) kept.push({ ...key, ...value });
    t.equal(kept.length, 1, 'one client: the namespace');
    t.equal(kept[0]?.clientHi, 2n ** 64n - 1n);
    await datapath.map(backendsSpec).delete([kept[0]?.backend ?? 0]);
    const after = await spread(pod, address, 12);
    t.equal(Object.keys(after).length, 1);
    t.notSame(Object.keys(after), Object.keys(counts));
  });

  t.test('with the programs taken off nothing is translated, and what is open goes on', async (t) => {
    await writeService(datapath, { number: 12, address: '10.96.0.40', port: 80, backends: ['three'] });
    await pod('connect', { name: 'lasting', host: '10.96.0.40', port: 80 });
    t.equal(await datapath.detachSockets(), true);
    t.equal(await datapath.detachSockets(), false, 'there is nothing more');
    t.match(await pod('connect', { host: '10.96.0.40', port: 80 }), { error: 'ENETUNREACH' });
    t.match(await pod('say', { name: 'lasting' }), { from: 'three' });
    let entries = 0;
    for await (const _ of datapath.map(socketReverseSpec).entries()) entries += 1;
    t.ok(entries > 0);
  });
});
