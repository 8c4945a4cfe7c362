// Reset of a service's connections with real sockets: those of the node and of a pod that it gave a backend, and no others.

import t from 'tap';
import { localSockets } from '../../orchestrator/agent/local-sockets.ts';
import { CONNTRACK_TRANSLATED } from '../../orchestrator/datapath/generated/enums.ts';
import { conntrackSpec, socketReverseSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { ServiceReset } from '../../orchestrator/enforcement/service-reset.ts';
import { openHost } from '../../orchestrator/host/host.ts';
import { addressWords, swapPort } from '../../orchestrator/net/words.ts';
import { kernelSkip, openTestKernel } from '../support/kernel.ts';
import { networkSkip } from '../support/netns.ts';
import { writeService } from './sockets/services.ts';
import { cgroupMount, SocketWorld, serverAddresses, serverPort } from './sockets/world.ts';

const skip =
  (await kernelSkip()) || (await networkSkip()) || (cgroupMount() === undefined && 'there is no unified hierarchy of cgroups here');

t.setTimeout(180_000);

const [four, six, mapped] = ['10.96.0.10', 'fd00:96::10', '::ffff:10.96.0.10'];
const [oneFour, oneSix] = serverAddresses.one;

t.test('reset of a service', { skip, timeout: 120_000 }, async (t) => {
  const datapath = await openTestKernel({ sizes: { events: 65536, socket_reverse: 4096, socket_flows: 4096, epochs: 65536 } });
  const [world, host] = [await SocketWorld.open(), await openHost()];
  t.teardown(async () => {
    host[Symbol.dispose]();
    await world[Symbol.asyncDispose]();
    await datapath.close();
  });
  await datapath.attachSockets(world.cgroup);
  const clients = { node: world.client(), pod: world.client({ netns: world.pod }) };
  for (const address of [four, six]) {
    await writeService(datapath, { number: 1, address, port: 80, backends: ['one'] });
    await writeService(datapath, { number: 2, address, port: 53, protocol: 'udp', backends: ['one'] });
    await writeService(datapath, { number: 3, address, port: 81, backends: ['two'] });
  }
  const netns = [{ netns: world.pod.path }, { netns: '/no/such/place' }];
  const reset = new ServiceReset(datapath, localSockets(host, { rows: () => netns.values() as never }));
  const frontends = new Set([`${four} 6 80`, `${six} 6 80`, `${four} 17 53`, '10.96.0.99 6 80', `${four} 6 81`]);
  const isOne = (key: string) => [`${oneFour} 6 ${serverPort}`, `${oneSix} 6 ${serverPort}`, `${oneFour} 17 ${serverPort}`].includes(key);

  for (const client of Object.values(clients)) {
    for (const address of [four, six, mapped]) await client('connect', { name: address, host: address, port: 80 });
    await client('connect', { name: 'another backend', host: four, port: 81 });
    await client('connect', { name: 'the backend itself', host: oneFour, port: serverPort });
    await client('open', { name: 'tied', family: 4 });
    await client('tie', { name: 'tied', host: four, port: 53 });
    await client('open', { name: 'untied', family: 4 });
    await client('send', { name: 'untied', host: four, port: 53 });
  }
  // A connection whose packets would be translated, if its other end were not at the service's address itself.
  await clients.pod('connect', { name: 'translated', host: '10.96.0.99', port: 80 });
  await writeFlow();

  async function writeFlow(): Promise<void> {
    const front = { ...addressWords('10.96.0.99'), port: swapPort(80) };
    const socket = host.connected(world.pod.path).find(({ remote }) => remote.lo === front.lo);
    if (socket === undefined) throw new Error('the connection is not listed');
    const [low, high] = [socket.local, { ...addressWords(oneFour), port: swapPort(serverPort) }];
    const sides = { lowHi: low.hi, lowLo: low.lo, lowPort: low.port, highHi: high.hi, highLo: high.lo, highPort: high.port };
    const none = { originEpoch: 0, responderEpoch: 0, originPort: 0, responderPort: 0, remoteNode: 0, renewed: 0, proxyPort: 0 };
    const counts = {
      originPackets: 1n,
      originBytes: 1n,
      responderPackets: 1n,
      responderBytes: 1n,
      clientHi: 0n,
      clientLo: 0n,
      clientPort: 0,
    };
    const who = { originIdentity: 0, responderIdentity: 0, egressRule: 0, ingressRule: 0, service: 1, backend: 1, generation: 1 };
    const frontend = { frontendHi: front.hi, frontendLo: front.lo, frontendPort: front.port };
    const value = { ...none, ...counts, ...who, ...frontend, flags: CONNTRACK_TRANSLATED, expires: datapath.now() + 1_000_000 };
    await datapath.map(conntrackSpec).update([[{ ...sides, protocol: 6 }, value]]);
  }

  const tcpOf = (sockets: number, flows: number) => ({ backend: `${oneFour}:${serverPort}/tcp`, sockets, flows });
  const report = {
    // The node's own datagrams are tied to a backend; a pod's are translated.
    backends: [
      tcpOf(4, 1),
      { ...tcpOf(1, 0), backend: `${oneFour}:${serverPort}/udp` },
      { ...tcpOf(2, 0), backend: `[${oneSix}]:${serverPort}/tcp` },
    ],
    problems: ['sockets of /no/such/place: netns /no/such/place: ENOENT (not found)'],
  };

  t.test('a dry run counts them and leaves them', async (t) => {
    t.same(await reset.reset({ frontends, isBackend: isOne }, true), report);
    for (const client of Object.values(clients))
      for (const name of [four, six, mapped]) t.match(await client('say', { name }), { from: 'one' });
    t.equal(await datapath.map(conntrackSpec).count(), 1);
  });

  t.test('whoever has one learns of it at once', async (t) => {
    const before = await datapath.map(socketReverseSpec).count();
    t.same(await reset.reset({ frontends, isBackend: isOne }, false), report);
    for (const [who, client] of Object.entries(clients)) {
      for (const name of [four, six, mapped]) t.match(await client('say', { name }), { error: 'ECONNABORTED' }, `${who} ${name}`);
    }
    t.match(await clients.pod('say', { name: 'translated' }), { error: 'ECONNABORTED' }, 'one whose packets are translated too');
    t.match(await clients.node('send', { name: 'tied' }), { error: /^E/ }, 'a datagram socket that is tied has lost its peer');
    t.equal(await datapath.map(conntrackSpec).count(), 0);
    t.equal(await datapath.map(socketReverseSpec).count(), before - 7);
  });

  t.test('other connections go on: to other backends, to the backend itself, and datagrams that may go anywhere', async (t) => {
    for (const [who, client] of Object.entries(clients)) {
      t.match(await client('say', { name: 'another backend' }), { from: 'two' }, who);
      t.match(await client('say', { name: 'the backend itself' }), { from: 'one' }, who);
      t.match(await client('send', { name: 'untied', host: four, port: 53 }), { from: 'one' }, who);
    }
    t.same((await reset.reset({ frontends, isBackend: isOne }, false)).backends, [], 'there is nothing more');
    t.match(await clients.pod('connect', { host: four, port: 80 }), { from: 'one' }, 'and new ones are made');
  });
});
