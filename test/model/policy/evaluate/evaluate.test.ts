// The verdict over one side of a flow, on rules written by hand.
import t from 'tap';
import { evaluate } from '../../../../orchestrator/model/policy/evaluate/evaluate.ts';
import { ruleText } from '../../../../orchestrator/model/policy/rule.ts';
import {
  any,
  ask,
  called,
  entity,
  everything,
  icmp,
  labelled,
  named,
  outside,
  pod,
  policy,
  portName,
  ports,
  tcp,
  udp,
  view,
  within,
} from './hand.ts';

const web = pod('app=web', { http: 80 });
const api = pod('app=api', { http: 8080, grpc: 9090 });
const db = pod('app=db', { http: 8080 });
const pods = [web, api, db];
const verdictOf = (...given: Parameters<typeof evaluate>) => evaluate(...given).verdict;

t.test('an endpoint of which no policy speaks is open and says so', async (t) => {
  const decision = evaluate(view([policy('p', 'app=web', [{ peers: [any] }])], pods), ask(db, 'ingress', web));
  t.match(decision, { verdict: 'allow', ground: 'not-enforced', enforced: false, defaultDeny: false, rules: [], nearest: [] });
});

t.test('what no rule allows is denied, and the section that made it so is named', async (t) => {
  const state = view([policy('p', 'app=db', [{ peers: [labelled('app=api')] }])], pods);
  t.match(evaluate(state, ask(db, 'ingress', web)), {
    verdict: 'deny',
    ground: 'default-deny',
    defaultDenyBy: [{ policy: { name: 'p' }, path: 'spec.ingress' }],
  });
  t.equal(verdictOf(state, ask(db, 'ingress', api)), 'allow');
  t.equal(verdictOf(state, ask(db, 'egress', web)), 'allow', 'the other direction is not enforced');
});

t.test('policies without default deny allow what they do not speak of, unless another policy denies by default', async (t) => {
  const soft = policy('soft', 'app=db', [{ deny: true, peers: [labelled('app=web')] }], { ingress: { defaultDeny: false } });
  const hard = policy('hard', 'app=db', [], { ingress: { defaultDeny: true } });
  t.match(evaluate(view([soft], pods), ask(db, 'ingress', api)), {
    verdict: 'allow',
    ground: 'default-allow',
    enforced: true,
    defaultDeny: false,
  });
  t.match(evaluate(view([soft], pods), ask(db, 'ingress', web)), { verdict: 'deny', ground: 'rule' });
  t.match(evaluate(view([soft, hard], pods), ask(db, 'ingress', api)), { verdict: 'deny', defaultDenyBy: [{ policy: { name: 'hard' } }] });
  t.equal(evaluate(view([soft, hard], pods), ask(db, 'ingress', api)).defaultDenyBy.length, 1);
});

t.test('enforcement can be for every endpoint or for none', async (t) => {
  const p = policy('p', 'app=db', [{ peers: [labelled('app=api')] }]);
  t.match(evaluate(view([p], pods, 'always'), ask(web, 'egress', api)), {
    verdict: 'deny',
    enforced: true,
    defaultDeny: true,
    defaultDenyBy: [],
  });
  t.match(evaluate(view([p], pods, 'never'), ask(db, 'ingress', web)), { verdict: 'allow', enforced: false });
});

t.test('an endpoint whose labels are not known yet is enforced without any policy', async (t) => {
  t.match(evaluate(view([]), ask({ ...entity('init'), namedPorts: [] }, 'ingress', web)), { verdict: 'deny', ground: 'default-deny' });
});

t.test('the local host reaches its pods, and only a deny rule stops it', async (t) => {
  const closed = policy('closed', 'app=db', [{ peers: [] }]);
  const denied = policy('denied', 'app=db', [{ deny: true, peers: [labelled('reserved:host')] }]);
  t.match(evaluate(view([closed]), ask(db, 'ingress', entity('host'))), { verdict: 'allow', ground: 'local-host' });
  t.match(evaluate(view([closed], [], 'always'), ask(db, 'ingress', entity('host'))), { verdict: 'allow', ground: 'local-host' });
  const soft = policy('soft', 'app=db', [{ peers: [any] }], { ingress: { defaultDeny: false } });
  t.match(evaluate(view([soft]), ask(db, 'ingress', entity('host'))), { ground: 'rule', rule: { path: 'spec.ingress[0]' } });
  const open = policy('open', 'app=db', [{ peers: [any] }]);
  t.match(evaluate(view([open]), ask(db, 'ingress', entity('host'))), {
    ground: 'local-host',
    rule: undefined,
    rules: [{ path: 'spec.ingress[0]' }],
  });
  t.match(evaluate(view([closed, denied]), ask(db, 'ingress', entity('host'))), { verdict: 'deny', ground: 'rule' });
  t.equal(verdictOf(view([closed]), ask(db, 'ingress', entity('remote-node'))), 'deny');
  t.equal(verdictOf(view([policy('out', 'app=db', [{ direction: 'egress', peers: [] }])]), ask(db, 'egress', entity('host'))), 'deny');
});

