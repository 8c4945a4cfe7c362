// Hostile manifests: whatever JSON comes, reading ends soon, with a policy or with a reason, and throws nothing.

import fc from 'fast-check';
import t from 'tap';
import { acceptPolicy } from '../../../../orchestrator/model/policy/accept.ts';
import { readPolicy } from '../../../../orchestrator/model/policy/translate/read-policy.ts';
import { ccnp, cnp, netpol, options } from './said.ts';

function survives(object: unknown): boolean {
  return [false, true].every((stored) => {
    const reading = readPolicy(object, { ...options, stored, lint: true });
    const { policy, conditions } = acceptPolicy(undefined, reading, object);
    const refused = reading.problems.some(({ severity }) => severity === 'error');
    if (refused === (reading.policy !== undefined) || reading.problems.length > 400) return false;
    // Fail closed: what is made of a refused object allows nothing.
    return conditions.length > 0 && (!refused || (policy?.sections ?? []).every(({ rules }) => rules.length === 0));
  });
}

t.test('any JSON value is read', async () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), survives), { numRuns: 500 });
});

const names = [
  ...['spec', 'specs', 'metadata', 'name', 'ingress', 'egress', 'ingressDeny', 'egressDeny', 'endpointSelector', 'nodeSelector'],
  ...['matchLabels', 'matchExpressions', 'key', 'operator', 'values', 'fromEndpoints', 'toEndpoints', 'fromCIDR', 'toCIDRSet', 'cidr'],
  ...['except', 'cidrGroupRef', 'fromEntities', 'toServices', 'k8sService', 'toFQDNs', 'matchName', 'matchPattern', 'toPorts', 'ports'],
  ...['port', 'endPort', 'protocol', 'rules', 'http', 'dns', 'path', 'icmps', 'fields', 'type', 'family', 'authentication', 'mode'],
  ...['from', 'to', 'ipBlock', 'podSelector', 'namespaceSelector', 'policyTypes', 'fromRequires', 'listener', '__proto__', 'constructor'],
];
const atoms = [
  null,
  true,
  false,
  0,
  1,
  -1,
  8.5,
  80,
  2 ** 40,
  '',
  'a',
  '80',
  '0',
  '10.0.0.0/8',
  '*',
  'TCP',
  'In',
  'Exists',
  'world',
  'EchoRequest',
  'a b',
];
const policyLike = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 7, depthSize: 'large' }, fc.constantFrom(...atoms), tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  map: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
}));

t.test('any value in the words of policies is read, as every kind', async () => {
  const frames = [cnp, ccnp, netpol];
  const body = fc.dictionary(fc.constantFrom(...names), policyLike.value, { maxKeys: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...frames), body, (frame, spec) => survives(frame(spec))),
    { numRuns: 3000 },
  );
});

t.test('huge and deep manifests are read in time that their size explains', async (t) => {
  const deep = (levels: number): unknown => {
    let value: unknown = {};
    for (let level = 0; level < levels; level++) value = { matchLabels: value, ingress: [value] };
    return value;
  };
  const many = <T>(count: number, one: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => one(index));
  const objects: [string, object][] = [
    ['20,000 rules', cnp({ ingress: many(20_000, () => ({ fromEndpoints: [{ matchLabels: { a: 'b' } }] })) })],
    ['20,000 wrong CIDRs', cnp({ egress: [{ toCIDR: many(20_000, (index) => `${index}`) }] })],
    [
      '100,000 labels',
      cnp({ ingress: [{ fromEndpoints: [{ matchLabels: Object.fromEntries(many(100_000, (index) => [`k${index}`, 'v'])) }] }] }),
    ],
    ['a label of a million characters', cnp({ ingress: [{ fromEndpoints: [{ matchLabels: { ['a'.repeat(1e6)]: '-'.repeat(1e6) } }] }] })],
    [
      'a pattern of a million characters',
      cnp({ egress: [{ toFQDNs: [{ matchPattern: '*a'.repeat(5e5) }, { matchName: 'a.'.repeat(5e5) }] }] }),
    ],
    [
      'a port of a million characters',
      cnp({ egress: [{ toPorts: [{ ports: [{ port: 'a-'.repeat(5e5) }, { port: '0'.repeat(1e6) }] }] }] }),
    ],
    [
      'an expression of nested repetitions',
      cnp({
        ingress: [
          {
            toPorts: [
              {
                ports: [{ port: '80', protocol: 'TCP' }],
                rules: { http: many(200, () => ({ path: `${'('.repeat(900)}a+${')+'.repeat(900)}` })) },
              },
            ],
          },
        ],
      }),
    ],
    ['an address of a million colons', cnp({ egress: [{ toCIDR: [':'.repeat(1e6), `${'1.'.repeat(5e5)}/8`] }] })],
    ['sixteen levels that are each there twice', cnp(deep(16) as Record<string, unknown>)],
  ];
  for (const [sentence, object] of objects) {
    const start = performance.now();
    t.ok(survives(object), sentence);
    const took = performance.now() - start;
    t.ok(took < 10_000, `${sentence}: ${Math.round(took)} ms`);
    t.comment(`${sentence}: ${Math.round(took)} ms for four readings`);
  }
});
