// Masquerading: tables over netlink as nft reads them, and packets that leave with the node's address.

import fc from 'fast-check';
import t from 'tap';
import { type Host, openHost } from '../../orchestrator/host/host.ts';
import { rangesOf, rangesWithout, widestGap } from '../../orchestrator/host/nft/masquerade.ts';
import type { NodePlan } from '../../orchestrator/host/plan.ts';
import { containsPrefix, makePrefix, type Prefix } from '../../orchestrator/net/prefix.ts';
import { makeNetns, networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();
const empty: NodePlan = { router: ['10.1.0.1', 'fd00:1::1'], pods: [], peers: [] };

async function hostFor(t: { teardown(end: () => void): void }): Promise<Host> {
  const host = await openHost();
  t.teardown(() => {
    host.cleanup();
    host[Symbol.dispose]();
  });
  return host;
}

function elements(set: string, family: 'ip' | 'ip6'): string[] {
  const found = JSON.parse(shell(`nft -j list set ${family} axoneme ${set}`)).nftables.find((row: { set?: object }) => row.set);
  // biome-ignore lint/suspicious/noExplicitAny: nft's own notation
  return (found.set.elem ?? []).map((element: any) =>
    element.prefix ? `${element.prefix.addr}/${element.prefix.len}` : element.range ? element.range.join('-') : element,
  );
}

t.test('nft reads the tables as they were meant', { skip }, async (t) => {
  const host = await hostFor(t);
  const masquerade = { sources: ['10.1.0.0/24', 'fd00:1::/64'], except: ['10.0.0.0/8', '192.168.0.0/16', 'fd00::/32'] };
  t.same(host.apply({ ...empty, masquerade }), []);
  const text = shell('nft list table ip axoneme');
  for (const line of [
    'type nat hook postrouting priority srcnat; policy accept;',
    'ip saddr != @sources return',
    'oifname "axn*" return',
    'oifname "axoneme*" return',
    'ip daddr @except return',
    'masquerade to :32768-65535 fully-random',
  ])
    t.match(text, line);
  t.same(elements('except', 'ip'), ['10.0.0.0/8', '192.168.0.0/16']);
  t.same(elements('sources', 'ip'), ['10.1.0.0', '10.1.0.2-10.1.0.255'], 'but not the router');
  t.same(elements('sources', 'ip6'), ['fd00:1::', 'fd00:1::2-fd00:1::ffff:ffff:ffff:ffff']);
});

t.test('no flow of a pod gets a port at which the node has a service', { skip }, async (t) => {
  const host = await hostFor(t);
  const masquerade = { sources: ['10.1.0.0/24', 'fd00:1::/64'], except: [] };
  const rule = (family: string) =>
    shell(`nft list table ${family} axoneme`)
      .match(/masquerade .*/)?.[0]
      .trim();
  t.same(host.apply({ ...empty, masquerade: { ...masquerade, closed: [8443, 30_080, 40_000] } }), []);
  t.same([rule('ip'), rule('ip6')], ['masquerade to :40001-65535 fully-random', 'masquerade to :40001-65535 fully-random']);
  t.same(host.apply({ ...empty, masquerade: { ...masquerade, closed: [8443, 30_080, 60_000, 40_000] } }), []);
  t.equal(rule('ip'), 'masquerade to :40001-59999 fully-random');
  t.same(host.apply({ ...empty, masquerade }), []);
  t.equal(rule('ip'), 'masquerade to :32768-65535 fully-random');
});

t.test('prefixes that touch or contain one another are one range, up to the last address', { skip }, async (t) => {
  const host = await hostFor(t);
  const except = ['10.0.1.0/24', '10.0.0.0/24', '10.0.0.128/25', '255.255.255.255', '0.0.0.0/8', 'ffff::/16', '::/128'];
  t.same(host.apply({ ...empty, masquerade: { sources: ['10.1.0.0/24', 'fd00::/8'], except } }), []);
  t.same(elements('except', 'ip'), ['0.0.0.0/8', '10.0.0.0/23', '255.255.255.255']);
  t.same(elements('except', 'ip6'), ['::', 'ffff::/16']);
});

t.test('thousands of prefixes are taken', { skip }, async (t) => {
  const host = await hostFor(t);
  const except = Array.from({ length: 5000 }, (_, index) => `10.${index >> 7}.${(index & 127) * 2}.0/24`);
  t.same(host.apply({ ...empty, masquerade: { sources: ['10.1.0.0/24'], except } }), []);
  t.equal(elements('except', 'ip').length, 5000);
});

t.test('a family without pods has no table', { skip }, async (t) => {
  const host = await hostFor(t);
  t.same(host.apply({ ...empty, masquerade: { sources: ['10.1.0.0/24'], except: [] } }), []);
  t.equal(shell('nft list tables'), 'table ip axoneme\n');
});

t.test('a table that others emptied, altered or removed is whole again', { skip }, async (t) => {
  const host = await hostFor(t);
  const plan = { ...empty, masquerade: { sources: ['10.1.0.0/24'], except: ['10.0.0.0/8'] } };
  host.apply(plan);
  const before = shell('nft list ruleset');
  for (const damage of [
    'nft flush table ip axoneme',
    'nft delete table ip axoneme',
    'nft flush ruleset',
    'nft add rule ip axoneme postrouting counter accept',
  ]) {
    shell(damage);
    t.same(host.apply(plan), [], damage);
    t.equal(shell('nft list ruleset'), before, damage);
  }
});

t.test('a packet to the world has the address of the node, and one to the cluster that of its pod', { skip }, async (t) => {
  const host = await hostFor(t);
  using pod = await makeNetns();
  using world = await makeNetns();
  shell(`ip link set lo up; ip link add under0 type veth peer name up0 netns ${world.path}; ip link set under0 up`);
  t.teardown(() => shell('ip link del under0 2>/dev/null || true'));
  shell('ip addr add 172.31.0.1/24 dev under0; ip -6 addr add fd31::1/64 dev under0 nodad');
  world.run('ip link set lo up; ip link set up0 up; ip addr add 172.31.0.2/24 dev up0; ip -6 addr add fd31::2/64 dev up0 nodad');
  world.run('ip addr add 192.0.2.1/32 dev lo; ip addr add 10.9.0.1/32 dev lo; ip -6 addr add 2001:db8::1/128 dev lo nodad');
  shell('ip route add default via 172.31.0.2; ip -6 route add default via fd31::2');
  world.run('ip route add 10.1.0.0/24 via 172.31.0.1; ip -6 route add fd00:1::/64 via fd31::1');

  const device = { device: 'axn0000000001', mac: '02:00:00:00:00:01', addresses: ['10.1.0.5', 'fd00:1::5'] };
  host.addPodDevice({ ...device, netns: pod.path, ifname: 'eth0', gatewayMac: '02:00:00:00:00:02', mtu: 1450 });
  const masquerade = { sources: ['10.1.0.0/24', 'fd00:1::/64'], except: ['10.0.0.0/8', 'fd00::/32'] };
  const plan = { ...empty, pods: [device], masquerade };
  t.same(host.apply(plan), []);
  t.ok(host.checks(plan).every(({ ok }) => ok));

  world.run("nft add table inet seen; nft add chain inet seen in '{ type filter hook input priority 0; }'");
  const seen = (rule: string) => world.run(`nft add rule inet seen in ${rule} counter`);
  for (const rule of [
    'ip daddr 192.0.2.1 ip saddr 172.31.0.1',
    'ip6 daddr 2001:db8::1 ip6 saddr fd31::1',
    'ip daddr 10.9.0.1 ip saddr 10.1.0.5',
  ])
    seen(rule);
  for (const address of ['192.0.2.1', '2001:db8::1', '10.9.0.1']) t.match(pod.run(`ping -c1 -W3 ${address}`), '1 received', address);
  const counters = [...world.run('nft list chain inet seen in').matchAll(/counter packets (\d+)/g)].map(([, count]) => Number(count));
  t.same(counters, [1, 1, 1]);

  world.run("nft add chain inet seen low '{ type filter hook input priority 1; }'");
  world.run('nft add rule inet seen low udp dport 4000 udp sport 32768-65535 counter');
  world.run('nft add rule inet seen low udp dport 4000 udp sport != 32768-65535 counter');
  const from = "const s = require('node:dgram').createSocket('udp4'); s.bind(port, () => s.send('x', 4000, '192.0.2.1', () => s.close()))";
  pod.run(`${process.execPath} -e "for (let at = 20000; at < 20040; at++) (port => { ${from} })(at)"`);
  const sources = [...world.run('nft list chain inet seen low').matchAll(/counter packets (\d+)/g)].map(([, count]) => Number(count));
  t.same(sources, [40, 0], 'whatever ports the pod has taken');
});

const prefixes = fc.array(
  fc.tuple(fc.nat(0xff), fc.integer({ min: 24, max: 32 })).map(([low, length]) => makePrefix(4, 0xffffff00n + BigInt(low), length)),
);

t.test('ranges contain what the prefixes contain, in order, with gaps between them', async (t) => {
  fc.assert(
    fc.property(prefixes, (list: Prefix[]) => {
      const ranges = rangesOf(
        list.map(({ text }) => text),
        4,
      );
      for (let low = 0n; low < 256n; low++) {
        const address = makePrefix(4, 0xffffff00n + low, 32);
        const isIn = ranges.some(({ first, last }) => first <= address.value && address.value <= last);
        if (isIn !== list.some((prefix) => containsPrefix(prefix, address))) t.fail(`${address.text} in ${list.map(({ text }) => text)}`);
      }
      for (const [index, { first }] of ranges.slice(1).entries()) if (first <= (ranges[index]?.last ?? 0n) + 1n) t.fail('ranges touch');
    }),
  );
});

t.test('the widest gap has no closed port in it, and no other is wider', async (t) => {
  const port = fc.integer({ min: 100, max: 140 });
  fc.assert(
    fc.property(fc.array(port), (closed) => {
      const [first, last] = widestGap([105, 130], closed);
      const isOpen = (port: number) => !closed.includes(port) && port >= 105 && port <= 130;
      const lengths = Array.from({ length: 26 }, (_, start) => {
        let length = 0;
        while (isOpen(105 + start + length)) length += 1;
        return length;
      });
      const most = Math.max(...lengths);
      const wanted = most === 0 ? 26 : most;
      if (last - first + 1 !== wanted) t.fail(`${closed}: ${first}-${last}, of ${wanted}`);
      if (most > 0) for (let port = first; port <= last; port++) if (!isOpen(port)) t.fail(`${port} is closed`);
    }),
  );
});

t.test('ranges with holes contain what the ranges contain and the holes do not', async (t) => {
  const of = (list: Prefix[]) =>
    rangesOf(
      list.map(({ text }) => text),
      4,
    );
  const isIn = (ranges: ReturnType<typeof of>, value: bigint) => ranges.some(({ first, last }) => first <= value && value <= last);
  fc.assert(
    fc.property(prefixes, prefixes, (list: Prefix[], holes: Prefix[]) => {
      const rest = rangesWithout(of(list), of(holes));
      for (let value = 0xffffff00n; value <= 0xffffffffn; value++) {
        if (isIn(rest, value) !== (isIn(of(list), value) && !isIn(of(holes), value))) t.fail(`${value} is on the wrong side`);
      }
      for (const { first, last } of rest) if (first > last) t.fail('a range is empty');
    }),
    { numRuns: 30 },
  );
});