t.test('deny goes before redirect before allow, whatever is more specific', async (t) => {
  const http = { kind: 'http', field: 'spec.ingress[1].toPorts[0].rules.http' } as const;
  const allow = { peers: [labelled('app=api')], traffic: [ports(tcp, 80)] };
  const redirect = { peers: [any], traffic: [ports(tcp, 1, 1000, http)] };
  const deny = { deny: true, peers: [any], traffic: [everything] } as const;
  const both = evaluate(view([policy('p', 'app=db', [allow, redirect])]), ask(db, 'ingress', api));
  t.match(both, { verdict: 'redirect', rule: { path: 'spec.ingress[1]' }, overruled: [{ path: 'spec.ingress[0]' }], layer7: http });
  const all = evaluate(view([policy('p', 'app=db', [allow, redirect, deny])]), ask(db, 'ingress', api));
  t.match(all, { verdict: 'deny', rule: { path: 'spec.ingressDeny[0]' }, layer7: undefined });
  t.same(all.overruled.map(ruleText), ['cnp/shop/p spec.ingress[0]', 'cnp/shop/p spec.ingress[1]']);
});

t.test('of several proxies the one of the lowest order decides', async (t) => {
  const through = (kind: 'http' | 'dns' | 'tls' | 'listener', priority?: number) => ({
    peers: [any],
    traffic: [ports(tcp, 443, 443, { kind, field: kind, ...(priority !== undefined && { priority }) })],
  });
  const decide = (...rules: ReturnType<typeof through>[]) =>
    evaluate(view([policy('p', 'app=db', rules)]), ask(db, 'ingress', api, 443)).layer7?.field;
  t.equal(decide(through('dns'), through('tls'), through('http')), 'http');
  t.equal(decide(through('dns'), through('tls')), 'tls');
  t.equal(decide(through('listener'), through('dns')), 'dns');
  t.equal(decide(through('listener', 7), through('http'), through('listener', 9)), 'listener');
});

t.test(
  'of several rules that allow, the one with the longest match is named, then the one that means the peer, then the first by text',
  async (t) => {
    const decide = (...rules: Parameters<typeof policy>[2]) => evaluate(view([policy('p', 'app=db', rules)]), ask(db, 'ingress', api));
    const wide = { peers: [labelled('app=api')] };
    const narrow = { peers: [any], traffic: [ports(tcp, 64, 127)] };
    t.equal(decide(wide, narrow).rule?.path, 'spec.ingress[1]');
    t.equal(decide({ peers: [any] }, wide).rule?.path, 'spec.ingress[1]');
    const denies = [
      { ...narrow, deny: true },
      { ...wide, deny: true },
    ] as const;
    t.equal(decide(...denies).rule?.path, 'spec.ingressDeny[1]', 'a deny that means the peer goes before longer ones');
    t.equal(decide(wide, wide).rule?.path, 'spec.ingress[0]');
    t.same(
      decide(wide, narrow).rules.map(({ path }) => path),
      ['spec.ingress[0]', 'spec.ingress[1]'],
    );
  },
);

t.test('a rule without peers or without traffic allows nothing, and its section still denies by default', async (t) => {
  t.equal(verdictOf(view([policy('p', 'app=db', [{ peers: [] }])]), ask(db, 'ingress', api)), 'deny');
  t.equal(verdictOf(view([policy('p', 'app=db', [{ peers: [any], traffic: [] }])]), ask(db, 'ingress', api)), 'deny');
});

t.test('a reference that was not bound means nobody', async (t) => {
  const service = { kind: 'service', service: { namespace: 'shop', name: 'db' } } as const;
  t.equal(verdictOf(view([policy('p', 'app=web', [{ direction: 'egress', peers: [service] }])]), ask(web, 'egress', db)), 'deny');
});

t.test('prefixes mean addresses outside, not pods or nodes, and not what they except', async (t) => {
  const state = view([policy('p', 'app=web', [{ direction: 'egress', peers: [within('10.0.0.0/8', '10.1.0.0/16')] }])]);
  t.equal(verdictOf(state, ask(web, 'egress', outside('10.2.0.0/16'))), 'allow');
  t.equal(verdictOf(state, ask(web, 'egress', outside('10.1.2.0/24'))), 'deny');
  t.equal(verdictOf(state, ask(web, 'egress', outside('0.0.0.0/0'))), 'deny');
  t.equal(
    verdictOf(view([policy('p', 'app=web', [{ direction: 'egress', peers: [within('0.0.0.0/0')] }])]), ask(web, 'egress', api)),
    'deny',
  );
});

