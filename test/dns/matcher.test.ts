// The matcher: the same answers as rules read one by one, whatever was asked before.

import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { NameIndex } from '../../orchestrator/dns/matcher/name-index.ts';
import { RecentNames } from '../../orchestrator/dns/matcher/recent-names.ts';
import { SetMatcher } from '../../orchestrator/dns/matcher/set-matcher.ts';
import type { DnsAllowed, DnsGranted } from '../../orchestrator/dns/rules.ts';
import { matchesName, readName } from '../../orchestrator/model/policy/name-match.ts';
import type { NameSelector } from '../../orchestrator/model/policy/rule.ts';

function pattern(matchPattern: string): NameSelector {
  const selector = readName({ matchPattern });
  if ('class' in selector) throw new Error(selector.message);
  return selector;
}

function exact(matchName: string): NameSelector {
  const selector = readName({ matchName });
  if ('class' in selector) throw new Error(selector.message);
  return selector;
}

function row(fields: Partial<DnsAllowed>): DnsAllowed {
  return { identity: 0, protocol: 17, port: 53, portBits: 16, names: 'every', rule: 'a rule', ...fields };
}

const piece = fc.constantFrom('a', 'b', 'www', 'example', 'com', '*', 'w*', '*-x', '**', 'x-x');
const someSelector = fc.oneof(
  fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pattern(pieces.join('.'))),
  fc.array(fc.constantFrom('a', 'b', 'www', 'example', 'com'), { minLength: 1, maxLength: 3 }).map((pieces) => exact(pieces.join('.'))),
  fc.constantFrom(pattern('*'), pattern('*.'), pattern('**.com'), pattern('.'), exact('.'), pattern('*.example.com.'), pattern('')),
);
const someAsked = fc.oneof(
  fc
    .array(fc.constantFrom('a', 'b', 'www', 'example', 'com', 'w', 'x-x', 'a\\.b', '\\233', 'com\\.example'), {
      minLength: 1,
      maxLength: 5,
    })
    .map((labels) => `${labels.join('.')}.`),
  fc.constant('.'),
);

t.test('an index finds what a look at every selector finds, in the order of the rules', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(someSelector, { maxLength: 3 }), { maxLength: 6 }),
      fc.array(someAsked, { maxLength: 6 }),
      (rows, names) => {
        const index = new NameIndex<number>();
        for (const [value, selectors] of rows.entries()) index.add(selectors, value);
        for (const name of names) {
          const wanted = [...rows.keys()].filter((value) => rows[value].some((selector) => matchesName(selector, name)));
          deepEqual(index.all(name), wanted);
          equal(index.first(name), wanted[0]);
        }
      },
    ),
    { numRuns: 500 },
  );
});

const someRow = fc
  .record({
    identity: fc.constantFrom(0, 7, 9),
    protocol: fc.constantFrom(6, 17),
    port: fc.constantFrom(53, 52, 0, 5353),
    portBits: fc.constantFrom(16, 15, 0),
    names: fc.oneof(fc.constant('every' as const), fc.array(someSelector, { maxLength: 3 })),
  })
  .map((fields) => row({ ...fields, port: fields.port & (0xffff << (16 - fields.portBits)) & 0xffff }));

t.test('the first row of the server and its port that matches decides, however often and in whatever order it is asked', async () => {
  const asked = fc.record({
    identity: fc.constantFrom(7, 9, 11),
    protocol: fc.constantFrom(6, 17),
    port: fc.constantFrom(53, 52, 54, 5353),
    name: someAsked,
  });
  fc.assert(
    fc.property(fc.array(someRow, { maxLength: 6 }), fc.array(asked, { maxLength: 30 }), (rows, questions) => {
      const allowed = rows.map((fields, index) => ({ ...fields, rule: `${index}` }));
      const matcher = new SetMatcher({ set: 1, allowed, granted: [] }, { names: 3 });
      for (const { identity, protocol, port, name } of questions) {
        const wanted = allowed.find(
          (one) =>
            (one.identity === 0 || one.identity === identity) &&
            one.protocol === protocol &&
            Math.floor(one.port / 2 ** (16 - one.portBits)) === Math.floor(port / 2 ** (16 - one.portBits)) &&
            (one.names === 'every' || one.names.some((selector) => matchesName(selector, name))),
        );
        equal(matcher.allowed(identity, protocol, port, name), wanted);
      }
    }),
    { numRuns: 500 },
  );
});

