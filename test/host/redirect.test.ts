// The way to the proxy: rules, routes and tables over netlink as ip(8) and nft(8) read them, what becomes of them, and what is left of it on a
// kernel that cannot give packets to sockets.

import { createSocket } from 'node:dgram';
import { closeSync, mkdtempSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Libc, openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { openCalls } from '../../orchestrator/datapath/wasm/calls.ts';
import { openTun } from '../../orchestrator/datapath/wasm/process/tun.ts';
import { openHost } from '../../orchestrator/host/host.ts';
import { netfilterProtocol } from '../../orchestrator/host/nft/message.ts';
import type { NodePlan } from '../../orchestrator/host/plan.ts';
import { Redirect } from '../../orchestrator/host/redirect.ts';
import { Session } from '../../orchestrator/host/session.ts';
import { openUserHost } from '../../orchestrator/host/user-host.ts';
import { everything, ip, networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();
const plan: NodePlan = { router: ['10.1.0.1', 'fd00:1::1'], pods: [], peers: [] };
const families = ['ip', 'ip6'] as const;
const rules = (family: 'ip' | 'ip6') =>
  ip(`${family === 'ip6' ? '-6 ' : ''}rule`)
    .filter(({ protocol }) => protocol === '97')
    .map(({ priority, fwmark, fwmask, iif, table, action }) => [priority, fwmark, fwmask, iif, table ?? action]);

t.test('queries with the mark go to the listener, what it does not take goes nowhere, and nothing is tracked', { skip }, async (t) => {
  using host = await openHost();
  t.same(host.redirect(5311), []);
  for (const family of families) {
    const text = shell(`nft list table ${family} axoneme_proxy`);
    for (const protocol of ['udp', 'tcp'])
      t.match(
        text,
        `meta mark & 0x00000f00 == 0x00000200 meta l4proto ${protocol} tproxy to :5311 meta mark set meta mark & 0xfffff3ff | 0x00000300 accept`,
      );
    t.match(text, /queries \{\n\t\ttype filter hook prerouting priority mangle;[^}]*0x00000200 drop\n\t\}/);
    t.match(text, /type filter hook prerouting priority raw;[^}]*0x00000200 notrack\n/);
    t.match(text, /type filter hook output priority raw;[^}]*0x00000a00 notrack\n/);
    t.same(rules(family), [
      [971, '0x300', '0xf00', undefined, '9701'],
      [972, '0x200', '0xf00', undefined, 'blackhole'],
    ]);
  }
  t.match(shell('ip route show table 9701'), /^local default dev lo proto 97 scope host/);
  t.match(shell('ip -6 route show table 9701'), /^local default dev lo proto 97/);
  host.cleanup();
});

t.test(
  'what is there is not sent again, what somebody removed comes back, and another port takes the place of the first',
  { skip },
  async (t) => {
    using host = await openHost();
    host.redirect(5311);
    t.same(host.apply(plan), []);
    const before = everything();
    const handle = () => shell('nft -a list tables');
    const handles = handle();
    t.same([...host.redirect(5311), ...host.apply(plan)], []);
    t.equal(handle(), handles, 'no table was written again');
    shell('nft flush ruleset; ip rule del pref 971; ip -6 rule del pref 972; ip route flush table 9701; ip -6 route flush table 9701');
    t.same(host.apply(plan), []);
    t.equal(everything(), before);
    shell(
      'nft flush chain ip6 axoneme_proxy queries; nft flush chain ip axoneme_proxy untracked; ip rule add pref 972 fwmark 0x900/0xf00 blackhole protocol 97',
    );
    t.same(host.apply(plan), []);
    t.equal(everything(), before, 'a rule that is missing in a table, and one too many');
    t.same(host.redirect(5312), []);
    t.match(shell('nft list table ip axoneme_proxy'), 'tproxy to :5312');
    t.match(
      host.checks(plan).find(({ name }) => name === 'redirect to the proxy'),
      { ok: true, message: /port 5312/ },
    );
    host.cleanup();
  },
);

t.test('it goes without a trace when nobody wants it, or with all else', { skip }, async (t) => {
  using host = await openHost();
  host.apply(plan);
  shell('ip rule add pref 500 fwmark 0x200/0xf00 blackhole');
  const before = everything();
  host.redirect(5311);
  t.not(everything(), before);
  t.same(host.redirect(undefined), []);
  t.equal(everything(), before, 'rules of others stay');
  t.notOk(host.checks(plan).some(({ name }) => name === 'redirect to the proxy'));
  host.redirect(5311);
  using next = await openHost();
  t.same(next.apply(plan), []);
  t.match(shell('ip rule'), '971:', 'one that has not been told leaves what is there');
  const removed = next.cleanup();
  for (const what of ['ip rule 971', 'ip6 rule 972', 'route 0.0.0.0/0 in table 9701', 'nft table ip6 axoneme_proxy'])
    t.ok(removed.includes(what), what);
  t.notMatch(everything(), /97[0-9]|axoneme/);
  shell('ip rule del pref 500');
});

