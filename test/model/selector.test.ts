// Labels and selectors: what is equal has one text, and who is meant by what.

import fc from 'fast-check';
import t from 'tap';
import { type Label, Labels } from '../../orchestrator/model/labels.ts';
import { holds, makeSelector, type Operator, type Requirement, selects } from '../../orchestrator/model/selector.ts';

const source = fc.constantFrom('k8s', 'reserved', 'cidrgroup');
const key = fc.constantFrom('app', 'tier', 'env');
const value = fc.constantFrom('', 'a', 'b');
const label: fc.Arbitrary<Label> = fc.record({ source, key, value });
const requirement: fc.Arbitrary<Requirement> = fc.record({
  source: fc.oneof(source, fc.constant('any')),
  key,
  operator: fc.constantFrom<Operator>('In', 'NotIn', 'Exists', 'DoesNotExist'),
  values: fc.array(value, { maxLength: 3 }),
});

function pod(labels: Record<string, string>): Labels {
  return new Labels(Object.entries(labels).map(([key, value]) => ({ source: 'k8s', key, value })));
}

t.test('labels in any order have one text; of one source and key the last counts', async (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(label, { selector: (one) => `${one.source}:${one.key}` }), (labels) => {
      return (
        new Labels(labels).text === new Labels(labels.toReversed()).text && new Labels(new Labels(labels)).text === new Labels(labels).text
      );
    }),
  );
  t.equal(
    new Labels([
      { source: 'k8s', key: 'tier', value: 'front' },
      { source: 'k8s', key: 'app', value: 'api' },
      { source: 'k8s', key: 'app', value: 'web' },
    ]).text,
    'k8s:app=web;k8s:tier=front;',
  );
});

t.test('each operator says what Kubernetes says of it', async (t) => {
  const labels = pod({ app: 'web', empty: '' });
  const rows: [operator: Operator, key: string, values: string[], expected: boolean][] = [
    ['In', 'app', ['web'], true],
    ['In', 'app', ['api', 'web'], true],
    ['In', 'app', ['api'], false],
    ['In', 'app', [], false],
    ['In', 'gone', ['web'], false],
    ['In', 'gone', [''], false],
    ['In', 'empty', [''], true],
    ['NotIn', 'app', ['api'], true],
    ['NotIn', 'app', ['web'], false],
    ['NotIn', 'gone', ['web'], true],
    ['Exists', 'app', [], true],
    ['Exists', 'empty', [], true],
    ['Exists', 'gone', [], false],
    ['DoesNotExist', 'app', [], false],
    ['DoesNotExist', 'gone', [], true],
  ];
  for (const [operator, key, values, expected] of rows) {
    t.equal(holds({ source: 'any', key, operator, values }, labels), expected, `${key} ${operator} (${values})`);
  }
});

t.test('a source that is named must be the label’s own', async (t) => {
  const labels = new Labels([{ source: 'reserved', key: 'host', value: '' }]);
  for (const [source, expected] of [
    ['reserved', true],
    ['any', true],
    ['k8s', false],
  ] as const) {
    t.equal(holds({ source, key: 'host', operator: 'Exists', values: [] }, labels), expected, source);
    t.equal(holds({ source, key: 'host', operator: 'DoesNotExist', values: [] }, labels), !expected, source);
  }
});

t.test('a selector means those for whom all of it holds; an empty one means everybody', async () => {
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), fc.array(label), (requirements, given) => {
      const labels = new Labels(given);
      return selects(makeSelector(requirements), labels) === requirements.every((one) => holds(one, labels));
    }),
  );
});

t.test('an operator and its opposite never agree', async () => {
  fc.assert(
    fc.property(requirement, fc.array(label), (one, given) => {
      const opposite = ({ In: 'NotIn', NotIn: 'In', Exists: 'DoesNotExist', DoesNotExist: 'Exists' } as const)[one.operator];
      const labels = new Labels(given);
      return holds(one, labels) !== holds({ ...one, operator: opposite }, labels);
    }),
  );
});

t.test('selectors that are written otherwise but ask the same have one text', async (t) => {
  fc.assert(
    fc.property(fc.array(requirement), (requirements) => {
      const doubled = [...requirements, ...requirements].map((one) => ({ ...one, values: [...one.values, ...one.values].reverse() }));
      return makeSelector(requirements).text === makeSelector(doubled.reverse()).text;
    }),
  );
  const asked = makeSelector([
    { source: 'k8s', key: 'tier', operator: 'NotIn', values: ['b', 'a', 'a'] },
    { source: 'any', key: 'app', operator: 'Exists', values: [] },
    { source: 'any', key: 'old', operator: 'DoesNotExist', values: [] },
  ]);
  t.equal(asked.text, '!any:old, any:app, k8s:tier notin (a,b)');
});
