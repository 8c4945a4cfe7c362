// Random inputs of a resolver, of a world so small that everything meets everything.

import fc from 'fast-check';
import type { Identity, NamedPort } from '../../../../orchestrator/model/identity.ts';
import { type Label, Labels } from '../../../../orchestrator/model/labels.ts';
import type { NameSelector, Peer, Policy, PolicyRef, Rule, Section, Traffic } from '../../../../orchestrator/model/policy/rule.ts';
import { makeSelector, type Requirement, type Selector } from '../../../../orchestrator/model/selector.ts';
import { parsePrefix } from '../../../../orchestrator/net/prefix.ts';

export type Input =
  | { readonly kind: 'put policy'; readonly policy: Policy }
  | { readonly kind: 'remove policy'; readonly ref: PolicyRef }
  | { readonly kind: 'put identity'; readonly identity: Identity; readonly ports: readonly NamedPort[] }
  | { readonly kind: 'remove identity'; readonly number: number }
  | { readonly kind: 'put endpoint'; readonly id: number; readonly identity: number; readonly ports: readonly NamedPort[] }
  | { readonly kind: 'remove endpoint'; readonly id: number }
  | { readonly kind: 'enforce'; readonly mode: 'default' | 'always' | 'never' }
  | { readonly kind: 'take' };

/** Identities of pods, the host, prefixes and names, as their numbers tell. */
export const podNumbers = [256, 257, 258, 259, 260, 261];
export const otherNumbers = [1, 9, 0x1000001, 0x1000002, 0x1000003, 0x1000004];
const prefixes = ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32', '::/0'].map(parsePrefix);
export const nameTexts = ['name:a.example', 'name:b.example', 'pattern:*.example'];
const label = (source: string, key: string, value: string): Label => ({ source, key, value });

const labels = fc
  .record({
    app: fc.constantFrom('a', 'b', 'c'),
    tier: fc.constantFrom(undefined, 'x', 'y'),
    foreign: fc.constantFrom(undefined, 'a', 'z'),
    init: fc.constantFrom(false, false, false, false, false, false, true),
  })
  .map(({ app, tier, foreign, init }) => {
    const own = [label('k8s', 'app', app)];
    if (tier !== undefined) own.push(label('k8s', 'tier', tier));
    if (foreign !== undefined) own.push(label('other', 'app', foreign));
    return new Labels(init ? [...own, label('reserved', 'init', '')] : own);
  });

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    source: fc.constantFrom('any', 'k8s'),
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('In' as const, 'In' as const, 'NotIn' as const),
    values: fc.subarray(['a', 'b', 'x', 'y', 'z']),
  }),
  fc.record({
    source: fc.constantFrom('any', 'k8s', 'reserved'),
    key: fc.constantFrom('app', 'tier', 'host'),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
    values: fc.constant([]),
  }),
);
const selector: fc.Arbitrary<Selector> = fc.array(requirement, { maxLength: 2 }).map(makeSelector);

const peer: fc.Arbitrary<Peer> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('labels' as const), selector }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'any' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('prefix' as const),
      prefix: fc.constantFrom(...prefixes),
      except: fc.array(fc.constantFrom(...prefixes), { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...nameTexts).map((text) => ({ kind: 'name' as const, name: nameOf(text) })),
  },
);

const range = fc.constantFrom(
  [0, 65535],
  [80, 80],
  [80, 95],
  [81, 82],
  [80, 83],
  [8080, 8080],
  [1, 65535],
  [81, 80],
  [65535, 65535],
  [0, 0],
);
const layer7 = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('http' as const, 'tls' as const, 'listener' as const).map((kind) => ({ kind, field: '' })),
  },
  {
    weight: 3,
    arbitrary: fc.subarray(nameTexts).map((texts) => ({ kind: 'dns' as const, field: '', names: texts.map(nameOf) })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100 }).map((priority) => ({ kind: 'listener' as const, field: '', priority })) },
);
const traffic: fc.Arbitrary<Traffic> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ protocol: undefined, ports: { first: 0, last: 65535 } }) },
  {
    weight: 6,
    arbitrary: fc.record({
      protocol: fc.constantFrom(6, 6, 17),
      ports: range.map(([first = 0, last = 0]) => ({ first, last })),
      layer7,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ protocol: 1, ports: { first: 8, last: 8 } }) },
  {
    weight: 2,
    arbitrary: fc.record({ protocol: fc.constantFrom(6, 17), ports: fc.record({ name: fc.constantFrom('http', 'dns') }), layer7 }),
  },
);