t.test('a node with one family has nothing of the other', { skip }, async (t) => {
  using host = await openHost();
  host.redirect(5311);
  t.same(host.apply({ ...plan, router: ['10.1.0.1'] }), []);
  t.same(rules('ip6'), []);
  t.notMatch(shell('nft list tables'), 'ip6 axoneme_proxy');
  t.match(shell('nft list tables'), 'ip axoneme_proxy');
  host.cleanup();
});

t.test('filters of others that would drop queries or answers are named, with the marks to allow there', { skip }, async (t) => {
  using host = await openHost();
  host.redirect(5311);
  const found = () => host.checks(plan).filter(({ name }) => name.startsWith('foreign packet filters, '));
  t.same(found(), []);
  for (const hook of ['input', 'output'])
    shell(`nft add table ip filter; nft add chain ip filter ${hook} '{ type filter hook ${hook} priority 0; policy drop; }'`);
  t.match(found(), [
    { ok: false, message: /chain filter input drops/, hint: /-I INPUT -m mark --mark 0x300\/0xf00/ },
    { ok: false, message: /chain filter output drops/, hint: /-I OUTPUT -m mark --mark 0xa00\/0xf00/ },
  ]);
  host.redirect(undefined);
  t.same(found(), [], 'of no concern without a proxy');
  shell('nft delete table ip filter');
  host.cleanup();
});

t.test('a device of somebody else in the place of ours is told, and is no fault of the rest', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tuns-'));
  using host = await openUserHost({ folder });
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  shell('ip link add axoneme_proxy type veth peer name other');
  shell('ip link set axoneme_proxy up');
  const [problem, ...more] = host.redirect(5311);
  t.match(problem, { subject: 'redirect to the proxy', message: /axoneme_proxy: there is a veth of that name/ });
  t.same(more, []);
  t.match(
    host.checks(plan).find(({ name }) => name === 'redirect to the proxy'),
    { ok: false, message: /veth/ },
  );
  t.equal(host.portOf('axoneme_proxy'), undefined);
  t.notMatch(shell('ip route show table all'), 'table 9702', 'answers do not go there');
  host.redirect(undefined);
  t.equal(ip('link show axoneme_proxy').length, 1, 'and stays');
  shell('ip link del axoneme_proxy');
  host.cleanup();
});

t.test('in userspace mode queries come out of a device of ours, and answers go into it', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tuns-'));
  using host = await openUserHost({ folder });
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const own = { prefixes: ['10.1.0.0/24', 'fd00:1::/64'], mtu: 1450 };
  t.same(host.apply({ ...plan, own }), []);
  const before = everything();
  t.equal(host.portOf('axoneme_proxy'), undefined);
  t.same(host.redirect(5311), []);
  t.equal(host.portOf('axoneme_proxy'), 3);
  t.match(ip('-d link show axoneme_proxy'), [
    { mtu: 1450, ifalias: 'axoneme_proxy', linkinfo: { info_data: { type: 'tun', persist: true } } },
  ]);
  for (const family of families) {
    const text = shell(`nft list table ${family} axoneme_proxy`);
    t.match(text, 'iifname "axoneme_proxy" meta l4proto udp tproxy to :5311');
    t.match(text, 'iifname "axoneme_proxy" drop');
    t.match(text, 'iifname "axoneme_proxy" notrack');
    t.same(rules(family), [
      [971, '0x300', '0xf00', undefined, '9701'],
      [972, undefined, undefined, 'axoneme_proxy', 'blackhole'],
      [973, '0xa00', '0xf00', undefined, '9702'],
    ]);
  }
  t.match(shell('ip route show table 9702; ip -6 route show table 9702'), /^default dev axoneme_proxy [^\n]*\ndefault dev axoneme_proxy/);
  const whole = everything();
  shell('ip link del axoneme_proxy');
  t.same(host.apply({ ...plan, own }), []);
  const numberless = (text: string) => text.replaceAll(/^\d+: /gm, '');
  t.equal(numberless(everything()), numberless(whole), 'a device that somebody removed comes back with its routes');
  t.same(host.redirect(undefined), []);
  t.equal(everything(), before);
  host.redirect(5311);
  const removed = host.cleanup();
  for (const what of ['device axoneme_proxy', 'ip rule 973', 'nft table ip axoneme_proxy']) t.ok(removed.includes(what), what);
  t.notMatch(everything(), /97[0-9]:|axoneme/);
});