t.test('a granted name widens what the address is allowed, and never undoes a deny', async (t) => {
  const out = (peers: Parameters<typeof policy>[2][number]['peers'], deny?: true) =>
    ({ direction: 'egress', peers, ...(deny && { deny }) }) as const;
  const byName = policy('n', 'app=web', [out([called('s3.example.com')])]);
  const address = outside('203.0.113.10/32');
  t.equal(verdictOf(view([byName]), ask(web, 'egress', [address])), 'deny');
  t.equal(verdictOf(view([byName]), ask(web, 'egress', [address, named('s3.example.com')])), 'allow');
  const denied = policy('d', 'app=web', [out([within('203.0.113.0/24')], true)]);
  t.equal(verdictOf(view([byName, denied]), ask(web, 'egress', [address, named('s3.example.com')])), 'deny');
});

t.test('selectors never mean a name, even those that mean everything without a label', async (t) => {
  const state = view([policy('p', 'app=web', [{ direction: 'egress', peers: [labelled('!app')] }])]);
  t.equal(verdictOf(state, ask(web, 'egress', [entity('health')])), 'allow');
  t.equal(verdictOf(state, ask(web, 'egress', [named('a.example.com')])), 'deny');
});

t.test('a rule about everything allows ICMP too; rules about ports do not', async (t) => {
  const state = (traffic: Parameters<typeof policy>[2][number]['traffic']) => view([policy('p', 'app=db', [{ peers: [any], traffic }])]);
  t.equal(verdictOf(state([everything]), ask(db, 'ingress', api, 8, icmp)), 'allow');
  t.equal(verdictOf(state([ports(tcp, 0, 65535), ports(udp, 0, 65535)]), ask(db, 'ingress', api, 8, icmp)), 'deny');
  t.equal(verdictOf(state([ports(icmp, 8)]), ask(db, 'ingress', api, 8, icmp)), 'allow');
  t.equal(verdictOf(state([ports(icmp, 8)]), ask(db, 'ingress', api, 0, icmp)), 'deny');
});

t.test('a port name of ingress is the subject\u2019s own, per protocol', async (t) => {
  const state = view([policy('p', 'app', [{ peers: [any], traffic: [portName(tcp, 'http')] }])], pods);
  t.equal(verdictOf(state, ask(web, 'ingress', api, 80)), 'allow');
  t.equal(verdictOf(state, ask(db, 'ingress', api, 80)), 'deny');
  t.equal(verdictOf(state, ask(db, 'ingress', api, 8080)), 'allow');
  t.equal(verdictOf(state, ask(db, 'ingress', api, 8080, udp)), 'deny');
  const twice = { ...db, namedPorts: [...db.namedPorts, { name: 'http', port: 8443, protocol: udp }] };
  t.equal(verdictOf(state, ask(twice, 'ingress', api, 8080)), 'allow', 'the name means another number of another protocol');
  t.equal(verdictOf(state, ask(twice, 'ingress', api, 8443)), 'deny');
});

t.test('a port name of egress is what the selected pods agree on', async (t) => {
  const out = (...peers: Parameters<typeof policy>[2][number]['peers'][]) =>
    view(
      peers.map((list, index) => policy(`p${index}`, 'app', [{ direction: 'egress', peers: list, traffic: [portName(tcp, 'http')] }])),
      pods,
    );
  t.equal(verdictOf(out([labelled('app=api|db')]), ask(web, 'egress', db, 8080)), 'allow');
  t.equal(verdictOf(out([labelled('app=api'), labelled('app=web')]), ask(web, 'egress', api, 8080)), 'deny', 'they disagree');
  t.equal(verdictOf(out([any]), ask(web, 'egress', api, 8080)), 'deny', 'all pods disagree');
  t.equal(verdictOf(out([within('0.0.0.0/0')]), ask(web, 'egress', outside('192.0.2.0/24'), 8080)), 'deny', 'no pods');
  const grpc = view([policy('p', 'app', [{ direction: 'egress', peers: [any], traffic: [portName(tcp, 'grpc')] }])], pods);
  t.equal(verdictOf(grpc, ask(web, 'egress', outside('192.0.2.0/24'), 9090)), 'allow', 'a name without peers means every peer');
});

t.test('a decision is plain data, with its near misses', async (t) => {
  const state = view([policy('p', 'app=db', [{ peers: [labelled('app=api')] }])]);
  const decision = JSON.parse(JSON.stringify(evaluate(state, ask(db, 'ingress', web))));
  t.match(decision, { verdict: 'deny', nearest: [{ rule: { path: 'spec.ingress[0]' }, peer: { part: 'labels' } }] });
});
