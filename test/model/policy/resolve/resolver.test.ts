// The resolver by examples: what is told, and how little.

import t from 'tap';
import * as enums from '../../../../orchestrator/datapath/generated/enums.ts';
import { Labels } from '../../../../orchestrator/model/labels.ts';
import type { Variant } from '../../../../orchestrator/model/policy/resolve/cell.ts';
import { clausesOf, portPrefixes, precedences } from '../../../../orchestrator/model/policy/resolve/clause.ts';
import { type Content, ContentTable } from '../../../../orchestrator/model/policy/resolve/contents.ts';
import { Resolver } from '../../../../orchestrator/model/policy/resolve/resolver.ts';
import { estimateSize } from '../../../../orchestrator/model/policy/resolve/size.ts';
import type { Peer, Policy, Rule, Traffic } from '../../../../orchestrator/model/policy/rule.ts';
import { makeSelector, type Selector } from '../../../../orchestrator/model/selector.ts';

const tcp = 6;
const http = { name: 'http', port: 8080, protocol: tcp };

function identity(number: number, app: string) {
  return { number, labels: new Labels([{ source: 'k8s', key: 'app', value: app }]) };
}

function app(name: string): Selector {
  return makeSelector([{ source: 'any', key: 'app', operator: 'In', values: [name] }]);
}

function apps(name: string): Peer {
  return { kind: 'labels', selector: app(name) };
}

const port = (first: number, last = first): Traffic => ({ protocol: tcp, ports: { first, last } });
const named = (name: string): Traffic => ({ protocol: tcp, ports: { name } });

type Given = Pick<Rule, 'direction' | 'peers' | 'traffic'> & Partial<Rule>;

function policy(name: string, subject: string, ...rules: Given[]): Policy {
  const ref = { kind: 'CiliumNetworkPolicy' as const, namespace: 'shop', name };
  const made = rules.map((rule, index): Rule => ({ action: 'allow', policy: ref, path: `spec.${rule.direction}[${index}]`, ...rule }));
  const enforces = Object.fromEntries(rules.map(({ direction }) => [direction, { defaultDeny: true }]));
  return { ref, sections: [{ path: 'spec', subject: app(subject), enforces, rules: made }] };
}

/** Two servers of one identity, and a policy that lets clients in. */
function shop(): Resolver {
  const resolver = new Resolver();
  resolver.putIdentity(identity(300, 'server'), [http]);
  resolver.putEndpoint(1, 300, [http]);
  resolver.putEndpoint(2, 300, [http]);
  resolver.putPolicy(policy('in', 'server', { direction: 'ingress', peers: [apps('client')], traffic: [port(80), named('http')] }));
  return resolver;
}

t.test('precedences are those of the core', async (t) => {
  t.same(precedences, { allow: enums.PRECEDENCE_ALLOW, redirect: enums.PRECEDENCE_REDIRECT, deny: enums.PRECEDENCE_DENY });
  const of = (layer7: Traffic['layer7']) => clausesOf({ action: 'allow', traffic: [{ ...port(80), layer7 }] }, () => [])[0]?.precedence;
  const order = [
    of({ kind: 'listener', field: '', priority: 1 }),
    of({ kind: 'listener', field: '', priority: 100 }),
    of({ kind: 'http', field: '' }),
    of({ kind: 'tls', field: '' }),
    of({ kind: 'dns', field: '' }),
    of({ kind: 'listener', field: '' }),
    of(undefined),
  ] as number[];
  t.same(
    order,
    [...new Set(order)].sort((a, b) => b - a),
  );
  t.ok(order.slice(0, -1).every((precedence) => precedence > 1 && precedence < 255));
});

t.test('a range is the fewest prefixes that cover it', async (t) => {
  const texts = (first: number, last: number): string[] => portPrefixes({ first, last }).map(({ port, bits }) => `${port}/${bits}`);
  t.same(texts(0, 65535), ['0/0']);
  t.same(texts(80, 95), ['80/12']);
  t.same(texts(81, 83), ['81/16', '82/15']);
  t.equal(texts(1, 65534).length, 30);
  t.same(texts(81, 80), []);
});

t.test('endpoints of one identity share a set unless their ports have other names', async (t) => {
  const resolver = shop();
  resolver.putEndpoint(3, 300, [{ ...http, port: 9090 }]);
  const { endpoints, newSets } = resolver.takeChanges();
  t.same(
    [...endpoints].map(([id, { set }]) => [id, set]),
    [
      [1, 1],
      [2, 1],
      [3, 2],
    ],
  );
  t.same(newSets, [1, 2]);
  t.same(endpoints.get(1)?.enforced, { ingress: true, egress: false });
});

