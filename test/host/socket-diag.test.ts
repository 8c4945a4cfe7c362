// Sockets of other processes in other namespaces: which have a peer, and that they end when they are told to.

import t from 'tap';
import { openHost } from '../../orchestrator/host/host.ts';
import type { SocketPlace } from '../../orchestrator/host/socket-diag.ts';
import { swapPort, wordText } from '../../orchestrator/net/words.ts';
import { cgroupMount, SocketWorld, serverPort } from '../kernel/sockets/world.ts';
import { makeNetns, networkSkip } from '../support/netns.ts';

const skip = (await networkSkip()) || (cgroupMount() === undefined && 'there is no unified hierarchy of cgroups here');
const text = ({ hi, lo, port }: SocketPlace) => `${wordText({ hi, lo })} ${swapPort(port)}`;

t.test('sockets of a namespace', { skip, timeout: 60_000 }, async (t) => {
  const world = await SocketWorld.open();
  const host = await openHost();
  t.teardown(async () => {
    host[Symbol.dispose]();
    await world[Symbol.asyncDispose]();
  });
  const pod = world.client({ netns: world.pod });
  const [four, six, mapped] = ['10.1.0.1', 'fd00:1::1', '::ffff:10.1.0.1'];
  for (const address of [four, six, mapped]) {
    await pod('connect', { name: `tcp ${address}`, host: address, port: serverPort });
    await pod('open', { name: `udp ${address}`, family: address === four ? 4 : 6 });
    await pod('tie', { name: `udp ${address}`, host: address, port: serverPort });
  }
  await pod('open', { name: 'untied', family: 4 });
  await pod('send', { name: 'untied', host: four, port: serverPort });

  t.test('those with a peer are listed, of both protocols and families, and no others', (t) => {
    const listed = host.connected(world.pod.path).map(({ protocol, remote }) => `${protocol} ${text(remote)}`);
    const peers = [four, six, four].map((address) => `${address} ${serverPort}`);
    t.same(listed.sort(), [...peers.map((peer) => `17 ${peer}`), ...peers.map((peer) => `6 ${peer}`)].sort());
    const cookies = new Set(host.connected(world.pod.path).map(({ cookie }) => cookie));
    t.equal(cookies.size, 6, 'each has a number of its own');
    t.notOk(
      host.connected().some(({ remote }) => text(remote) === `${four} ${serverPort}`),
      'another namespace has others',
    );
    t.end();
  });

  t.test('whoever uses one that is ended learns of it, and others go on', async (t) => {
    const all = host.connected(world.pod.path);
    const meant = all.filter(({ remote }) => text(remote) === `${six} ${serverPort}`);
    t.equal(meant.length, 2);
    t.same(host.endSockets(meant, world.pod.path), { ended: meant, problem: undefined });
    t.match(await pod('say', { name: `tcp ${six}` }), { error: 'ECONNABORTED' });
    t.match(await pod('say', { name: `tcp ${four}` }), { from: 'one' });
    t.match(await pod('say', { name: `tcp ${mapped}` }), { from: 'one' });
    t.match(await pod('send', { name: `udp ${four}` }), { from: 'one' });
    t.match(await pod('send', { name: `udp ${six}` }), { error: /^E/ }, 'a datagram socket has lost its peer');
    t.equal(host.connected(world.pod.path).length, 4);
    t.same(host.endSockets(meant, world.pod.path), { ended: [], problem: undefined }, 'what is gone is no failure');
  });

  t.test('a socket that speaks IPv4 by IPv6 ends as well', (t) => {
    const meant = host.connected(world.pod.path).filter(({ handle, remote }) => handle.family === 10 && text(remote).startsWith(four));
    t.equal(host.endSockets(meant, world.pod.path).ended.length, 2);
    t.equal(host.connected(world.pod.path).length, 2);
    t.end();
  });

  t.test('a namespace has a cookie of its own, and what is none is refused', async (t) => {
    using other = await makeNetns();
    t.ok(host.namespaceCookie(world.pod.path) > 0n);
    t.not(host.namespaceCookie(world.pod.path), host.namespaceCookie(other.path));
    t.same(host.connected(other.path), []);
    t.throws(() => host.connected('/no/such/place'), { code: 'NETNS_UNKNOWN' });
    t.throws(() => host.namespaceCookie('/dev/null'), { code: 'NETNS_UNKNOWN' });
  });
});
