// The ipcache as a whole: whom addresses stand for, by what several owners say of their prefixes.

import t from 'tap';
import { ipcacheRows } from '../../../orchestrator/model/ipcache/rows.ts';
import { claim, meaningWords } from './claims.ts';

function rows(...claims: string[]): Record<string, string> {
  return Object.fromEntries(
    ipcacheRows(claims.map((text) => claim(text))).map(({ prefix, meaning }) => [prefix.text, meaningWords(meaning)]),
  );
}

function row(prefix: string, ...claims: string[]): string {
  return rows(...claims)[prefix] ?? 'none';
}

t.test('about whom nobody knows anything, each family has its world', async (t) => {
  t.same(rows(), { '0.0.0.0/0': '9', '::/0': '10' });
});

t.test('a policy’s prefix has an identity of its own, and the default stays the default', async (t) => {
  t.same(rows('10.0.0.0/8 generated', '2001:db8::/32 generated', '0.0.0.0/0 generated'), {
    '0.0.0.0/0': '9',
    '10.0.0.0/8': '10.0.0.0/8 reserved:world-ipv4=;',
    '::/0': '10',
    '2001:db8::/32': '2001:db8::/32 reserved:world-ipv6=;',
  });
});

t.test('pods and nodes shadow what policies say of the same address', async (t) => {
  t.equal(row('10.0.0.1/32', '10.0.0.1 generated', '10.0.0.1 kubernetes #300 @n1'), '300 @n1');
  t.equal(row('10.0.0.1/32', '10.0.0.1 generated', '10.0.0.1 kubernetes reserved:remote-node'), '6');
  t.equal(row('10.0.0.1/32', '10.0.0.1 kube-apiserver cidrgroup:partners', '10.0.0.1 kubernetes #300'), '300', 'however well informed');
});

t.test('the best informed says who it is', async (t) => {
  t.equal(row('10.0.0.1/32', '10.0.0.1 kubernetes #3', '10.0.0.1 custom-resource #300'), '300');
  t.equal(row('10.0.0.1/32', '10.0.0.1 clustermesh #301', '10.0.0.1 custom-resource #300'), '300');
  t.equal(
    row('172.16.0.1/32', '172.16.0.1 kubernetes #3', '172.16.0.1 local reserved:host'),
    '1',
    'a pod in the host’s network is the host',
  );
});

t.test('of equally well informed owners the order of their names decides', async (t) => {
  const a = claim('10.0.0.1 kubernetes #300 @n1', 'pod shop/a');
  const b = claim('10.0.0.1 kubernetes #301 @n2', 'pod shop/b');
  for (const claims of [
    [a, b],
    [b, a],
  ]) {
    t.equal(meaningWords(ipcacheRows(claims).find(({ prefix }) => prefix.length === 32)?.meaning), '300 @n1');
  }
});

t.test('an API server is known wherever it runs', async (t) => {
  const apiServer = 'kube-apiserver reserved:kube-apiserver';
  t.equal(row('172.31.0.1/32', `172.31.0.1 ${apiServer}`), '172.31.0.1/32 reserved:kube-apiserver=;reserved:world-ipv4=;', 'outside');
  t.equal(row('fd00::1/128', `fd00::1 ${apiServer}`), 'fd00::1/128 reserved:kube-apiserver=;reserved:world-ipv6=;', 'outside, IPv6');
  t.equal(row('172.16.0.3/32', `172.16.0.3 ${apiServer}`, '172.16.0.3 kubernetes reserved:remote-node'), '7', 'on a node');
  t.equal(row('172.16.0.1/32', `172.16.0.1 ${apiServer}`, '172.16.0.1 local reserved:host'), '1', 'on this host');
  t.equal(row('10.0.0.1/32', `10.0.0.1 ${apiServer}`, '10.0.0.1 kubernetes #300'), '300', 'in a pod');
  t.equal(
    row('172.31.0.1/32', `172.31.0.1 ${apiServer}`, '172.31.0.1 generated', '172.31.0.0/24 generated'),
    '172.31.0.1/32 reserved:kube-apiserver=;reserved:world-ipv4=;',
    'outside, and a policy names it',
  );
});

t.test('addresses that the node itself owns have their reserved identities', async (t) => {
  for (const [label, number] of [
    ['host', 1],
    ['unmanaged', 3],
    ['health', 4],
    ['init', 5],
    ['remote-node', 6],
    ['ingress', 8],
  ]) {
    t.equal(row('10.0.0.4/32', `10.0.0.4 local reserved:${label}`), `${number}`, `${label}`);
  }
});

t.test('a narrower prefix has the labels of what lies around it, its own first', async (t) => {
  const all = rows(
    '10.0.0.0/8 generated cidrgroup:kind=wide cidrgroup:partners=',
    '10.1.0.0/16 generated cidrgroup:kind=narrow',
    '10.1.2.3/32 generated',
    '10.2.0.0/16 generated',
    '11.0.0.0/8 generated',
  );
  t.same(all, {
    '0.0.0.0/0': '9',
    '10.0.0.0/8': '10.0.0.0/8 cidrgroup:kind=wide;cidrgroup:partners=;reserved:world-ipv4=;',
    '10.1.0.0/16': '10.1.0.0/16 cidrgroup:kind=narrow;cidrgroup:partners=;reserved:world-ipv4=;',
    '10.1.2.3/32': '10.1.2.3/32 cidrgroup:kind=narrow;cidrgroup:partners=;reserved:world-ipv4=;',
    '10.2.0.0/16': '10.2.0.0/16 cidrgroup:kind=wide;cidrgroup:partners=;reserved:world-ipv4=;',
    '11.0.0.0/8': '11.0.0.0/8 reserved:world-ipv4=;',
    '::/0': '10',
  });
});

t.test('within what is in the cluster, a policy’s prefix is in the cluster', async (t) => {
  const pods = '10.244.0.0/16 clustermesh #6 @n2';
  t.equal(row('10.244.1.0/24', pods, '10.244.1.0/24 generated'), '6 @n2');
  t.equal(row('10.244.1.0/24', pods, '10.244.1.0/24 generated cidrgroup:partners'), '6 @n2');
  t.equal(row('10.244.1.1/32', pods, '10.244.1.1 kubernetes #300'), '300', 'a pod there is itself');
  t.equal(
    row('10.244.1.1/32', pods, '10.244.1.1 kube-apiserver reserved:kube-apiserver'),
    '10.244.1.1/32 reserved:kube-apiserver=;reserved:world-ipv4=; @n2',
  );
});

t.test('a node that carries a prefix carries what lies in it', async (t) => {
  const all = rows('10.5.0.0/16 api @n3', '10.5.1.0/24 generated', '10.5.2.0/24 api @n4');
  t.equal(all['10.5.1.0/24'], '10.5.1.0/24 reserved:world-ipv4=; @n3');
  t.equal(all['10.5.2.0/24'], '10.5.2.0/24 reserved:world-ipv4=; @n4');
});