t.test('an identity that comes or goes is told in the rows of its own cells, and nothing else is', async (t) => {
  const resolver = shop();
  resolver.takeChanges();
  resolver.putIdentity(identity(400, 'client'));
  const { put, ...rest } = resolver.takeChanges();
  const nothing = {
    removed: [],
    newSets: [],
    removedSets: [],
    endpoints: new Map(),
    removedEndpoints: [],
    changedSets: [],
    newRules: [],
    removedRules: [],
  };
  t.same(
    put.map(({ set, identity, port, portBits, precedence }) => [set, identity, port, portBits, precedence]),
    [
      [1, 400, 80, 16, 1],
      [1, 400, 8080, 16, 1],
    ],
  );
  t.same(rest, nothing, 'nobody can have asked about it before, so no flow is asked again');
  resolver.putIdentity(identity(401, 'stranger'));
  t.same(resolver.takeChanges(), { ...nothing, put: [] });
  resolver.removeIdentity(400);
  t.match(resolver.takeChanges(), { put: [], removed: put, changedSets: [1] });
});

t.test('what came and went in between is not told', async (t) => {
  const resolver = shop();
  const { newRules } = resolver.takeChanges();
  resolver.putIdentity(identity(400, 'client'));
  resolver.putPolicy(policy('other', 'server', { direction: 'egress', peers: [apps('client')], traffic: [port(1)] }));
  resolver.putEndpoint(9, 300);
  resolver.removeEndpoint(9);
  resolver.removePolicy({ kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'other' });
  resolver.removeIdentity(400);
  const changes = resolver.takeChanges();
  t.same([changes.put, changes.removed, changes.newSets, changes.newRules, changes.removedRules], [[], [], [], [], []]);
  t.equal(changes.endpoints.size, 0);
  t.equal(newRules.at(-1)?.text, 'cnp/shop/in spec.ingress[0]');
});

t.test('a changed rule keeps its number, and numbers are not given twice', async (t) => {
  const resolver = shop();
  const [number] = resolver.takeChanges().newRules.flatMap((rule) => (rule.text.startsWith('cnp') ? rule.number : []));
  resolver.putPolicy(policy('in', 'server', { direction: 'ingress', peers: [apps('client')], traffic: [port(81)] }));
  resolver.putIdentity(identity(400, 'client'));
  t.match(resolver.takeChanges(), { put: [{ port: 81, rule: number }], newRules: [], removedRules: [] });
  resolver.removePolicy({ kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'in' });
  t.same(resolver.takeChanges().removedRules, [number]);
  t.equal(resolver.ruleText(number as number), undefined);
  resolver.putPolicy(policy('in', 'server', { direction: 'ingress', peers: [apps('client')], traffic: [port(81)] }));
  t.equal(resolver.takeChanges().newRules[0]?.number, (number as number) + 1);
});

t.test('a narrower row stays where it is stronger, and goes where a broader one is', async (t) => {
  const rows = (...rules: Given[]): unknown[] => {
    const resolver = new Resolver();
    resolver.putIdentity(identity(300, 'server'));
    resolver.putIdentity(identity(400, 'client'));
    resolver.putEndpoint(1, 300);
    resolver.putPolicy(policy('p', 'server', ...rules));
    return resolver
      .takeChanges()
      .put.map(({ anyProtocol, port, portBits, precedence }) => [anyProtocol ? 'any' : `${port}/${portBits}`, precedence]);
  };
  const egress = { direction: 'egress', peers: [apps('client')] } as const;
  const every: Traffic = { protocol: undefined, ports: { first: 0, last: 65535 } };
  t.same(rows({ ...egress, traffic: [every] }, { ...egress, action: 'deny', traffic: [port(80)] }), [
    ['any', 1],
    ['80/16', 255],
  ]);
  t.same(rows({ ...egress, traffic: [port(80), port(443)] }, { ...egress, action: 'deny', traffic: [port(80, 95)] }), [
    ['80/12', 255],
    ['443/16', 1],
  ]);
  t.same(
    rows({ ...egress, traffic: [every, port(80)] }),
    [
      ['any', 1],
      ['80/16', 1],
    ],
    'the more specific rule is named',
  );
});