t.test('a rule for one server, port or protocol says nothing of another', async (t) => {
  const names = [pattern('*.example.com')];
  const matcher = new SetMatcher({ set: 1, allowed: [row({ identity: 7, names })], granted: [] });
  t.equal(matcher.allowed(7, 17, 53, 'a.example.com.')?.rule, 'a rule');
  t.equal(matcher.allowed(8, 17, 53, 'a.example.com.'), undefined);
  t.equal(matcher.allowed(7, 6, 53, 'a.example.com.'), undefined);
  t.equal(matcher.allowed(7, 17, 5353, 'a.example.com.'), undefined);
  t.equal(matcher.allowed(7, 17, 53, 'a.b.example.com.'), undefined);
  t.equal(matcher.allowed(7, 17, 53, 'a\\.b.example.com.'), undefined, 'a dot within a label is no dot');
});

t.test('a name is granted under every selector that matches it; aliases only where the rule says so', async (t) => {
  const granted: DnsGranted[] = [
    { name: pattern('*.example.com'), identity: 101, minTtl: 0, grace: 0, each: false },
    { name: exact('www.example.com'), identity: 102, minTtl: 30, grace: 5, each: false },
    { name: pattern('*.cdn.net'), identity: 103, minTtl: 0, grace: 0, each: true },
  ];
  const matcher = new SetMatcher({ set: 1, allowed: [], granted });
  const own = [
    { identity: 101, minTtl: 0, grace: 0, depth: 0 },
    { identity: 102, minTtl: 30, grace: 5, depth: 0 },
  ];
  t.same(matcher.granted('www.example.com.'), own);
  t.equal(matcher.granted('www.example.com.'), matcher.granted('www.example.com.'), 'remembered');
  t.same(matcher.granted('example.org.'), []);
  t.same(matcher.grantedChain('www.example.com.', ['x.example.com.', 'y.cdn.net.']), [
    ...own,
    { identity: 103, minTtl: 0, grace: 0, depth: 2 },
  ]);
  t.same(matcher.grantedChain('other.org.', ['y.example.com.']), [], 'an alias is no name that was asked for');
  t.ok(matcher.looksAtAliases);
  t.notOk(new SetMatcher({ set: 1, allowed: [], granted: granted.slice(0, 2) }).looksAtAliases);
});

t.test('however many names are asked for, few are remembered, and those in use stay', async (t) => {
  const recent = new RecentNames<{ readonly of: string }>(10);
  recent.set('kept.', { of: 'kept.' });
  for (let index = 0; index < 1000; index += 1) {
    recent.set(`${index}.`, { of: `${index}.` });
    ok(recent.size <= 20);
    equal(recent.get('kept.')?.of, 'kept.');
  }
  t.equal(recent.get('5.'), undefined);
});

t.test('thousands of servers and names do not change what is answered', async () => {
  const matcher = new SetMatcher(
    { set: 1, allowed: [row({ names: [pattern('*.example.com')], portBits: 0, port: 0 })], granted: [] },
    { names: 100 },
  );
  for (let index = 0; index < 20_000; index += 1) {
    equal(matcher.allowed(index % 9000, 17, index & 0xffff, `n${index % 500}.example.com.`)?.rule, 'a rule');
    equal(matcher.allowed(index % 9000, 17, index & 0xffff, `n${index % 500}.example.org.`), undefined);
  }
});
