// The schema language by itself: limits before patterns, formats, suggestions, and nothing that a value can do to it.

import fc from 'fast-check';
import t from 'tap';
import { isCidr } from '../../../orchestrator/model/schema/cidr-format.ts';
import { ciliumNetworkPolicy } from '../../../orchestrator/model/schema/cilium-policy.ts';
import { namePattern, portRule, wildcardPattern } from '../../../orchestrator/model/schema/cilium-ports.ts';
import { networkPolicy } from '../../../orchestrator/model/schema/network-policy.ts';
import { nearest } from '../../../orchestrator/model/schema/suggestion.ts';
import { validate } from '../../../orchestrator/model/schema/validate.ts';
import { processorMs } from '../../support/processor-time.ts';

const cidrs: [text: string, is: boolean][] = [
  ['10.0.0.0/8', true],
  ['10.0.0.0/08', true],
  ['010.0.0.0/8', true],
  ['0.0.0.0/0', true],
  ['10.0.0.0/33', false],
  ['10.0.0/8', false],
  ['10.0.0.256/8', false],
  ['10.0.0.0', false],
  ['10.0.0.0/', false],
  ['10.0.0.0/+8', false],
  [' 10.0.0.0/8', false],
  ['::/0', true],
  ['2001:db8::/32', true],
  ['1:2:3:4:5:6:7:8/128', true],
  ['1:2:3:4:5:6:7::/128', true],
  ['1:2:3:4:5:6:7:8::/128', false],
  ['1:2:3:4:5:6:7/64', false],
  ['1::2::3/64', false],
  [':::/64', false],
  ['::ffff:10.0.0.0/104', true],
  ['::10.0.0.0:1/104', false],
  ['::/129', false],
  ['12345::/16', false],
  ['fe80::1%eth0/64', false],
  ['g::/16', false],
  ['', false],
  ['/', false],
];
for (const [text, is] of cidrs) {
  t.test(`${JSON.stringify(text)} is ${is ? 'a' : 'no'} CIDR to an API server`, async (t) => {
    t.equal(isCidr(text), is);
  });
}

t.test('names that are linear to match are those of the published expressions', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '_', '.', '*', ' '), maxLength: 12 });
  fc.assert(
    fc.property(
      text,
      (text) =>
        namePattern.test(text) === /^([-a-zA-Z0-9_]+[.]?)+$/.test(text) &&
        wildcardPattern.test(text) === /^([-a-zA-Z0-9_*]+[.]?)+$/.test(text),
    ),
    { numRuns: 5000 },
  );
});

t.test('ports are those of the published expression', async () => {
  const published =
    /^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$/;
  const text = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '9', '-', '.', '/', 'é'), maxLength: 9 });
  fc.assert(
    fc.property(text, (port) => (validate({ ports: [{ port }] }, portRule).length === 0) === published.test(port)),
    { numRuns: 5000 },
  );
});

t.test('the nearest name is found, and none where none is near', async (t) => {
  const known = ['endpointSelector', 'ingress', 'egress', 'toPorts', 'toCIDR', 'fromCIDR'];
  t.equal(nearest('endpointselector', known), 'endpointSelector');
  t.equal(nearest('toPort', known), 'toPorts');
  t.equal(nearest('ingres', known), 'ingress');
  t.equal(nearest('toCidr', known), 'toCIDR');
  t.equal(nearest('fromPorts', known), 'toPorts');
  t.equal(nearest('description', known), undefined);
  t.equal(nearest('x', known), undefined);
  t.equal(nearest('e'.repeat(1_000_000), known), undefined);
});

t.test('nothing that a value can be makes validation throw', async () => {
  const value = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withTypedArray: true,
    maxDepth: 4,
  });
  const paths = ['metadata', 'spec', 'specs', 'status', '__proto__', 'constructor'];
  fc.assert(
    fc.property(value, fc.constantFrom(...paths), (value, path) => {
      for (const schema of [ciliumNetworkPolicy, networkPolicy]) {
        const problems = validate({ metadata: {}, [path]: value }, schema);
        if (problems.length > 101 || problems.some(({ message }) => message === '')) return false;
      }
      return true;
    }),
    { numRuns: 1000 },
  );
});

t.test('values that hold themselves, and texts made to hurt, cost no time', async (t) => {
  const circle: Record<string, unknown> = {};
  circle.spec = circle;
  const spec = {
    endpointSelector: { matchLabels: { a: 'a'.repeat(1e6) } },
    egress: [
      { toFQDNs: [{ matchName: `${'a'.repeat(200)}!` }, { matchPattern: `${'*a'.repeat(100)}!` }] },
      { toPorts: [{ ports: [{ port: `${'-a-'.repeat(3e5)}!` }, { port: `${'0'.repeat(1e6)}` }] }] },
      { toCIDR: ['1'.repeat(1e6), `${':'.repeat(1e6)}/1`], unknown: circle },
      { toCIDRSet: [{ cidrGroupRef: `${'a-'.repeat(126)}!` }] },
    ],
  };
  const start = process.cpuUsage();
  t.not(validate(circle, ciliumNetworkPolicy).length, 0);
  t.ok(validate({ metadata: {}, spec }, ciliumNetworkPolicy).length >= 8);
  t.ok(processorMs(start) < 1000, `${processorMs(start)} ms`);
});
