// Explanations: each near miss as the sentence that a user reads, and the advice that follows it.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { evaluate } from '../../../../orchestrator/model/policy/evaluate/evaluate.ts';
import { explain, explainFlow } from '../../../../orchestrator/model/policy/evaluate/explain.ts';
import type { Question } from '../../../../orchestrator/model/policy/evaluate/question.ts';
import type { Policy } from '../../../../orchestrator/model/policy/rule.ts';
import {
  any,
  ask,
  called,
  entity,
  everything,
  type HandRule,
  icmp,
  labelled,
  named,
  outside,
  pod,
  policy,
  portName,
  ports,
  sctp,
  tcp,
  udp,
  view,
  within,
} from './hand.ts';

const checkout = pod('app=checkout');
const api = pod('app=api tier=back', { http: 8080 });
const db = pod('app=db', { pg: 5432 });
const pods = [checkout, api, db];
const toDb = { from: 'shop/checkout', to: 'shop/db', protocol: tcp, port: 5432 };

function explained(policies: readonly Policy[], question: Question, words: Partial<typeof toDb> = {}): string[] {
  return explain(evaluate(view(policies, pods), question), { ...toDb, port: question.port, protocol: question.protocol, ...words });
}
const out = (rule: Omit<HandRule, 'direction'>): HandRule => ({ ...rule, direction: 'egress' });
const egress = (...rules: Omit<HandRule, 'direction'>[]) => [policy('checkout', 'app=checkout', rules.map(out))];
const ingress = (...rules: HandRule[]) => [policy('db', 'app=db', rules)];

t.test('the port differs', async (t) => {
  const rules = egress({ peers: [labelled('app=api')] }, { peers: [labelled('app=db')], traffic: [ports(tcp, 443)] });
  t.same(explained(rules, ask(checkout, 'egress', db, 8443)).slice(0, 3), [
    'denied by default: egress of shop/checkout is enforced by cnp/shop/checkout spec.egress',
    'nearest: rule egress[1] of shop/checkout allows this peer on 443/TCP, the packet wants 8443/TCP',
    'to allow it: add port 8443/TCP to egress[1] of shop/checkout',
  ]);
});

t.test('the protocol differs, and ports of TCP, UDP and SCTP together are ANY', async (t) => {
  const one = egress({ peers: [any], traffic: [ports(udp, 53), ports(tcp, 8000, 8010)] });
  t.match(explained(one, ask(checkout, 'egress', db, 53)), [/./, /allows this peer on 53\/UDP, 8000-8010\/TCP, the packet wants 53\/TCP/]);
  const all = egress({ peers: [any], traffic: [tcp, udp, sctp].map((protocol) => ports(protocol, 53)) });
  t.match(explained(all, ask(checkout, 'egress', db, 54)), [/./, /allows this peer on 53\/ANY, the packet wants 54\/TCP/]);
});

t.test('a label of the peer differs', async (t) => {
  t.same(explained(ingress({ peers: [labelled('app=api')] }), ask(db, 'ingress', checkout)).slice(1), [
    'nearest: rule ingress[0] of shop/db wants app=api, this peer has app=checkout',
    'to allow it: let ingress[0] of shop/db select shop/checkout too',
  ]);
});

t.test('of several peers and several rules the one that lacks least comes first', async (t) => {
  const rules = ingress(
    { peers: [labelled('app=nobody, tier=front')] },
    { peers: [labelled('app=web, role=x'), labelled('app=api, tier=front')], traffic: [ports(tcp, 5432)] },
  );
  t.match(explained(rules, ask(db, 'ingress', api, 5432)), [
    /./,
    'nearest: rule ingress[1] of shop/db wants tier=front, this peer has tier=back',
    /./,
    'nearest: rule ingress[0] of shop/db wants app=nobody and tier=front, this peer has app=api and tier=back',
  ]);
});

