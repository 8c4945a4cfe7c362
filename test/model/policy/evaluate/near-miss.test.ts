// Near misses as data, in their order.
import t from 'tap';
import { evaluate } from '../../../../orchestrator/model/policy/evaluate/evaluate.ts';
import { nearMisses } from '../../../../orchestrator/model/policy/evaluate/near-miss.ts';
import { any, ask, type HandRule, icmp, labelled, outside, pod, policy, ports, tcp, udp, view, within } from './hand.ts';

const web = pod('app=web');
const api = pod('app=api tier=back');
const db = pod('app=db');

function missesOf(rules: readonly HandRule[], question: Parameters<typeof nearMisses>[1]) {
  return evaluate(view([policy('p', 'app=db', rules)]), question).nearest.map(({ rule, peer, traffic }) => ({
    path: rule.path,
    peer,
    traffic,
  }));
}

t.test('what is not as the rule wants is said by its part', async (t) => {
  const partOf = (rule: HandRule, port: number, protocol?: number) =>
    missesOf([rule], ask(db, 'ingress', api, port, protocol))[0]?.traffic?.part;
  t.equal(partOf({ peers: [any], traffic: [ports(tcp, 80)] }, 81), 'port');
  t.equal(partOf({ peers: [any], traffic: [ports(udp, 80)] }, 80), 'protocol');
  t.equal(partOf({ peers: [any], traffic: [ports(udp, 80), ports(tcp, 79)] }, 80), 'port', 'the port alone is nearer');
  t.equal(partOf({ peers: [any], traffic: [ports(udp, 0, 65535)] }, 8, icmp), 'icmp');
  t.equal(partOf({ peers: [any], traffic: [ports(icmp, 3)] }, 8, icmp), 'port', 'the type is another');
});

t.test('a rule that lacks another value is nearer than one that lacks a label, and both than one for no pods', async (t) => {
  const rules = [{ peers: [labelled('reserved:host')] }, { peers: [labelled('role=x')] }, { peers: [labelled('app=web')] }];
  t.same(
    missesOf(rules, ask(db, 'ingress', api)).map(({ path }) => path),
    ['spec.ingress[2]', 'spec.ingress[1]', 'spec.ingress[0]'],
  );
});

t.test('a rule that lacks one thing is nearer than one that lacks two', async (t) => {
  const rules = [
    { peers: [labelled('app=web')], traffic: [ports(tcp, 443)] },
    { peers: [labelled('app=web, tier=front')] },
    { peers: [labelled('app=api')], traffic: [ports(tcp, 443)] },
  ];
  t.same(
    missesOf(rules, ask(db, 'ingress', api)).map(({ path }) => path),
    ['spec.ingress[2]', 'spec.ingress[1]', 'spec.ingress[0]'],
  );
});

t.test('there are three at most', async (t) => {
  const rules = Array.from({ length: 9 }, (_, index) => ({ peers: [any], traffic: [ports(tcp, 8000 + index)] }));
  t.equal(missesOf(rules, ask(db, 'ingress', api)).length, 3);
});

t.test('an exception says which, and the requirement that fails says what the peer has', async (t) => {
  const [except] = missesOf([{ peers: [within('10.0.0.0/8', '10.1.0.0/16')] }], ask(db, 'ingress', outside('10.1.2.0/24')));
  t.match(except?.peer, { part: 'except', prefix: '10.0.0.0/8', except: '10.1.0.0/16' });
  const [labels] = missesOf([{ peers: [labelled('tier=front|middle, app')] }], ask(db, 'ingress', api));
  t.match(labels?.peer, { part: 'labels', requirements: [{ key: 'tier', operator: 'In', values: ['front', 'middle'], has: ['back'] }] });
  t.equal(labels?.peer?.part === 'labels' && labels.peer.requirements.length, 1, 'and no other');
});

t.test('what is allowed, or denied by a rule, has no near misses', async (t) => {
  t.same(missesOf([{ peers: [labelled('app=web')] }, { peers: [any] }], ask(db, 'ingress', api)), []);
  t.same(missesOf([{ peers: [labelled('app=web')] }, { deny: true, peers: [any] }], ask(db, 'ingress', api)), []);
});

t.test('a policy of another subject is near only if one plain label is wrong', async (t) => {
  const rules = [{ peers: [labelled('app=web')] }];
  const closed = policy('closed', 'app=db', [{ peers: [] }]);
  const isNear = (subject: string) =>
    nearMisses(view([closed, policy('other', subject, rules)]), ask(db, 'ingress', web)).some(({ subject: lacks }) => lacks !== undefined);
  t.ok(isNear('app=database'));
  t.notOk(isNear('app=database, tier=x'));
  t.notOk(isNear('app=db, io.kubernetes.pod.namespace=dev'), 'another namespace is another matter');
});
