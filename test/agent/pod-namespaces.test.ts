// Namespaces of pods by their cookies: each is asked for its own once, and who is none is not looked for at every event.

import t from 'tap';
import { PodNamespaces } from '../../orchestrator/agent/pod-namespaces.ts';
import { openInterfaces, type PodInterface } from '../../orchestrator/endpoints/interfaces.ts';
import { AgentError } from '../../orchestrator/errors.ts';

const row = (endpoint: number, containerId: string): PodInterface => ({
  ...{ endpoint, containerId, namespace: 'shop', pod: containerId, uid: '', netns: `/run/netns/${containerId}`, ifname: 'eth0' },
  ...{ device: '', port: 1, mac: '', gatewayMac: '', addresses: [`10.0.0.${endpoint}`], mtu: 1500 },
});

function open() {
  const cookies: Record<string, bigint> = { '/run/netns/a': 11n, '/run/netns/b': 12n };
  const asked: string[] = [];
  const namespaceCookie = (netns?: string): bigint => {
    if (netns === undefined) return 1n;
    asked.push(netns);
    const cookie = cookies[netns];
    if (cookie === undefined) throw new AgentError('NETNS_UNKNOWN', 'gone');
    return cookie;
  };
  const { table, writer } = openInterfaces();
  const clock = { now: 0 };
  return { cookies, asked, writer, clock, namespaces: new PodNamespaces({ namespaceCookie }, table, () => clock.now) };
}

t.test('a cookie is its pod’s, and the node’s own the node’s', (t) => {
  const { namespaces, writer, asked } = open();
  writer.put(row(1, 'a'));
  writer.put(row(2, 'b'));
  t.equal(namespaces.find(1n), 'node');
  for (let time = 0; time < 3; time += 1) {
    t.match(namespaces.find(11n), { pod: 'a' });
    t.match(namespaces.find(12n), { pod: 'b' });
  }
  t.same(asked, ['/run/netns/a', '/run/netns/b']);
  t.end();
});

t.test('a pod that came later is found, and one that has gone is nobody', (t) => {
  const { namespaces, writer, cookies, clock } = open();
  t.equal(namespaces.find(11n), undefined);
  writer.put(row(1, 'a'));
  t.equal(namespaces.find(11n), undefined, 'for a while it is not looked for again');
  clock.now = 5_000;
  t.match(namespaces.find(11n), { pod: 'a' });
  writer.delete(1);
  t.equal(namespaces.find(11n), undefined);
  cookies['/run/netns/c'] = 13n;
  writer.put(row(1, 'c'));
  t.equal(namespaces.find(11n), undefined, 'its number means another');
  t.match(namespaces.find(13n), { pod: 'c' });
  t.end();
});

t.test('namespaces of others, and ones that go away, cost one look', (t) => {
  const { namespaces, writer, asked } = open();
  writer.put(row(3, 'leaving'));
  writer.put(row(1, 'a'));
  for (let cookie = 100n; cookie < 3_000n; cookie += 1n) t.equal(namespaces.find(cookie), undefined);
  t.match(namespaces.find(11n), { pod: 'a' });
  t.same(asked.sort(), ['/run/netns/a', '/run/netns/leaving']);
  t.end();
});