t.test('requirements of every kind are said', async (t) => {
  const lines = (text: string) => explained(ingress({ peers: [labelled(text)] }), ask(db, 'ingress', api))[1];
  t.equal(lines('app=x|y'), 'nearest: rule ingress[0] of shop/db wants app in (x, y), this peer has app=api');
  t.equal(lines('app!=api'), 'nearest: rule ingress[0] of shop/db wants app other than api, this peer has app=api');
  t.equal(lines('!tier'), 'nearest: rule ingress[0] of shop/db wants no tier, this peer has tier=back');
  t.equal(lines('role'), 'nearest: rule ingress[0] of shop/db wants any role, this peer has no role');
  t.equal(lines('reserved:host'), 'nearest: rule ingress[0] of shop/db wants entity host, this peer has no entity host');
});

t.test('a selector of pods says whom it means, and where it looks for them', async (t) => {
  const dev = pod('app=api io.kubernetes.pod.namespace=dev io.cilium.k8s.namespace.labels.team=b');
  const lines = (text: string, peer: Parameters<typeof ask>[2]) =>
    explained(ingress({ peers: [labelled(text)] }), ask(db, 'ingress', peer));
  t.same(lines('app=api, io.kubernetes.pod.namespace=shop', dev).slice(1), [
    'nearest: rule ingress[0] of shop/db wants namespace=shop, this peer has namespace=dev',
    "to allow it: name the peer's namespace in ingress[0] of shop/db: k8s:io.kubernetes.pod.namespace: dev",
  ]);
  t.equal(
    lines('io.cilium.k8s.namespace.labels.team=a, io.kubernetes.pod.namespace', dev)[1],
    'nearest: rule ingress[0] of shop/db wants namespace label team=a, this peer has namespace label team=b',
  );
  t.same(lines('app=api, io.kubernetes.pod.namespace=shop, io.cilium.k8s.policy.cluster=default', entity('remote-node')).slice(1), [
    'nearest: rule ingress[0] of shop/db means pods with app=api and namespace=shop, and shop/checkout is none',
    'to allow it: allow shop/checkout by a prefix, a name or an entity in a rule beside ingress[0] of shop/db',
  ]);
  t.equal(
    lines('io.kubernetes.pod.namespace, io.cilium.k8s.policy.cluster=default', entity('remote-node'))[1],
    'nearest: rule ingress[0] of shop/db means pods, and shop/checkout is none',
  );
});

t.test('an address is outside a prefix, in an excepted one, or a pod’s', async (t) => {
  const far = { to: '10.1.2.3' };
  const asked = { ...ask(checkout, 'egress', outside('10.1.0.0/16'), 443), address: '10.1.2.3' };
  t.same(explained(egress({ peers: [within('10.2.0.0/24')] }), asked, far).slice(1), [
    'nearest: rule egress[0] of shop/checkout allows 10.2.0.0/24, 10.1.2.3 is outside',
    'to allow it: add a prefix with 10.1.2.3 to egress[0] of shop/checkout',
  ]);
  t.same(explained(egress({ peers: [within('10.0.0.0/8', '10.1.0.0/16')] }), asked, far).slice(1), [
    'nearest: rule egress[0] of shop/checkout allows 10.0.0.0/8 except 10.1.0.0/16, where 10.1.2.3 is',
    'to allow it: take 10.1.0.0/16 off the exceptions of egress[0] of shop/checkout',
  ]);
  const aPod = { ...ask(checkout, 'egress', db, 5432), address: '10.244.1.12' };
  t.same(explained(egress({ peers: [within('10.0.0.0/8')] }), aPod).slice(1), [
    'nearest: rule egress[0] of shop/checkout allows 10.0.0.0/8, but prefixes do not mean pods and nodes, and shop/db is one',
    'to allow it: select shop/db by its labels or entity in a rule beside egress[0] of shop/checkout',
  ]);
});

