// Pod devices, in namespaces of the test's own, against what ip(8) says of them.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Host, openHost } from '../../orchestrator/host/host.ts';
import type { PodDevice } from '../../orchestrator/host/plan.ts';
import { ip, makeNetns, type Netns, networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();

/** Takes all of ours away at the end. */
async function hostFor(t: { teardown(end: () => void): void }): Promise<Host> {
  const host = await openHost();
  t.teardown(() => {
    host.cleanup();
    host[Symbol.dispose]();
  });
  return host;
}

function specOf(pod: Netns, changes: Partial<PodDevice> = {}): PodDevice {
  return {
    device: 'axn0123456789',
    netns: pod.path,
    ifname: 'eth0',
    mac: '02:00:00:00:00:01',
    gatewayMac: '02:00:00:00:00:02',
    addresses: ['10.1.0.5', 'fd00:1::5'],
    mtu: 1450,
    ...changes,
  };
}

t.test('a pod gets its device, its addresses and its way out', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod);
  const port = host.addPodDevice(spec);

  const [here] = ip(`-d link show ${spec.device}`);
  t.match(here, { ifindex: port, mtu: 1450, address: spec.gatewayMac, operstate: 'UP', linkinfo: { info_kind: 'veth' } });
  t.equal(here.inet6_addr_gen_mode, 'none');
  t.match(ip('route show proto 97'), [{ dst: '10.1.0.5', dev: spec.device, scope: 'link' }]);
  t.match(ip('-6 route show proto 97'), [{ dst: 'fd00:1::5', dev: spec.device }]);
  for (const address of spec.addresses) {
    const [known] = ip(`neigh show ${address} dev ${spec.device}`);
    t.match(known, { dst: address, lladdr: spec.mac, state: ['PERMANENT'] });
  }
  t.equal(shell(`cat /proc/sys/net/ipv4/conf/${spec.device}/rp_filter`).trim(), '0');
  t.equal(shell(`cat /proc/sys/net/ipv4/conf/${spec.device}/proxy_arp`).trim(), '1');
  t.equal(shell(`cat /proc/sys/net/ipv4/neigh/${spec.device}/proxy_delay`).trim(), '0');

  const [there] = ip('addr show eth0', pod);
  t.match(there, { mtu: 1450, address: spec.mac, operstate: 'UP' });
  t.same(
    there.addr_info.map(({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`),
    ['10.1.0.5/32', 'fd00:1::5/128'],
    'and none of link scope, which would ask around',
  );
  t.match(ip('route show default', pod), [{ gateway: '169.254.1.1', dev: 'eth0', flags: ['onlink'] }]);
  t.match(ip('-6 route show default', pod), [{ gateway: 'fe80::1', dev: 'eth0' }]);
  for (const gateway of ['169.254.1.1', 'fe80::1']) {
    t.match(ip(`neigh show ${gateway}`, pod), [{ lladdr: spec.gatewayMac, state: ['PERMANENT'] }]);
  }
  t.match(ip('link show lo', pod)[0].flags, ['LOOPBACK', 'UP']);
  t.same(host.checkPodDevice(spec), []);
  t.same(host.podDevices(), [{ device: spec.device, port, mac: spec.gatewayMac }]);
  t.equal(host.portOf(spec.device), port);
});

t.test('host and pod reach each other at once, in both families', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  host.apply({ router: ['10.1.0.1', 'fd00:1::1'], pods: [], peers: [] });
  host.addPodDevice(specOf(pod));
  for (const address of ['10.1.0.1', 'fd00:1::1']) t.match(pod.run(`ping -c1 -W2 ${address}`), '1 received');
  for (const address of ['10.1.0.5', 'fd00:1::5']) t.match(shell(`ping -c1 -W2 ${address}`), '1 received');
  t.match(ip('route show 10.1.0.5'), [{ prefsrc: '10.1.0.1' }], 'the host speaks as the router');
  t.match(ip('-6 route show fd00:1::5'), [{ prefsrc: 'fd00:1::1' }]);
});

t.test('a pod of one family has nothing of the other', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod, { addresses: ['10.1.0.5'] });
  host.addPodDevice(spec);
  t.same(ip('-6 route show default', pod), []);
  t.same(host.checkPodDevice(spec), []);
});

t.test('a namespace in which IPv6 is switched off gets its IPv6 address all the same', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  pod.run('for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done');
  host.addPodDevice(specOf(pod));
  t.match(ip('addr show eth0', pod)[0].addr_info, [{ local: '10.1.0.5' }, { local: 'fd00:1::5' }]);
});

t.test('what is taken from a device is told, and is there again when it is added again', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod);
  const port = host.addPodDevice(spec);
  const damages: [command: string, sentence: RegExp, inPod: boolean][] = [
    ['ip route del 10.1.0.5', /route 10\.1\.0\.5\/32 is missing/, false],
    ['ip -6 route del fd00:1::5', /route fd00:1::5\/128 is missing/, false],
    [`ip neigh del 10.1.0.5 dev ${spec.device}`, /no permanent neighbour 10\.1\.0\.5/, false],
    [`ip neigh replace 10.1.0.5 lladdr 02:00:00:00:00:99 dev ${spec.device} nud permanent`, /no permanent neighbour 10\.1\.0\.5/, false],
    [`ip -6 addr flush dev ${spec.device}`, /address fe80::1 is missing/, false],
    [`ip link set ${spec.device} down`, /is down/, false],
    [`ip link set ${spec.device} mtu 1400`, /its MTU is 1400, not 1450/, false],
    [`ip link set ${spec.device} address 02:00:00:00:00:77`, /its MAC address is 02:00:00:00:00:77/, false],
    [`echo 1 > /proc/sys/net/ipv4/conf/${spec.device}/rp_filter`, /IPv4 settings/, false],
    ['ip addr del 10.1.0.5/32 dev eth0', /address 10\.1\.0\.5 is missing/, true],
    ['ip -6 addr del fd00:1::5/128 dev eth0', /address fd00:1::5 is missing/, true],
    ['ip route del default', /route 0\.0\.0\.0\/0 is missing/, true],
    ['ip -6 route del default', /route ::\/0 is missing/, true],
    ['ip neigh del 169.254.1.1 dev eth0', /no permanent neighbour 169\.254\.1\.1/, true],
    ['ip link set eth0 down', /eth0: is down/, true],
    ['ip link set lo down', /lo: is down/, true],
  ];
  for (const [command, sentence, inPod] of damages) {
    if (inPod) pod.run(command);
    else shell(command);
    t.match(host.checkPodDevice(spec).join('\n'), sentence, command);
    t.equal(host.addPodDevice(spec), port, 'the device stays the same');
    t.same(host.checkPodDevice(spec), [], `${command}: repaired`);
  }
});

t.test('a device whose other end is elsewhere is made anew', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  using other = await makeNetns();
  const spec = specOf(pod);
  host.addPodDevice(specOf(other));
  t.match(host.checkPodDevice(spec).join(), /no such device in the pod/);
  host.addPodDevice(spec);
  t.same(host.checkPodDevice(spec), []);
  t.notOk(other.run('ip -o link').includes('eth0'), 'the old end went with the device');
});

t.test('removing takes both ends away, and may be repeated', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod);
  host.addPodDevice(spec);
  host.removePodDevice(spec.device);
  host.removePodDevice(spec.device);
  t.equal(host.portOf(spec.device), undefined);
  t.notMatch(pod.run('ip -o link'), 'eth0');
  t.match(host.checkPodDevice(spec), [`${spec.device}: no such device`]);
});

t.test('a path that is no network namespace is refused by name, and nothing is left', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-netns-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  shell(`mkfifo ${folder}/pipe`);
  const before = shell('ip -o link; ip route; ip -6 route');
  const rows: [path: string, message: string | RegExp][] = [
    [join(folder, 'file'), 'is no network namespace'],
    [join(folder, 'missing'), 'ENOENT'],
    [join(folder, 'pipe'), 'is no network namespace'],
    [folder, 'is no network namespace'],
    ['/proc/self/ns/mnt', 'is no network namespace'],
    ['/proc/thread-self/ns/net', 'is the namespace of the node itself'],
    ['', 'ENOENT'],
  ];
  for (const [netns, message] of rows) {
    const spec = specOf(pod, { netns });
    t.throws(() => host.addPodDevice(spec), { code: 'NETNS_UNKNOWN', message }, netns);
    t.match(host.checkPodDevice(spec).join(), message, 'and a check says the same');
  }
  t.equal(shell('ip -o link; ip route; ip -6 route'), before);
  t.ok(existsSync(folder));
});

t.test('a foreign device of the name is an error, and stays', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod);
  shell(`ip link add ${spec.device} type bridge`);
  t.throws(() => host.addPodDevice(spec), { code: 'LINK_TAKEN', message: /axn0123456789: there is a bridge of that name/ });
  t.throws(() => host.removePodDevice(spec.device), { code: 'LINK_TAKEN' });
  t.match(shell(`ip -o link show ${spec.device}`), spec.device);
  t.same(host.podDevices(), []);
  shell(`ip link del ${spec.device}`);

  pod.run('ip link add eth0 type bridge');
  t.throws(() => host.addPodDevice(spec), { code: 'LINK_TAKEN', message: /eth0 in .*: there is a bridge/ });
  t.equal(host.portOf(spec.device), undefined, 'nothing is left here');
  t.match(pod.run('ip -o link'), 'eth0', 'and theirs is still there');
});

t.test('a step that fails says which and why, and what was made is undone', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  shell('ip link add foreign type veth peer name foreign1 && ip link set foreign up && ip route add 10.1.0.5/32 dev foreign proto static');
  t.teardown(() => shell('ip link del foreign'));
  const spec = specOf(pod);
  t.throws(() => host.addPodDevice(spec), {
    code: 'NETLINK_FAILED',
    message: 'pod device axn0123456789: route 10.1.0.5/32: add: a route that is not ours has this destination',
  });
  t.equal(host.portOf(spec.device), undefined);
  t.notMatch(pod.run('ip -o link'), 'eth0');
  t.match(ip('route show 10.1.0.5'), [{ dev: 'foreign', protocol: 'static' }], 'the foreign route stays');

  t.throws(() => host.addPodDevice(specOf(pod, { mtu: 7 })), { code: 'NETLINK_FAILED', message: /create.*EINVAL|create.*out of range/ });
  t.equal(host.portOf(spec.device), undefined);
});

t.test('an address that another device of ours had leads to its new one', { skip }, async (t) => {
  const host = await hostFor(t);
  using first = await makeNetns();
  using second = await makeNetns();
  host.addPodDevice(specOf(first, { device: 'axn0000000001' }));
  host.addPodDevice(specOf(second, { device: 'axn0000000002' }));
  t.match(ip('route show 10.1.0.5'), [{ dev: 'axn0000000002' }]);
});

t.test('a device is made in a few milliseconds', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod);
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    host.addPodDevice(spec);
    const took = performance.now() - start;
    host.removePodDevice(spec.device);
    return took;
  }).sort((a, b) => a - b);
  t.comment(`addPodDevice: p50 ${times[15]?.toFixed(2)} ms, p90 ${times[27]?.toFixed(2)} ms`);
  t.ok((times[0] ?? 0) < 50, 'even on a machine that is busy with something else');
});