const rule = fc.record({
  direction: fc.constantFrom('ingress' as const, 'egress' as const),
  action: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
  peers: fc.array(peer, { maxLength: 3 }),
  traffic: fc.array(traffic, { maxLength: 3 }),
});
const enforces = fc.constantFrom(undefined, { defaultDeny: true }, { defaultDeny: true }, { defaultDeny: false });
const section = fc.record({
  subject: fc.oneof({ weight: 5, arbitrary: selector }, { weight: 1, arbitrary: fc.constant(undefined) }),
  enforces: fc.record({ ingress: enforces, egress: enforces }),
  rules: fc.array(rule, { maxLength: 3 }),
});

const ref: fc.Arbitrary<PolicyRef> = fc
  .constantFrom('p', 'q', 'r', 's')
  .map((name) => ({ kind: 'CiliumNetworkPolicy' as const, namespace: 'n', name }));

export const policy: fc.Arbitrary<Policy> = fc
  .record({ ref, sections: fc.array(section, { minLength: 1, maxLength: 2 }) })
  .map(({ ref, sections }): Policy => {
    const made = sections.map((given, index): Section => {
      const path = `specs[${index}]`;
      const rules = given.rules.map((rule, at): Rule => ({ ...rule, policy: ref, path: `${path}.${rule.direction}[${at}]` }));
      return { ...given, path, enforces: definedOf(given.enforces), rules };
    });
    return { ref, sections: made };
  });

const ports = fc.array(
  fc.record({ name: fc.constantFrom('http', 'dns'), port: fc.constantFrom(80, 81, 8080), protocol: fc.constantFrom(6, 6, 17) }),
  { maxLength: 2 },
);

const pod = fc.record({ number: fc.constantFrom(...podNumbers), labels });
const outside = fc.constantFrom(...otherNumbers).chain((number): fc.Arbitrary<Identity> => {
  if (number === 1) return fc.constant({ number, labels: new Labels([label('reserved', 'host', '')]) });
  const world = new Labels([label('reserved', 'world-ipv4', '')]);
  if (number < 0x1000003) return fc.constantFrom(...prefixes).map((prefix) => ({ number, labels: world, prefix }));
  return fc.subarray(nameTexts, { minLength: 1 }).map((names) => ({ number, labels: new Labels([]), names }));
});

const putPod = fc.record({ kind: fc.constant('put identity' as const), identity: pod, ports });
const putEndpoint = fc.record({
  kind: fc.constant('put endpoint' as const),
  id: fc.constantFrom(1, 2, 3),
  identity: fc.constantFrom(...podNumbers),
  ports,
});
const modes = fc.constantFrom('default' as const, 'default' as const, 'always' as const, 'never' as const);

const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put policy' as const), policy }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove policy' as const), ref }) },
  { weight: 6, arbitrary: putPod },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put identity' as const), identity: outside, ports: fc.constant([]) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('remove identity' as const), number: fc.constantFrom(...podNumbers, ...otherNumbers) }),
  },
  { weight: 4, arbitrary: putEndpoint },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove endpoint' as const), id: fc.constantFrom(1, 2, 3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('enforce' as const), mode: modes }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'take' as const }) },
);

/** A few pods first, so that policies have somebody to speak of. */
export const inputs: fc.Arbitrary<Input[]> = fc
  .tuple(
    fc.array(putPod, { minLength: 4, maxLength: 8, size: 'max' }),
    fc.array(putEndpoint, { minLength: 2, maxLength: 3, size: 'max' }),
    fc.array(input, { minLength: 10, maxLength: 50, size: 'max' }),
  )
  .map((parts): Input[] => parts.flat());

function nameOf(text: string): NameSelector {
  const [kind, value] = text.split(':') as ['name' | 'pattern', string];
  return { kind, value, text };
}

function definedOf(given: Section['enforces']): Section['enforces'] {
  return { ...(given.ingress && { ingress: given.ingress }), ...(given.egress && { egress: given.egress }) };
}