t.test('a name was not resolved, or its answer expired', async (t) => {
  const address = outside('0.0.0.0/0');
  const asked = ask(checkout, 'egress', address, 443);
  const rules = egress({ peers: [called('s3.example.com')] });
  const to = { to: '203.0.113.10' };
  t.same(explained(rules, asked, to).slice(1), [
    'nearest: rule egress[0] of shop/checkout allows s3.example.com, which shop/checkout has not resolved to 203.0.113.10',
    'to allow it: let shop/checkout resolve s3.example.com through the DNS proxy',
  ]);
  t.match(explained(rules, { ...asked, expired: [named('s3.example.com')] }, to), [
    /./,
    /allows s3.example.com, of which shop\/checkout knows 203.0.113.10 no longer: the answer expired/,
    'to allow it: let shop/checkout resolve s3.example.com again',
  ]);
});

t.test('a name does not mean a pod', async (t) => {
  t.same(explained(egress({ peers: [called('s3.example.com')] }), ask(checkout, 'egress', db, 443)).slice(1), [
    'nearest: rule egress[0] of shop/checkout allows s3.example.com, but names mean addresses outside, and shop/db is not one',
    'to allow it: select shop/db by its labels or entity in a rule beside egress[0] of shop/checkout',
  ]);
});

t.test('ICMP is not allowed by ports', async (t) => {
  t.match(explained(ingress({ peers: [any], traffic: [ports(tcp, 0, 65535)] }), ask(db, 'ingress', api, 8, icmp)), [
    /./,
    'nearest: rule ingress[0] of shop/db allows this peer on every port/TCP, the packet is ICMP type 8, which ports never allow',
    'to allow it: allow ICMP type 8 by icmps, in a rule beside ingress[0] of shop/db',
  ]);
  t.match(explained(ingress({ peers: [any], traffic: [ports(icmp, 3)] }), ask(db, 'ingress', api, 8, icmp)), [
    /./,
    /allows this peer on ICMP type 3, the packet wants ICMP type 8/,
    'to allow it: add ICMP type 8 to ingress[0] of shop/db',
  ]);
});

t.test('a port name means no number, several, or another one', async (t) => {
  const lines = (name: string, port: number) =>
    explained(ingress({ peers: [any], traffic: [portName(tcp, name)] }), ask(db, 'ingress', api, port))[1];
  t.match(lines('http', 80), /port name "http" means nothing here: no pod it means has a TCP port of that name/);
  t.match(lines('pg', 80), /allows this peer on "pg"\/TCP, the packet wants 80\/TCP/);
  const twice = [pod('app=db', { http: 80 }), pod('app=api', { http: 8080 })];
  const decision = evaluate(view(egress({ peers: [any], traffic: [portName(tcp, 'http')] }), twice), ask(checkout, 'egress', db, 80));
  t.match(explain(decision, toDb)[1], /it means several: 80 and 8080/);
});

t.test('the rule stands under the other direction, or its policy misses this endpoint by a label', async (t) => {
  const wrongWay = [policy('checkout', 'app=checkout', [{ direction: 'egress', peers: [] }, { peers: [labelled('app=db')] }])];
  t.same(explained(wrongWay, ask(checkout, 'egress', db, 5432)).slice(1, 3), [
    'nearest: rule ingress[0] of shop/checkout allows this as ingress of shop/checkout, but the packet is its egress',
    'to allow it: say the same under egress',
  ]);
  const misspelt = [policy('deny', '', [{ peers: [] }]), policy('database', 'app=database', [{ peers: [labelled('app=checkout')] }])];
  t.same(explained(misspelt, ask(db, 'ingress', checkout, 5432)).slice(1, 3), [
    'nearest: rule ingress[0] of shop/database would allow it, but speaks of endpoints with app=database; shop/db has app=db',
    'to allow it: give shop/db app=database, or select it in shop/database',
  ]);
});

t.test('a rule that allows nothing is named when there is nothing nearer', async (t) => {
  t.match(explained(ingress({ peers: [] }), ask(db, 'ingress', api)), [
    /./,
    /rule ingress\[0\] of shop\/db allows nothing: it has no peers or no traffic/,
  ]);
});

