// Relevant labels: identities become fewer, and no policy notices.

import fc from 'fast-check';
import t from 'tap';
import { type Label, Labels } from '../../orchestrator/model/labels.ts';
import type { Policy, Rule } from '../../orchestrator/model/policy/rule.ts';
import { RelevantLabels, relevantLabels } from '../../orchestrator/model/relevant-labels.ts';
import { makeSelector, type Operator, type Requirement, selects } from '../../orchestrator/model/selector.ts';
import { makePolicyWorld } from '../bench/policy-world.ts';

const source = fc.constantFrom('k8s', 'reserved', 'cidrgroup');
const key = fc.constantFrom('app', 'tier', 'env', 'version', 'zone');
const value = fc.constantFrom('', 'a', 'b');
const label: fc.Arbitrary<Label> = fc.record({ source, key, value });
const requirement: fc.Arbitrary<Requirement> = fc.record({
  source: fc.oneof(source, fc.constant('any')),
  key,
  operator: fc.constantFrom<Operator>('In', 'NotIn', 'Exists', 'DoesNotExist'),
  values: fc.array(value, { maxLength: 3 }),
});
const selector = fc.array(requirement, { maxLength: 3 }).map(makeSelector);

t.test('collapsing to relevant labels never changes the answer of a selector', async () => {
  fc.assert(
    fc.property(fc.array(selector, { minLength: 1, maxLength: 4 }), fc.array(label, { maxLength: 8 }), (selectors, given) => {
      const labels = new Labels(given);
      const collapsed = new RelevantLabels(selectors).collapse(labels);
      return selectors.every((one) => selects(one, labels) === selects(one, collapsed));
    }),
    { numRuns: 1000 },
  );
});

t.test('labels that nobody asks for are left out, those of other sources too', async (t) => {
  const relevant = new RelevantLabels([makeSelector([{ source: 'k8s', key: 'app', operator: 'DoesNotExist', values: [] }])]);
  const labels = ['k8s:app', 'reserved:app', 'k8s:tier'].map((text): Label => {
    const [source = '', key = ''] = text.split(':');
    return { source, key, value: 'x' };
  });
  t.equal(relevant.collapse(new Labels(labels)).text, 'k8s:app=x;');
  t.same(relevant.keys, ['app']);
});

t.test('subjects and peers of policies are asked', async (t) => {
  const ref = { kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'web' } as const;
  const asking = (key: string) => makeSelector([{ source: 'any', key, operator: 'Exists', values: [] }]);
  const rule: Rule = {
    policy: ref,
    path: 'spec.egress[0]',
    direction: 'egress',
    action: 'allow',
    peers: [{ kind: 'labels', selector: asking('peer') }],
    traffic: [],
  };
  const policy: Policy = { ref, sections: [{ path: 'spec', subject: asking('subject'), enforces: {}, rules: [rule] }] };
  t.same(relevantLabels([policy]).keys, ['peer', 'subject']);
});

t.test('in a cluster whose policies do not ask for all labels, identities become fewer', async (t) => {
  const { policies, identities } = makePolicyWorld({ policies: 100, identities: 2_000, endpoints: 1 });
  const relevant = relevantLabels(policies);
  const texts = (labels: (one: Labels) => Labels): number =>
    new Set(identities.filter(({ prefix, names }) => !prefix && !names).map((one) => labels(one.labels).text)).size;
  const before = texts((one) => one);
  const after = texts((one) => relevant.collapse(one));
  t.ok(after < before, `${before} label sets become ${after}`);
});
