// The host in userspace mode, in namespaces of the test's own, against what ip(8) and nft(8) say of them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { NodePlan, PodDevice } from '../../orchestrator/host/plan.ts';
import { openUserHost, speakersOf, type UserHost } from '../../orchestrator/host/user-host.ts';
import { everything, ip, makeNetns, type Netns, networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();
t.setTimeout(120_000);

/** Takes all of ours away at the end. */
async function hostFor(t: { teardown(end: () => void): void }, folder = mkdtempSync(join(tmpdir(), 'tuns-'))): Promise<UserHost> {
  const host = await openUserHost({ folder });
  t.teardown(() => {
    host.cleanup();
    host[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
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

const own = { prefixes: ['10.1.0.0/24', 'fd00:1::/64'], mtu: 1450 };
const peer = { name: 'b', prefixes: ['10.1.1.0/24', 'fd00:1:0:1::/64'], address: '172.31.0.11', way: 'overlay' } as const;
const plan: NodePlan = {
  overlay: { device: 'axoneme_vxlan', port: 8472, mtu: 1450 },
  router: ['10.1.0.1', 'fd00:1::1'],
  own,
  pods: [],
  peers: [peer],
  masquerade: { sources: own.prefixes, except: [...own.prefixes, ...peer.prefixes] },
};
const routed = (args = '') =>
  [...ip(`route show proto 97 ${args}`), ...ip(`-6 route show proto 97 ${args}`)].map(({ dst }) => dst as string);

t.test('a pod gets a persistent device, its addresses, and a way out without a router', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const port = host.addPodDevice(specOf(pod));
  t.equal(port, 16);
  const [there] = ip('-d addr show eth0', pod);
  t.match(there, {
    mtu: 1450,
    ifalias: 'axn0123456789',
    linkinfo: { info_kind: 'tun', info_data: { type: 'tun', pi: false, persist: true } },
  });
  t.ok(there.flags.includes('UP'));
  t.same(
    there.addr_info.map(({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`),
    ['10.1.0.5/32', 'fd00:1::5/128'],
  );
  const [four] = ip('route show default', pod);
  t.match(four, { dev: 'eth0', scope: 'link' });
  t.equal(four.gateway, undefined);
  t.match(ip('-6 route show default', pod), [{ dev: 'eth0' }]);
  t.match(ip('link show lo', pod)[0].flags, ['LOOPBACK', 'UP']);
  t.same(host.checkPodDevice(specOf(pod)), []);
  t.same(host.podDevices(), [{ device: 'axn0123456789', port, mac: '' }]);
});

t.test('asking again repairs what is missing and changes nothing else', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod);
  const port = host.addPodDevice(spec);
  const before = pod.run('ip -d addr; ip route; ip -6 route');
  t.equal(host.addPodDevice(spec), port);
  t.equal(pod.run('ip -d addr; ip route; ip -6 route'), before);
  pod.run('ip addr del 10.1.0.5/32 dev eth0; ip -6 route del default; ip link set eth0 mtu 1300');
  t.same(host.checkPodDevice(spec), [
    'eth0: its MTU is 1300, not 1450',
    'eth0: address 10.1.0.5 is missing',
    'eth0: route 0.0.0.0/0 is missing',
    'eth0: route ::/0 is missing',
  ]);
  t.equal(host.addPodDevice(spec), port);
  t.same(host.checkPodDevice(spec), []);
});

t.test('IPv6 is switched on where the runtime has switched it off', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  pod.run('sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1');
  host.addPodDevice(specOf(pod));
  t.same(host.checkPodDevice(specOf(pod)), []);
});

t.test('a device that is not ours is left alone, and said', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  pod.run('ip tuntap add eth0 mode tun; ip link set eth0 up');
  t.throws(() => host.addPodDevice(specOf(pod)), { code: 'LINK_TAKEN' });
  t.same(host.podDevices(), []);
  host.removePodDevice('axn0123456789');
  t.equal(ip('link show eth0', pod).length, 1);
});

t.test('removing takes the device out of its namespace, and twice is fine', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  const spec = specOf(pod);
  const port = host.addPodDevice(spec);
  host.removePodDevice(spec.device);
  host.removePodDevice(spec.device);
  t.same(host.podDevices(), []);
  t.match(pod.run('ip -o link'), /^1: lo: [^\n]*\n$/);
  t.equal(host.addPodDevice(spec), port + 1, 'the next device has a number of its own');
});

t.test('a namespace that is gone took its device along', { skip }, async (t) => {
  const host = await hostFor(t);
  const pod = await makeNetns();
  const spec = specOf(pod);
  host.addPodDevice(spec);
  pod[Symbol.dispose]();
  t.same(host.podDevices(), []);
  t.match(host.checkPodDevice(spec), [/^netns /]);
  host.removePodDevice(spec.device);
  t.throws(() => host.addPodDevice(spec), { code: 'NETNS_UNKNOWN' });
});

t.test('the next agent finds what is there, with its numbers', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tuns-'));
  using a = await makeNetns();
  using b = await makeNetns();
  const first = await openUserHost({ folder });
  first.addPodDevice(specOf(a));
  first.addPodDevice(specOf(b, { device: 'axnabcdef0123', addresses: ['10.1.0.6'] }));
  first[Symbol.dispose]();
  const host = await hostFor(t, folder);
  t.same(
    host.podDevices().sort((x, y) => x.port - y.port),
    [
      { device: 'axn0123456789', port: 16, mac: '' },
      { device: 'axnabcdef0123', port: 17, mac: '' },
    ],
  );
  t.equal(host.addPodDevice(specOf(a)), 16);
});

t.test('a plan makes the device of the host and routes into it, once, and cleanup leaves nothing', { skip }, async (t) => {
  const host = await hostFor(t);
  shell('ip link set lo up');
  const before = everything();
  t.same(host.apply(plan), []);
  const [device] = ip('-d addr show axoneme_host');
  t.match(device, { mtu: 1450, linkinfo: { info_kind: 'tun' } });
  t.same(device.addr_info, []);
  t.same(
    routed('dev axoneme_host').sort(),
    ['10.1.0.0/24', '10.1.1.0/24', '169.254.77.77', 'fd00:1::/64', 'fd00:1:0:1::/64', 'fd00:77::77'].sort(),
  );
  t.match(ip('route show 10.1.1.0/24'), [{ prefsrc: '10.1.0.1' }]);
  for (const [setting, value] of Object.entries({ rp_filter: '0', accept_local: '1', send_redirects: '0' })) {
    t.equal(shell(`cat /proc/sys/net/ipv4/conf/axoneme_host/${setting}`).trim(), value, setting);
  }
  t.equal(host.portOf('axoneme_vxlan', 'vxlan'), 2);
  t.equal(host.portOf('axoneme_host'), 1);
  const made = everything();
  t.same(host.apply(plan), []);
  t.equal(everything(), made);
  t.same(host.apply({ ...plan, peers: [] }), []);
  t.notOk(routed().includes('10.1.1.0/24'));
  host.cleanup();
  t.equal(everything(), before);
});

t.test('addresses of services and node ports come and go', { skip }, async (t) => {
  const host = await hostFor(t);
  t.same(await host.serve({ addresses: ['10.96.0.1', 'fd00:96::1'], nodePorts: { 4: [[6, 30000]], 6: [[17, 30001]] } }), []);
  t.same(host.apply(plan), []);
  t.same(
    routed().filter((text) => /^(10\.96|fd00:96)/.test(text)),
    ['10.96.0.1', 'fd00:96::1'],
  );
  t.match(shell('nft list table ip axoneme_ports'), /elements = \{ tcp \. 30000 \}/);
  t.match(shell('nft list table ip6 axoneme_ports'), /elements = \{ udp \. 30001 \}/);
  t.match(shell('nft list table ip axoneme_ports'), /fib daddr type local .*@ports dnat to 169\.254\.77\.77/);
  t.match(shell('nft list table ip axoneme_ports'), /oifname "axoneme_host\*?" fib saddr type local snat to 10\.1\.0\.0/);
  t.same(await host.serve({ addresses: ['10.96.0.2'], nodePorts: { 4: [], 6: [] } }), []);
  t.same(
    routed().filter((text) => /^(10\.96|fd00:96)/.test(text)),
    ['10.96.0.2'],
  );
  shell('ip route del 10.96.0.2');
  t.same(host.apply(plan), []);
  t.same(
    routed().filter((text) => /^(10\.96|fd00:96)/.test(text)),
    ['10.96.0.2'],
    'the look at everything repairs them',
  );
});

t.test('an agent that does not know the services yet leaves their routes and ports', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tuns-'));
  const first = await openUserHost({ folder });
  first.apply(plan);
  await first.serve({ addresses: ['10.96.0.1', '10.96.0.2'], nodePorts: { 4: [[6, 30000]], 6: [] } });
  first[Symbol.dispose]();
  const host = await hostFor(t, folder);
  const before = everything();
  t.same(host.apply(plan), []);
  t.equal(everything(), before);
  await host.serve({ addresses: ['10.96.0.2'], nodePorts: { 4: [[6, 30000]], 6: [] } });
  t.same(host.apply(plan), []);
  t.notOk(routed().includes('10.96.0.1'));
  t.ok(routed().includes('10.96.0.2'));
});

t.test('ten thousand addresses of services are no burden', { skip }, async (t) => {
  const host = await hostFor(t);
  host.apply(plan);
  const addresses = Array.from({ length: 10_000 }, (_, at) => `10.96.${at >> 8}.${at & 255}`);
  const nodePorts = { 4: Array.from({ length: 2_000 }, (_, at) => [6, 30_000 + at] as const), 6: [] };
  const begun = performance.now();
  t.same(await host.serve({ addresses, nodePorts }), []);
  const first = performance.now() - begun;
  t.same(await host.serve({ addresses: addresses.slice(1), nodePorts }), []);
  const change = performance.now() - begun - first;
  t.same(host.apply(plan), []);
  const look = performance.now() - begun - first - change;
  t.equal(routed().length, 10_000 + 5);
  t.comment(`first ${first.toFixed()} ms, one change ${change.toFixed()} ms, a look at everything ${look.toFixed()} ms`);
  t.ok(change < first);
});

t.test('the host speaks to services from the first address of each pod prefix', (t) => {
  t.same(speakersOf(own.prefixes), ['10.1.0.0', 'fd00:1::']);
  t.end();
});
