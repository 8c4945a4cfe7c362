// A node's namespace as planned: by difference, and only what is ours.

import t from 'tap';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { type Host, openHost } from '../../orchestrator/host/host.ts';
import { applyMasquerade } from '../../orchestrator/host/nft/masquerade.ts';
import { netfilterProtocol } from '../../orchestrator/host/nft/message.ts';
import { applyNode } from '../../orchestrator/host/node.ts';
import type { NodePlan, Peer } from '../../orchestrator/host/plan.ts';
import { Session } from '../../orchestrator/host/session.ts';
import { everything, ip, makeNetns, type Netns, networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();
if (skip === false) {
  shell('ip link set lo up; ip link add under0 type veth peer name under1; ip link set under0 up; ip link set under1 up');
  shell('ip addr add 172.31.0.1/24 dev under0; ip -6 addr add fd31::1/64 dev under0 nodad; ip route add default via 172.31.0.254');
}

const overlay = { device: 'axoneme_vxlan', port: 8472, mtu: 1450 };
const router = ['10.1.0.1', 'fd00:1::1'];
const pod = { device: 'axn0000000001', mac: '02:00:00:00:00:01', addresses: ['10.1.0.5', 'fd00:1::5'] };

function peer(number: number, changes: Partial<Peer> = {}): Peer {
  return {
    name: `n${number}`,
    prefixes: [`10.${number}.0.0/24`, `fd00:${number}::/64`],
    address: `172.31.0.${number}`,
    way: 'overlay',
    ...changes,
  };
}

const plan: NodePlan = {
  overlay,
  router,
  pods: [pod],
  peers: [peer(2), peer(3)],
  masquerade: { sources: ['10.1.0.0/24', 'fd00:1::/64'], except: ['10.0.0.0/8', 'fd00::/32'] },
};

async function hostFor(t: { teardown(end: () => void): void }): Promise<Host> {
  const host = await openHost();
  t.teardown(() => {
    host.cleanup();
    host[Symbol.dispose]();
  });
  return host;
}

function addPod(host: Host, netns: Netns): void {
  host.addPodDevice({ ...pod, netns: netns.path, ifname: 'eth0', gatewayMac: '02:00:00:00:00:02', mtu: 1450 });
}

t.test('a namespace becomes as planned', { skip }, async (t) => {
  const host = await hostFor(t);
  using netns = await makeNetns();
  addPod(host, netns);
  t.same(host.apply(plan), []);

  const [device] = ip('-d link show axoneme_vxlan');
  t.match(device, { mtu: 1450, linkinfo: { info_kind: 'vxlan', info_data: { external: true, port: 8472, learning: false } } });
  t.ok(['NOARP', 'UP'].every((flag) => device.flags.includes(flag)));
  t.equal(device.inet6_addr_gen_mode, 'none');
  t.match(
    ip('addr show lo')[0].addr_info.filter(({ scope }: { scope: string }) => scope === 'global'),
    [
      { local: '10.1.0.1', prefixlen: 32 },
      { local: 'fd00:1::1', prefixlen: 128 },
    ],
  );
  t.match(shell('ip route show 10.2.0.0/24'), 'encap ip id 1 src 0.0.0.0 dst 172.31.0.2 ttl 0 tos 0 dev axoneme_vxlan proto 97');
  t.match(shell('ip -6 route show fd00:2::/64'), 'encap ip id 1 src 0.0.0.0 dst 172.31.0.2 ttl 0 tos 0 dev axoneme_vxlan proto 97');
  t.match(ip('route show 10.1.0.5'), [{ dev: pod.device, prefsrc: '10.1.0.1', scope: 'link' }]);
  t.same(host.addresses().sort(), ['10.1.0.1', '172.31.0.1', 'fd00:1::1', 'fd31::1']);
});

t.test('a plan that is applied again sends nothing', { skip }, async (t) => {
  const host = await hostFor(t);
  using netns = await makeNetns();
  addPod(host, netns);
  host.apply(plan);
  const before = everything();
  const libc = await openLibc();
  using session = new Session(libc);
  using netfilter = new Session(libc, netfilterProtocol);
  t.same(applyNode(session, plan, 'axn'), []);
  t.same(applyMasquerade(netfilter, plan, ['axn', 'axoneme']), []);
  t.equal(session.sent + netfilter.sent, 0);
  t.equal(everything(), before);

  using fresh = await openHost();
  t.same(fresh.apply(plan), [], 'nor does another process');
  t.equal(everything(), before);
});

t.test('what the plan no longer names goes, and what it names newly comes', { skip }, async (t) => {
  const host = await hostFor(t);
  using netns = await makeNetns();
  addPod(host, netns);
  host.apply(plan);
  const changed: NodePlan = {
    overlay,
    router: ['10.1.1.1'],
    pods: [{ ...pod, addresses: ['10.1.0.5'] }],
    peers: [peer(3, { address: '172.31.0.33' }), peer(4)],
  };
  t.same(host.apply(changed), []);
  const destinations = (text: string) => text.match(/^\S+/gm);
  t.same(destinations(shell('ip route show proto 97')), ['10.1.0.5', '10.3.0.0/24', '10.4.0.0/24']);
  t.match(shell('ip route show 10.3.0.0/24'), 'dst 172.31.0.33');
  t.match(ip('route show 10.1.0.5'), [{ prefsrc: '10.1.1.1' }]);
  t.same(destinations(shell('ip -6 route show proto 97')), ['fd00:3::/64', 'fd00:4::/64']);
  t.notMatch(shell('ip addr show lo'), '10.1.0.1/32');
  t.notMatch(shell(`ip neigh show nud permanent dev ${pod.device}`), 'fd00:1::5');
  t.equal(shell('nft list ruleset'), '');
});

t.test('native routing leads by the nodes, and takes the overlay away', { skip }, async (t) => {
  const host = await hostFor(t);
  host.apply(plan);
  const native = (number: number) => peer(number, { way: 'native', others: [`fd31::${number}`] });
  t.same(host.apply({ router, pods: [], peers: [native(2), native(3)] }), []);
  t.match(ip('route show 10.2.0.0/24'), [{ gateway: '172.31.0.2', dev: 'under0', prefsrc: '10.1.0.1' }]);
  t.match(ip('-6 route show fd00:2::/64'), [{ gateway: 'fd31::2', dev: 'under0' }]);
  t.equal(host.portOf('axoneme_vxlan'), undefined);
  const before = everything();
  using session = new Session(await openLibc());
  applyNode(session, { router, pods: [], peers: [native(2), native(3)] }, 'axn');
  t.equal(session.sent, 0, 'again, nothing is sent');
  t.equal(everything(), before);
});

t.test('what cannot be made is told, and the rest is made', { skip }, async (t) => {
  const host = await hostFor(t);
  const problems = host.apply({
    router,
    pods: [{ ...pod, device: 'axn00000000ff' }],
    peers: [
      peer(2, { way: 'native', address: '192.0.2.1' }),
      peer(3, { way: 'native' }),
      peer(4, { way: 'overlay' }),
      peer(5, { way: 'native', others: ['fd31::5'] }),
    ],
  });
  t.match(problems, [
    { subject: 'pod device axn00000000ff', message: 'no such device' },
    { subject: 'node n2', message: 'fd00:2::/64: in native routing it needs an IPv6 address of the node' },
    { subject: 'node n3', message: /IPv6/ },
    { subject: 'node n4', message: '10.4.0.0/24: there is no overlay device' },
    { subject: 'node n4', message: 'fd00:4::/64: there is no overlay device' },
    { subject: 'route 10.2.0.0/24', message: /ENETUNREACH.*invalid gateway/ },
  ]);
  t.match(ip('route show 10.3.0.0/24'), [{ gateway: '172.31.0.3' }]);
  t.match(ip('-6 route show fd00:5::/64'), [{ gateway: 'fd31::5' }]);
});

t.test('foreign routes, addresses, devices and tables stay as they are', { skip }, async (t) => {
  const host = await hostFor(t);
  shell('ip route add 10.2.0.0/24 via 172.31.0.99 proto static; ip -6 route add fd00:2::/64 dev under0 proto static');
  shell('ip route add 10.99.0.0/16 via 172.31.0.98 proto bird; ip addr add 192.0.2.7/32 dev lo');
  shell('ip link add axoneme_vxlan type bridge; ip link add vxlan7 type vxlan id 7 dstport 4789 dev under0');
  shell("nft add table ip theirs; nft add chain ip theirs postrouting '{ type nat hook postrouting priority 100; }'");
  shell('nft add rule ip theirs postrouting ip daddr 10.1.0.5 counter accept');
  t.teardown(() => shell('ip route del 10.99.0.0/16; ip addr del 192.0.2.7/32 dev lo; ip link del vxlan7; nft delete table ip theirs'));
  const before = everything();
  const problems = host.apply(plan);
  t.match(problems, [
    { subject: 'overlay axoneme_vxlan', message: 'there is a bridge of that name that is not ours' },
    { subject: 'pod device axn0000000001' },
  ]);
  t.type(host.portOf('axoneme_vxlan', 'bridge'), 'number');
  t.equal(host.portOf('axoneme_vxlan', 'vxlan'), undefined, 'nobody takes it for the overlay');
  host.cleanup();
  t.equal(everything(), before);

  shell('ip link del axoneme_vxlan');
  t.match(host.apply(plan), [
    { subject: 'pod device axn0000000001' },
    { subject: 'route 10.2.0.0/24', message: 'a route that is not ours has this destination' },
    { subject: 'route fd00:2::/64', message: 'a route that is not ours has this destination' },
  ]);
  t.match(ip('route show 10.3.0.0/24'), [{ dev: 'axoneme_vxlan' }], 'the rest is there');
  t.match(ip('route show 10.2.0.0/24'), [{ gateway: '172.31.0.99' }]);
  shell('ip route del 10.2.0.0/24; ip -6 route del fd00:2::/64');
  t.match(host.apply(plan), [{ subject: 'pod device axn0000000001' }], 'and what was in the way comes once it is free');
});

t.test('an overlay that was altered is put right', { skip }, async (t) => {
  const host = await hostFor(t);
  const small: NodePlan = { overlay, router, pods: [], peers: [peer(2)] };
  host.apply(small);
  for (const damage of [
    'ip link set axoneme_vxlan down',
    'ip link set axoneme_vxlan mtu 1300',
    'ip link set axoneme_vxlan arp on',
    'ip link del axoneme_vxlan',
    'ip link del axoneme_vxlan && ip link add axoneme_vxlan type vxlan external dstport 4789',
    'ip link del axoneme_vxlan && ip link add axoneme_vxlan type vxlan id 5 dstport 8472 dev under0',
  ]) {
    const before = everything()
      .replace(/link\/ether \S+/g, '')
      .replace(/^\d+: /gm, '');
    shell(damage);
    t.same(host.apply(small), [], damage);
    t.equal(
      everything()
        .replace(/link\/ether \S+/g, '')
        .replace(/^\d+: /gm, ''),
      before,
      damage,
    );
  }
  t.same(host.apply({ ...small, overlay: { ...overlay, port: 4789 } }), []);
  t.match(ip('-d link show axoneme_vxlan')[0].linkinfo.info_data, { port: 4789 }, 'another port is another device');
});

t.test('a UDP port that is taken is said in words', { skip }, async (t) => {
  const host = await hostFor(t);
  shell('ip link add other type vxlan id 9 dstport 8472 dev under0; ip link set other up');
  t.teardown(() => shell('ip link del other'));
  t.match(host.apply({ overlay, router, pods: [], peers: [] }), [
    { subject: 'overlay axoneme_vxlan', message: /raise: EADDRINUSE \(in use already\)/ },
  ]);
  const [check] = host.checks({ overlay, router, pods: [], peers: [] }).filter(({ name }) => name === 'overlay');
  t.match(check, { ok: false, hint: /something else uses UDP port 8472/ });
});

t.test('a pod device that no plan names yet keeps its routes', { skip }, async (t) => {
  const host = await hostFor(t);
  using netns = await makeNetns();
  host.apply({ ...plan, pods: [] });
  addPod(host, netns);
  host.apply({ ...plan, pods: [] });
  t.match(ip('route show 10.1.0.5'), [{ dev: pod.device, prefsrc: '10.1.0.1' }]);
});

t.test('hundreds of nodes are a matter of milliseconds, and of nothing when they are there', { skip }, async (t) => {
  const host = await hostFor(t);
  const peers = Array.from({ length: 1000 }, (_, index) =>
    peer(2, { name: `n${index}`, prefixes: [`10.${100 + (index >> 8)}.${index & 255}.0/24`, `fd00:7:${index.toString(16)}::/64`] }),
  );
  const many: NodePlan = { overlay, router, pods: [], peers };
  const start = performance.now();
  t.same(host.apply(many), []);
  const first = performance.now() - start;
  t.same(host.apply(many), []);
  t.comment(`2,000 routes: ${first.toFixed(0)} ms, again: ${(performance.now() - start - first).toFixed(0)} ms`);
  t.equal(shell('ip route show proto 97 | wc -l; ip -6 route show proto 97 | wc -l'), '1000\n1000\n');
});

t.test('the underlay is the device of the default route, or of an address', { skip }, async (t) => {
  const host = await hostFor(t);
  t.match(host.underlay(), { device: 'under0', mtu: 1500, addresses: ['172.31.0.1', 'fd31::1'] });
  t.match(host.underlay('fd31:0::1'), { device: 'under0' });
  t.throws(() => host.underlay('192.0.2.200'), { code: 'UNDERLAY_UNKNOWN', message: /192\.0\.2\.200/ });
  shell('ip route del default');
  t.throws(() => host.underlay(), { code: 'UNDERLAY_UNKNOWN', message: /no default route/ });
  shell('ip -6 route add default via fd31::fe');
  t.match(host.underlay(), { device: 'under0' }, 'IPv6 alone will do');
  shell('ip -6 route del default; ip route add default via 172.31.0.254');
});

t.test('cleanup takes away all of ours, tells it, and nothing else', { skip }, async (t) => {
  const host = await hostFor(t);
  using netns = await makeNetns();
  const before = everything();
  addPod(host, netns);
  host.apply(plan);
  const told = host.cleanup();
  t.equal(everything(), before);
  for (const text of ['device axn0000000001', 'device axoneme_vxlan', 'route 10.2.0.0/24', 'address 10.1.0.1', 'nft table ip6 axoneme']) {
    t.ok(told.includes(text), text);
  }
  t.same(host.cleanup(), []);
});
