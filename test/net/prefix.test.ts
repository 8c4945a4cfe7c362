// Prefixes: as texts, as values, and what they contain.

import fc from 'fast-check';
import t from 'tap';
import { comparePrefixes, containsPrefix, makePrefix, type Prefix, parsePrefix, widenPrefix } from '../../orchestrator/net/prefix.ts';

const ipv4 = fc
  .tuple(fc.bigInt(0n, 2n ** 32n - 1n), fc.integer({ min: 0, max: 32 }))
  .map(([value, length]) => makePrefix(4, value, length));
const ipv6 = fc
  .tuple(fc.bigInt(0n, 2n ** 128n - 1n), fc.integer({ min: 0, max: 128 }))
  .map(([value, length]) => makePrefix(6, value, length));
const prefixes = fc.oneof(ipv4, ipv6);
/** Close together, so that containment is frequent. */
const near = fc
  .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 26, max: 32 }))
  .map(([low, length]) => makePrefix(4, BigInt(low), length));

t.test('a text is read as users write it', async (t) => {
  const rows: [given: string, canonical: string][] = [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/31', '255.255.255.254/31'],
    ['2001:DB8:0:0::1/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['fe80::1/127', 'fe80::/127'],
  ];
  for (const [given, canonical] of rows) t.equal(parsePrefix(given).text, canonical, given);
});

t.test('what is no prefix is refused with its text', async (t) => {
  for (const text of [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/08',
    '::/129',
    ':::/0',
    'x',
    '10.0.0.0/-1',
    '10.0.0.0/1e1',
  ]) {
    t.throws(() => parsePrefix(text), { name: 'TypeError' }, text);
  }
});

t.test('every prefix comes back from its text', async () => {
  fc.assert(fc.property(prefixes, (prefix) => JSON.stringify(parsePrefix(prefix.text), text) === JSON.stringify(prefix, text)));
  function text(_: string, value: unknown): unknown {
    return typeof value === 'bigint' ? `${value}` : value;
  }
});

t.test('a prefix contains what has its leading bits', async (t) => {
  const rows: [outer: string, inner: string, contains: boolean][] = [
    ['10.0.0.0/8', '10.1.2.3/32', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.1.0.0/16', '10.2.0.0/24', false],
    ['0.0.0.0/0', '203.0.113.7/32', true],
    ['0.0.0.0/0', '2001:db8::/32', false],
    ['::/0', '10.0.0.0/8', false],
    ['::/0', 'fd00::1/128', true],
    ['2001:db8::/33', '2001:db8:8000::/33', false],
  ];
  for (const [outer, inner, contains] of rows)
    t.equal(containsPrefix(parsePrefix(outer), parsePrefix(inner)), contains, `${outer} ${inner}`);
});

t.test('of prefixes that contain each other one is the other; containment passes on', async () => {
  fc.assert(fc.property(near, near, (a, b) => !(containsPrefix(a, b) && containsPrefix(b, a)) || a.text === b.text));
  fc.assert(fc.property(near, near, near, (a, b, c) => !(containsPrefix(a, b) && containsPrefix(b, c)) || containsPrefix(a, c)));
});

t.test('a wider prefix contains the one that it was made of', async (t) => {
  fc.assert(
    fc.property(prefixes, fc.nat(), (prefix, length) => {
      const wider = widenPrefix(prefix, length % (prefix.length + 1));
      return wider.length === length % (prefix.length + 1) && containsPrefix(wider, prefix);
    }),
  );
  t.throws(() => widenPrefix(parsePrefix('10.0.0.0/8'), 9), new RangeError('prefix: 10.0.0.0/8: no wider prefix has the length 9'));
});

t.test('in order, a prefix stands before what it contains and nothing foreign stands between', async () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(near, ipv6)), (given) => {
      const sorted = [...given].sort(comparePrefixes);
      return sorted.every((outer, at) => {
        const inside = (other: Prefix): boolean => containsPrefix(outer, other);
        const end = sorted.findIndex((other, index) => index > at && !inside(other));
        const rest = end < 0 ? [] : sorted.slice(end);
        return !rest.some(inside) && sorted.slice(0, at).every((other) => !inside(other) || other.text === outer.text);
      });
    }),
  );
});
