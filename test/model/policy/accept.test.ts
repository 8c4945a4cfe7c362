// The life of a policy: what is in force after each version of it, and what its status says.

import t from 'tap';
import { type Acceptance, acceptPolicy } from '../../../orchestrator/model/policy/accept.ts';
import { ccnp, cnp, enforced, netpol, options, read, said, subjects } from './translate/said.ts';

const web = { matchLabels: { app: 'web' } };
const good = cnp({ endpointSelector: web, ingress: [{ fromEntities: ['all'] }] });
const bad = cnp({ endpointSelector: web, ingress: [{ fromEntities: ['wrold'] }], egress: [{ toCIDR: ['x'] }] });

function accept(object: unknown, previous?: Acceptance): Acceptance {
  return acceptPolicy(previous?.policy, read(object, { ...options, stored: false }), object);
}

function inForce({ policy }: Acceptance): { subjects: unknown; enforced: unknown; rules: unknown } {
  const reading = { ...(policy && { policy }), problems: [] };
  return { subjects: policy && subjects(reading), enforced: policy && enforced(reading), rules: policy && said(reading) };
}

t.test('an accepted version is in force, and says so', async (t) => {
  const accepted = accept(good);
  t.same(inForce(accepted).rules, ['+in any : all']);
  t.match(accepted.conditions, [
    { type: 'Valid', status: 'True', reason: 'Accepted', fields: [] },
    { type: 'Enforced', status: 'True', reason: 'FullyEnforced' },
  ]);
});

t.test('a refused version leaves the last accepted one in force, and names the fields', async (t) => {
  const first = accept(good);
  const second = accept(bad, first);
  t.equal(second.policy, first.policy);
  t.match(second.conditions, [
    { type: 'Valid', status: 'False', reason: 'KeptLast', fields: ['spec.ingress[0].fromEntities[0]', 'spec.egress[0].toCIDR[0]'] },
  ]);
  t.match(second.conditions[0]?.message, /last accepted version stays in force.*spec\.ingress\[0\]\.fromEntities\[0\]: "wrold"/);
});

t.test('a good version replaces what a bad one left', async (t) => {
  t.same(inForce(accept(good, accept(bad))).rules, ['+in any : all']);
});

const closed: readonly [sentence: string, object: object, subject: string | undefined, directions: string | undefined][] = [
  [
    'a bad first version denies in the directions it names',
    bad,
    'any:app in (web), k8s:io.kubernetes.pod.namespace in (shop)',
    'ingress, egress',
  ],
  ['only in those', cnp({ ingress: [{ fromCIDR: ['x'] }] }), 'k8s:io.kubernetes.pod.namespace in (shop)', 'ingress'],
  ['an empty list names its direction', cnp({ egress: [] }), 'k8s:io.kubernetes.pod.namespace in (shop)', 'egress'],
  ['also one of a wrong type', cnp({ egressDeny: 'all' }), 'k8s:io.kubernetes.pod.namespace in (shop)', 'egress'],
  [
    'rules that only add leave their direction open',
    cnp({ ingress: [{ fromCIDR: ['x'] }], egress: [{}], enableDefaultDeny: { ingress: false } }),
    'k8s:io.kubernetes.pod.namespace in (shop)',
    'egress',
  ],
  [
    'rules that deny do not',
    cnp({ ingressDeny: [{ fromCIDR: ['x'] }], enableDefaultDeny: { ingress: false } }),
    'k8s:io.kubernetes.pod.namespace in (shop)',
    'ingress',
  ],
  [
    'clusterwide subjects are of every namespace',
    ccnp({ endpointSelector: web, ingress: [{ fromCIDR: ['x'] }] }),
    'any:app in (web)',
    'ingress',
  ],
  [
    'a network policy denies what its types name',
    netpol({ podSelector: web, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: 'x' } }] }] }),
    'k8s:app in (web), k8s:io.kubernetes.pod.namespace in (shop)',
    'egress',
  ],
];
for (const [sentence, object, subject, directions] of closed) {
  t.test(sentence, async (t) => {
    const accepted = accept(object);
    t.same(inForce(accepted), { subjects: [subject], enforced: [directions], rules: [] });
    t.match(accepted.conditions, [{ type: 'Valid', status: 'False', reason: 'DeniedByDefault' }]);
  });
}

t.test('of several sections those that can be read are denied', async (t) => {
  const unreadable = { endpointSelector: { matchLabels: { 'a b': 'c' } }, ingress: [{}] };
  const object = cnp([unreadable, { endpointSelector: web, egress: [{ toCIDR: ['x'] }] }]);
  const { policy } = accept(object);
  t.same(
    policy?.sections.map(({ path }) => path),
    ['specs[1]'],
  );
});

const unreadable: readonly [sentence: string, object: unknown][] = [
  ['a subject that cannot be read', cnp({ endpointSelector: { matchLabels: { 'a b': 'c' } }, ingress: [{}] })],
  ['no subject', cnp({ endpointSelector: undefined, ingress: [{}] })],
  ['nodes as subject', cnp({ endpointSelector: undefined, nodeSelector: {}, ingress: [{}] })],
  ['no name', { ...bad, metadata: {} }],
  ['no policy', { kind: 'Pod', apiVersion: 'v1' }],
  ['no object', 7],
];
for (const [sentence, object] of unreadable) {
  t.test(`nothing is in force, and that is said: ${sentence}`, async (t) => {
    const accepted = accept(object);
    t.same(accepted.policy?.sections ?? [], []);
    t.match(accepted.conditions, [{ type: 'Valid', status: 'False', reason: 'NothingReadable' }]);
  });
}

t.test('what is accepted but cannot be enforced is a condition that names its field', async (t) => {
  const http = { toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{}] } }] };
  const { conditions } = accept(cnp({ ingress: [{ fromEndpoints: [{}], authentication: { mode: 'required' } }, http] }));
  const fields = ['spec.ingress[0].authentication.mode', 'spec.ingress[1].toPorts[0].rules.http'];
  t.match(conditions[1], { type: 'Enforced', status: 'False', reason: 'PartlyEnforced', fields, message: /proxy/ });
});

t.test('a condition stays short, however much is wrong', async (t) => {
  const toCIDR = Array.from({ length: 5000 }, () => 'x'.repeat(100));
  const { conditions } = accept(cnp({ egress: [{ toCIDR }] }));
  t.ok(conditions[0] && conditions[0].message.length < 1500 && conditions[0].fields.length <= 20);
});
