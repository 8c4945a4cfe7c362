// Schemas against what the published CRDs say of the same manifests, and against what users get wrong.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { pathText } from '../../../orchestrator/model/policy/problem.ts';
import type { CiliumNetworkPolicy } from '../../../orchestrator/model/schema/cilium-policy.ts';
import { checkObject, knownKinds } from '../../../orchestrator/model/schema/kinds.ts';

interface Given {
  readonly id: string;
  readonly manifest: unknown;
  readonly schema: 'accept' | 'reject' | 'n/a';
}

const cases = new URL('../../policy/cases/', import.meta.url);

function lines<T>(name: string): T[] {
  const text = gunzipSync(readFileSync(new URL(`${name}.jsonl.gz`, cases))).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const errors = (object: unknown, stored = false) =>
  checkObject(object, { stored })
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${pathText(path)}: ${message}`);

const policy = (spec: unknown, more: object = {}) => ({
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumNetworkPolicy',
  metadata: { name: 'p', namespace: 'shop' },
  spec,
  ...more,
});

t.test('every manifest is accepted or refused as the published CRD and its validator do', async (t) => {
  const given = lines<Given>('D-sanitize');
  t.ok(given.filter(({ schema }) => schema === 'reject').length > 50, `${given.length} manifests`);
  for (const { id, manifest, schema } of given) t.equal(errors(manifest).length > 0, schema === 'reject', id);
});

t.test('what a cluster has stored is accepted, even where its schema was another', async (t) => {
  let count = 0;
  for (const name of ['A-hand', 'B-random', 'C-kubernetes', 'C2-kubernetes-random']) {
    for (const { id, policies, objects = [] } of lines<{ id: string; policies: unknown[]; objects?: unknown[] }>(name)) {
      for (const object of [...policies, ...objects]) {
        count++;
        const found = errors(object, true);
        if (found.length > 0) t.fail(`${id}: ${found.join('; ')}`);
      }
    }
  }
  t.ok(count > 5000, `${count} objects`);
});

t.test('stored objects of the wrong type are refused all the same', async (t) => {
  t.same(errors(policy({ endpointSelector: {}, ingress: [{ fromEntities: null, fromCIDR: [8] }] }), true), [
    'spec.ingress[0].fromCIDR[0]: must be a string, not the number 8: write "8"',
  ]);
});

const endpointSelector = {};
const messages: [what: string, object: unknown, messages: string[]][] = [
  [
    'an unknown field with its like',
    policy({ endpointSelector, ingress: [{ fromEndpoint: [{ matchLabels: { a: 'b' } }] }] }),
    ['spec.ingress[0].fromEndpoint: unknown field "fromEndpoint": did you mean fromEndpoints?'],
  ],
  [
    'a field of the other direction',
    policy({ endpointSelector, egress: [{ fromCIDR: ['10.0.0.0/8'] }] }),
    ['spec.egress[0].fromCIDR: unknown field "fromCIDR": did you mean toCIDR?'],
  ],
  [
    'names where only addresses are',
    policy({ endpointSelector, ingress: [{ toFQDNs: [{ matchName: 'a.b' }] }] }),
    ['spec.ingress[0].toFQDNs: unknown field "toFQDNs": only egress has names'],
  ],
  [
    'a description in the wrong place',
    policy({ endpointSelector, ingress: [{}] }, { description: 'x' }),
    ['description: unknown field "description": it belongs below spec'],
  ],
  [
    'everything that is wrong at once',
    policy({ endpointSelectors: { a: 1 }, ingress: {}, enableDefaultDeny: { egress: 'true' }, log: { value: 'x'.repeat(40) } }),
    [
      'spec.endpointSelectors: unknown field "endpointSelectors": did you mean endpointSelector?',
      'spec.ingress: must be a list, not a map',
      'spec.enableDefaultDeny.egress: must be a boolean, not the string "true": write true without quotes',
      `spec.log.value: is longer than 32 characters: "${'x'.repeat(40)}"`,
      'spec: one of endpointSelector, nodeSelector is missing',
    ],
  ],
  [
    'kafka, which is gone',
    policy({ endpointSelector, ingress: [{ toPorts: [{ rules: { kafka: [{ topic: 'a' }] } }] }] }),
    [
      'spec.ingress[0].toPorts[0].rules.kafka: unknown field "kafka": no longer part of this API: known are http, dns',
      'spec.ingress[0].toPorts[0].rules: one of http, dns is missing',
    ],
  ],
  [
    'L7 rules that deny',
    policy({ endpointSelector, ingressDeny: [{ toPorts: [{ rules: { http: [{ path: '/' }] } }] }] }),
    ['spec.ingressDeny[0].toPorts[0].rules: unknown field "rules": a deny rule speaks of ports only'],
  ],
  [
    'a number for a string',
    policy({ endpointSelector: { matchLabels: { v: 1 } }, ingress: [] }),
    ['spec.endpointSelector.matchLabels.v: must be a string, not the number 1: write "1"'],
  ],
  ['null for a map', policy(null), ['spec: must be a map, not null']],
  [
    'a fraction',
    policy({ endpointSelector, egress: [{ toPorts: [{ ports: [{ port: '1', endPort: 2.5 }] }] }] }),
    ['spec.egress[0].toPorts[0].ports[0].endPort: must be a whole number, not the number 2.5'],
  ],
  [
    'endpoints that have no namespace',
    policy({ endpointSelector: { matchLabels: { 'reserved:init': '' } }, ingress: [{}] }),
    ['spec.endpointSelector: reserved:init is no label of a namespace: use a CiliumClusterwideNetworkPolicy'],
  ],
  [
    'a label of metadata',
    { ...policy({ endpointSelector, ingress: [{}] }), metadata: { name: 'p', labels: { a: true } } },
    ['metadata.labels.a: must be a string, not the boolean true: write "true"'],
  ],
  [
    'another version',
    { apiVersion: 'networking.k8s.io/v1beta1', kind: 'NetworkPolicy' },
    ['apiVersion: NetworkPolicy of "networking.k8s.io/v1beta1" is not read here: known are networking.k8s.io/v1'],
  ],
  ['no version', { kind: 'Service' }, [': the object of kind "Service" does not say its apiVersion: v1']],
  ['no kind', { apiVersion: 'v1' }, [': the object does not say its kind']],
  ['no object', ['a'], [': must be a map with apiVersion and kind, not a list']],
  [
    'a pod whose ports are none',
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [{ ports: [{ containerPort: '80' }] }], volumes: 7 } },
    ['spec.containers[0].ports[0].containerPort: must be a whole number, not the string "80": write 80 without quotes'],
  ],
];
for (const [what, object, expected] of messages) {
  t.test(`told is ${what}`, async (t) => {
    t.same(errors(object), expected);
  });
}

t.test('an unknown field that holds nothing is dropped by API servers, and a warning here', async (t) => {
  const [problem, ...more] = checkObject(policy({ endpointSelector, egress: [{ fromEndpoints: [{}] }] }));
  t.match(problem, { severity: 'warning', class: 'unknown-field', path: ['spec', 'egress', 0, 'fromEndpoints'] });
  t.same(more, []);
});

t.test('a kind that nobody reads is a warning, with the kind that was meant', async (t) => {
  t.match(checkObject({ apiVersion: 'apps/v1', kind: 'Deployment' }), [{ severity: 'warning', class: 'unknown-kind' }]);
  t.match(checkObject({ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicies' }), [{ class: 'unknown-kind' }]);
  t.match(checkObject({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolcy' })[0].message, 'did you mean NetworkPolicy?');
  t.match(checkObject({ apiVersion: 'serving.knative.dev/v1', kind: 'Service' }), [{ class: 'unknown-kind' }]);
  t.ok('NetworkPolicy' in knownKinds);
});

t.test('of ten thousand problems a hundred are told, and that there are more', async (t) => {
  const fromCIDR = Array.from({ length: 10_000 }, (_, index) => `x${index}`);
  const found = checkObject(policy({ endpointSelector, ingress: [{ fromCIDR }] }));
  t.equal(found.length, 101);
  t.match(found[100], { class: 'too-many-problems', severity: 'error' });
});

t.test('null is as good as nothing in built-in kinds, and an error in ours', async (t) => {
  const spec = { podSelector: { matchLabels: null }, ingress: null, egress: [{ to: null, ports: null }] };
  t.same(errors({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p' }, spec }), []);
  t.same(errors(policy({ endpointSelector: { matchLabels: null }, ingress: [{}] })), [
    'spec.endpointSelector.matchLabels: must be a map, not null',
  ]);
});

t.test('types are those of the schema', async (t) => {
  const made: CiliumNetworkPolicy = {
    metadata: { name: 'p' },
    spec: { endpointSelector: { matchLabels: { app: 'web' } }, ingress: [{ toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }] }] },
  };
  // @ts-expect-error a protocol that the schema does not know
  const wrong: CiliumNetworkPolicy = { metadata: {}, spec: { ingress: [{ toPorts: [{ ports: [{ protocol: 'ICMP' }] }] }] } };
  t.same(errors({ ...made, apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy' }), []);
  t.not(errors({ ...wrong, apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy' }).length, 0);
});
