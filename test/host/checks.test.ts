// Checks of the kernel's settings: set where they may be, explained where not.

import t from 'tap';
import { openHost } from '../../orchestrator/host/host.ts';
import type { HostCheck, NodePlan } from '../../orchestrator/host/plan.ts';
import { networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();
if (skip === false) {
  shell('ip link set lo up; ip link add under0 type veth peer name under1; ip link set under0 up; ip link set under1 up');
  shell('ip addr add 172.31.0.1/24 dev under0; ip route add default via 172.31.0.254');
}
const plan: NodePlan = {
  overlay: { device: 'axoneme_vxlan', port: 8472, mtu: 1450 },
  router: ['10.1.0.1', 'fd00:1::1'],
  pods: [],
  peers: [],
};
const find = (checks: HostCheck[], name: string) => checks.find((check) => check.name === name);
const setting = (name: string) => shell(`cat /proc/sys/net/${name}`).trim();

t.test('forwarding is switched on, and routers are still listened to', { skip }, async (t) => {
  using host = await openHost();
  shell('for f in ipv4/conf/all/forwarding ipv6/conf/all/forwarding; do echo 0 > /proc/sys/net/$f; done');
  shell('echo 1 > /proc/sys/net/ipv6/conf/under0/accept_ra; echo 0 > /proc/sys/net/ipv6/conf/under1/accept_ra');
  host.apply(plan);
  const checks = host.checks(plan);
  t.same(
    checks.filter(({ ok }) => !ok),
    [],
  );
  t.match(find(checks, 'IPv4 forwarding'), { message: 'net.ipv4.conf.all.forwarding was 0 and is 1 now' });
  t.equal(setting('ipv4/conf/all/forwarding'), '1');
  t.equal(setting('ipv6/conf/all/forwarding'), '1');
  t.equal(setting('ipv6/conf/under0/accept_ra'), '2');
  t.equal(setting('ipv6/conf/under1/accept_ra'), '0', 'who does not listen is not made to');
  t.match(find(host.checks(plan), 'IPv4 forwarding'), { message: 'net.ipv4.conf.all.forwarding is 1' });
  host.cleanup();
});

t.test('a reverse path filter for all becomes a loose one of each device but ours', { skip }, async (t) => {
  using host = await openHost();
  shell('ip link add axn00000000aa type veth peer name under2');
  t.teardown(() => shell('ip link del axn00000000aa'));
  for (const [value, others] of [
    ['1', '1'],
    ['2', '0'],
  ]) {
    shell(`for d in default under0 under1; do echo ${others} > /proc/sys/net/ipv4/conf/$d/rp_filter; done`);
    shell(`echo 0 > /proc/sys/net/ipv4/conf/axn00000000aa/rp_filter; echo ${value} > /proc/sys/net/ipv4/conf/all/rp_filter`);
    t.match(find(host.checks(plan), 'reverse path filter'), {
      ok: true,
      message: `net.ipv4.conf.all.rp_filter was ${value} and is 0 now: each device but ours filters for itself, loosely`,
    });
    t.equal(setting('ipv4/conf/all/rp_filter'), '0');
    for (const device of ['default', 'under0', 'under1']) t.equal(setting(`ipv4/conf/${device}/rp_filter`), '2', device);
    t.equal(setting('ipv4/conf/axn00000000aa/rp_filter'), '0', 'what comes from pods is judged by the datapath');
  }
  t.match(find(host.checks(plan), 'reverse path filter'), { message: 'net.ipv4.conf.all.rp_filter is 0: each device filters for itself' });
});

t.test('where the network may ask services, their packets are taken with sources of this node', { skip }, async (t) => {
  using host = await openHost();
  const name = 'sources of services';
  const exposed = { ...plan, isExposed: true };
  shell('for d in all under0; do echo 0 > /proc/sys/net/ipv4/conf/$d/rp_filter; done');
  t.equal(find(host.checks(plan), name), undefined, 'nothing is changed elsewhere');
  t.equal(setting('ipv4/conf/under0/accept_local'), '0');
  t.match(find(host.checks(exposed), name), { ok: true, message: 'net.ipv4.conf.under0.accept_local was 0 and is 1 now' });
  t.equal(setting('ipv4/conf/under0/accept_local'), '1');
  t.equal(setting('ipv4/conf/under1/accept_local'), '0', 'where the node is reached, and nowhere else');
  t.equal(setting('ipv4/conf/under0/rp_filter'), '0', 'what does not filter stays so');
  shell('echo 1 > /proc/sys/net/ipv4/conf/under0/rp_filter');
  t.match(find(host.checks(exposed), name), { ok: true, message: 'net.ipv4.conf.under0.rp_filter was 1 and is 2 now' });
  t.match(find(host.checks(exposed), name), { ok: true, message: "under0 takes packets with this node's own addresses" });
  t.ok(host.settings().includes('net.ipv4.conf.under0.accept_local = 1'), 'a cleanup tells of it');
});

t.test('what cannot be set is explained', { skip }, async (t) => {
  using host = await openHost();
  shell('echo 0 > /proc/sys/net/ipv4/conf/all/forwarding; echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; mount -t proc -o ro proc /proc');
  t.teardown(() => shell('umount -l /proc'));
  const checks = host.checks(plan);
  t.match(find(checks, 'IPv4 forwarding'), {
    ok: false,
    message: /is 0 and cannot be set: EROFS/,
    hint: 'run: sysctl -w net.ipv4.conf.all.forwarding=1',
  });
  t.match(find(checks, 'reverse path filter'), { ok: false, hint: 'run: sysctl -w net.ipv4.conf.all.rp_filter=0' });
});

t.test('an overlay that is missing, or too large for the underlay, is told', { skip }, async (t) => {
  using host = await openHost();
  t.match(find(host.checks(plan), 'overlay'), { ok: false, message: 'axoneme_vxlan is missing' });
  shell('ip link set under0 mtu 1400');
  t.match(find(host.checks(plan), 'MTU'), {
    ok: false,
    message: '1450 in the overlay and 50 around it are more than the 1400 of under0',
    hint: 'packets of pods may have 1350 bytes at most',
  });
  shell('ip link set under0 mtu 1500');
  t.match(find(host.checks(plan), 'MTU'), { ok: true });
  t.equal(find(host.checks({ ...plan, overlay: undefined }), 'MTU'), undefined, 'native routing has nothing around its packets');
});

t.test('a foreign filter that drops what is forwarded is named', { skip }, async (t) => {
  using host = await openHost();
  t.match(find(host.checks(plan), 'foreign packet filters'), { ok: true });
  shell("nft add table ip filter; nft add chain ip filter FORWARD '{ type filter hook forward priority 0; policy drop; }'");
  t.teardown(() => shell('nft delete table ip filter'));
  t.match(find(host.checks(plan), 'foreign packet filters'), { ok: false, message: /chain filter FORWARD drops/, hint: /iptables/ });
});

t.test('a missing capability is named with what it is for', { skip }, async (t) => {
  const program = `
    import { openHost } from ${JSON.stringify(new URL('../../orchestrator/host/host.ts', import.meta.url).href)};
    const host = await openHost();
    const problems = host.apply(${JSON.stringify(plan)});
    console.log(JSON.stringify({ checks: host.checks(${JSON.stringify(plan)}), problems }));`;
  const text = shell(
    `setpriv --bounding-set -net_admin,-sys_admin -- ${process.execPath} --input-type=module -e '${program.replaceAll("'", `'\\''`)}'`,
  );
  const { checks, problems } = JSON.parse(text);
  t.match(find(checks, 'capabilities'), {
    ok: false,
    message:
      "CAP_NET_ADMIN is missing: devices, routes and nft tables cannot be changed; CAP_SYS_ADMIN is missing: pods' network namespaces cannot be entered",
    hint: 'give the agent CAP_NET_ADMIN and CAP_SYS_ADMIN',
  });
  t.match(problems, [{ subject: 'overlay axoneme_vxlan', message: /EPERM \(not permitted\)/ }]);
});