t.test('peer and port both differ', async (t) => {
  const rules = ingress({ peers: [labelled('app=api')], traffic: [ports(tcp, 443)] });
  t.equal(
    explained(rules, ask(db, 'ingress', checkout, 80))[1],
    'nearest: rule ingress[0] of shop/db wants app=api, this peer has app=checkout; and only on 443/TCP, the packet wants 80/TCP',
  );
});

t.test('a deny names what it overrules, a redirect its proxy', async (t) => {
  const denied = ingress({ peers: [any] }, { deny: true, peers: [labelled('app=checkout')], traffic: [everything] });
  t.same(explained(denied, ask(db, 'ingress', checkout)), [
    'denied by rule ingressDeny[0] of shop/db',
    'it goes before rule ingress[0] of shop/db: a deny beats every allow',
  ]);
  const http = { kind: 'http', field: 'spec.ingress[0].toPorts[0].rules.http' } as const;
  t.same(explained(ingress({ peers: [any], traffic: [ports(tcp, 80, 80, http)] }), ask(db, 'ingress', checkout)), [
    'allowed through the http proxy by rule ingress[0] of shop/db, which decides by ingress[0].toPorts[0].rules.http',
  ]);
});

t.test('allows say why', async (t) => {
  t.same(explained([], ask(db, 'ingress', checkout)), ['allowed: no policy enforces ingress of shop/db']);
  t.same(explained(ingress({ peers: [] }), ask(db, 'ingress', entity('host'))), [
    'allowed: the local host always reaches its pods, unless a deny rule names it',
  ]);
  t.same(explained(ingress({ peers: [any] }, { peers: [labelled('app')] }), ask(db, 'ingress', checkout)), [
    'allowed by rule ingress[1] of shop/db',
    'so says rule ingress[0] of shop/db',
  ]);
  const soft = policy('soft', 'app=db', [{ peers: [] }], { ingress: { defaultDeny: false } });
  t.same(explained([soft], ask(db, 'ingress', checkout)), ['allowed: the policies over ingress of shop/db do not deny by default']);
});

t.test('both sides of a flow are told under one headline', async (t) => {
  const state = view([...egress({ peers: [any] }), ...ingress({ peers: [] })], pods);
  const egressSide = evaluate(state, ask(checkout, 'egress', db, 5432));
  const ingressSide = evaluate(state, ask(db, 'ingress', checkout, 5432));
  t.same(explainFlow({ egress: egressSide, ingress: ingressSide }, toDb), [
    'deny: shop/checkout → shop/db 5432/TCP',
    '  egress of shop/checkout: allow',
    '    allowed by rule egress[0] of shop/checkout',
    '  ingress of shop/db: deny',
    '    denied by default: ingress of shop/db is enforced by cnp/shop/db spec.ingress',
    '    nearest: rule ingress[0] of shop/db allows nothing: it has no peers or no traffic',
    '    to allow it: give ingress[0] of shop/db peers or ports',
  ]);
  t.equal(explainFlow({ egress: egressSide }, { ...toDb, to: '203.0.113.10' })[0], 'allow: shop/checkout → 203.0.113.10 5432/TCP');
});

t.test('the README shows what is said', async (t) => {
  const readme = readFileSync(new URL('../../../../orchestrator/model/policy/evaluate/README.md', import.meta.url), 'utf8');
  const [, shown] = /```\n(deny: [^`]+)\n```/.exec(readme) ?? [];
  const state = view(egress({ peers: [labelled('app=api')] }, { peers: [labelled('app=db')], traffic: [ports(tcp, 443)] }), pods);
  const decision = evaluate(state, ask(checkout, 'egress', db, 8443));
  t.equal(
    explainFlow({ egress: decision }, { ...toDb, port: 8443 })
      .slice(0, 5)
      .join('\n'),
    shown,
  );
});