t.test('an egress port name follows the pods that the rule selects', async (t) => {
  const resolver = new Resolver();
  resolver.putIdentity(identity(300, 'server'));
  resolver.putEndpoint(1, 300);
  resolver.putPolicy(policy('out', 'server', { direction: 'egress', peers: [apps('client')], traffic: [named('http')] }));
  resolver.putIdentity(identity(400, 'client'), [http]);
  t.match(resolver.takeChanges().put, [{ identity: 400, port: 8080 }]);
  resolver.putIdentity(identity(500, 'other'), [{ ...http, port: 1 }]);
  t.same(resolver.takeChanges().removed, [], 'other pods do not matter');
  resolver.putIdentity(identity(401, 'client'), [{ ...http, port: 81 }]);
  t.match(resolver.takeChanges(), { put: [], removed: [{ identity: 400, port: 8080 }], changedSets: [1] }, 'two numbers are none');
  resolver.putIdentity(identity(401, 'client'), []);
  t.match(
    resolver
      .takeChanges()
      .put.map(({ identity, port }) => [identity, port])
      .sort(),
    [
      [400, 8080],
      [401, 8080],
    ],
  );
});

t.test('a policy with a reference is refused, and nothing has changed', async (t) => {
  const resolver = shop();
  resolver.takeChanges();
  const reference: Peer = { kind: 'service', service: { namespace: 'shop', name: 'api' } };
  t.throws(() => resolver.putPolicy(policy('in', 'server', { direction: 'ingress', peers: [reference], traffic: [port(1)] })), {
    name: 'TypeError',
    message: 'resolver: cnp/shop/in spec.ingress[0]: a peer is not bound: service',
  });
  t.match(resolver.takeChanges(), { put: [], removed: [], removedRules: [] });
  t.ok([...resolver.rows()].length > 0);
});

t.test('an endpoint is closed until its identity is known', async (t) => {
  const resolver = new Resolver();
  resolver.putEndpoint(1, 300);
  t.same(resolver.takeChanges().endpoints.get(1)?.enforced, { ingress: true, egress: true });
  resolver.putIdentity(identity(300, 'server'));
  t.same(resolver.takeChanges().endpoints.get(1)?.enforced, { ingress: false, egress: false });
  resolver.setEnforcement('always');
  t.match(resolver.takeChanges(), { put: [{ identity: 1, direction: 'ingress' }] }, 'the local host may come in');
});

t.test('after many changes the rows are right, and what no cell holds is forgotten', async (t) => {
  const resolver = shop();
  for (let number = 400; number < 404; number += 1) resolver.putIdentity(identity(number, number % 2 === 0 ? 'client' : 'guest'));
  const rules = (at: number): Policy =>
    policy(`p${at % 12}`, 'server', { direction: 'ingress', peers: [apps(at % 3 === 0 ? 'client' : 'guest')], traffic: [port(1000 + at)] });
  const rows = new Set<string>();
  const text = (row: object): string => JSON.stringify({ ...row, rule: resolver.ruleText((row as { rule: number }).rule) });
  const many = 4000;
  for (let at = 0; at < many; at += 1) {
    resolver.putPolicy(rules(at));
    const { put, removed } = resolver.takeChanges();
    for (const row of removed) rows.delete(text(row));
    for (const row of put) rows.add(text(row));
  }
  const fresh = shop();
  for (let number = 400; number < 404; number += 1) fresh.putIdentity(identity(number, number % 2 === 0 ? 'client' : 'guest'));
  for (let at = many - 12; at < many; at += 1) fresh.putPolicy(rules(at));
  const wanted = fresh.takeChanges().put.map((row) => JSON.stringify({ ...row, rule: fresh.ruleText(row.rule) }));
  t.same([...rows].sort(), wanted.sort());

  const table = new ContentTable();
  const variants = Array.from(
    { length: 1500 },
    (_, id): Variant => ({ id, rule: { number: id, text: `${id}`, policy: '', isBuiltin: false }, clauses: [] }),
  );
  const contents = variants.map((variant) => table.plus(table.empty, variant));
  t.ok(table.isStale);
  table.sweep(new Set([contents[7] as Content]));
  t.same([table.size, table.isStale], [1, false]);
  t.equal(table.plus(table.empty, variants[7] as Variant), contents[7], 'what is held is still the same');
  t.equal(table.minus(contents[7] as Content, variants[7] as Variant), table.empty);
});

t.test('sizes say what does not fit', async (t) => {
  const resolver = shop();
  for (let number = 400; number < 410; number += 1) resolver.putIdentity(identity(number, 'client'));
  resolver.takeChanges();
  const rows = [...resolver.rows()].length;
  t.equal(rows, 21);
  t.match(estimateSize(resolver.sizes(), 20), {
    total: rows,
    fits: false,
    most: rows,
    sets: [{ endpoints: [1, 2], ingress: 21, egress: 0 }],
  });
  t.match(estimateSize(resolver.sizes(), rows), { fits: true });
  t.match(estimateSize([], 1), { total: 0, most: 0, fits: true });
});