t.test('in userspace mode ten thousand answers wait for a datapath that is busy elsewhere', { skip }, async (t) => {
  const many = 10_000;
  const folder = mkdtempSync(join(tmpdir(), 'tuns-'));
  using host = await openUserHost({ folder });
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  t.same([...host.apply({ ...plan, own: { prefixes: ['10.1.0.0/24'], mtu: 1450 } }), ...host.redirect(5311)], []);
  const descriptor = openTun(await openCalls(), { name: 'axoneme_proxy' });
  t.teardown(() => closeSync(descriptor));
  shell('ip route add 10.9.0.0/24 dev axoneme_proxy');
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  for (let count = 0; count < many; count += 1) await new Promise((sent) => socket.send('answer', 53, '10.9.0.1', sent));
  const bytes = Buffer.alloc(2048);
  let came = 0;
  // It throws when there is nothing more.
  const isThere = (): boolean => {
    try {
      return readSync(descriptor, bytes) > 0;
    } catch {
      return false;
    }
  };
  // Behind the header of virtio-net and what IPv4 has before it.
  while (isThere()) if (bytes.subarray(12 + 16, 12 + 20).join('.') === '10.9.0.1') came += 1;
  t.equal(came, many);
  // One that somebody has made shorter is as it should be with the next plan.
  shell('ip link set axoneme_proxy txqueuelen 100');
  t.same(host.redirect(5311), []);
  t.equal(ip('link show axoneme_proxy')[0].txqlen, 16_384);
  host.cleanup();
});

/** What asks for the expression asks for one that no kernel has: the answer is that of a kernel without it. */
function withoutTproxy(libc: Libc): Libc {
  const [expected, unknown] = ['tproxy', 'tpr0xy'].map((text) => Buffer.from(text));
  return {
    ...libc,
    address: (bytes) => {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = buffer.indexOf(expected!); at >= 0; at = buffer.indexOf(expected!)) buffer.set(unknown!, at);
      return libc.address(bytes);
    },
  };
}

t.test('without nft_tproxy everything on that way is dropped, and the reason says what to do', { skip }, async (t) => {
  const libc = await openLibc();
  using session = new Session(libc);
  using netfilter = new Session(withoutTproxy(libc), netfilterProtocol);
  const redirect = new Redirect({ session, netfilter, sign: 'mark' });
  redirect.want(5311);
  const problems = redirect.apply();
  t.equal(problems.length, 2);
  for (const { message } of problems) t.match(message, /^IPv[46]: the kernel has no nft_tproxy .*modprobe nft_tproxy/);
  t.match(redirect.checks(), [{ ok: false, message: /nft_tproxy/, hint: /ip rule/ }]);
  const text = () => shell('nft list table ip axoneme_proxy');
  t.match(text(), '0x00000200 drop');
  t.notMatch(text(), 'tproxy to');
  const handles = shell('nft -a list tables');
  t.equal(redirect.apply().length, 2, 'it is told as long as it is so');
  t.equal(shell('nft -a list tables'), handles);
  using whole = new Session(libc, netfilterProtocol);
  const loaded = new Redirect({ session, netfilter: whole, sign: 'mark' });
  loaded.want(5311);
  t.same(loaded.apply(), [], 'once the module is there');
  t.match(text(), 'tproxy to :5311');
  loaded.want(undefined);
  t.same(loaded.apply(), []);
});

t.test('without nf_tables routing drops what it can', { skip }, async (t) => {
  const libc = await openLibc();
  using session = new Session(libc);
  // What asks the wrong part of the kernel is refused as by a kernel that has no such part.
  const redirect = new Redirect({ session, netfilter: session, sign: 'mark' });
  redirect.want(5311);
  t.match(redirect.apply(), [{ message: /^nf_tables cannot be used.*EOPNOTSUPP|^nf_tables cannot be used.*errno/ }]);
  t.same(
    rules('ip').map(([priority, , , , table]) => [priority, table]),
    [
      [971, '9701'],
      [972, 'blackhole'],
    ],
  );
  redirect.want(undefined);
  t.same(redirect.apply(), []);
  t.same(rules('ip'), []);
});
