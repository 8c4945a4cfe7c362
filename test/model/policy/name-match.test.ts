// matchName and matchPattern: the given set, what each form means, and that hostile ones cost nothing.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { matchesName, readName, type WrittenName } from '../../../orchestrator/model/policy/name-match.ts';
import { processorMs } from '../../support/processor-time.ts';

interface GivenCase extends WrittenName {
  readonly id: string;
  readonly name: string;
  readonly match: boolean | null;
}

function match(written: WrittenName, name: string): boolean | null {
  const read = readName(written);
  return 'class' in read ? null : matchesName(read, name);
}

t.test('every case of the given set matches as Cilium does', async (t) => {
  const file = new URL('../../policy/cases/E-matchpattern.jsonl.gz', import.meta.url);
  const cases = gunzipSync(readFileSync(file))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as GivenCase);
  t.equal(cases.length, 1401);
  const differences = cases.filter((given) => match(given, given.name) !== given.match).map(({ id }) => id);
  t.same(differences, []);
});

const meanings: readonly [sentence: string, pattern: string, matches: readonly string[], others: readonly string[]][] = [
  [
    'a pattern without stars is a name',
    'cilium.io',
    ['cilium.io', 'cilium.io.', 'CILIUM.IO'],
    ['a.cilium.io', 'ciliumxio', 'cilium.i', ''],
  ],
  ['* is any part of one label', '*.cilium.io', ['www.cilium.io', 'a-b_c.cilium.io'], ['cilium.io', 'a.b.cilium.io']],
  ['* may be nothing, but not the label with its dot', '*cilium.io', ['cilium.io', 'mycilium.io'], ['www.cilium.io']],
  ['a label of nothing is matched by *', '*.io', ['.io', 'a.io'], ['io', 'a.b.io']],
  ['**. is one label or more', '**.cilium.io', ['a.cilium.io', 'a.b.c.cilium.io'], ['cilium.io', '.cilium.io', 'a..cilium.io']],
  ['more stars before the first dot are as two', '****.cilium.io', ['a.b.cilium.io'], ['cilium.io']],
  ['** elsewhere is *', 'a.**.io', ['a.b.io'], ['a.b.c.io']],
  ['** before a label is *', '**cilium.io', ['mycilium.io'], ['a.cilium.io']],
  ['stars alone are every name, and the root', '*', ['a', 'a.b.c', '.', ''], ['a..b', 'a b', '.a', 'ü.io']],
  ['stars and a dot are so, too', '**.', ['a', 'a.b.c', '.'], ['a..b']],
  [
    'parts between stars come in their order and do not overlap',
    'a*bb*c.io',
    ['abbc.io', 'axbbybbzc.io'],
    ['abc.io', 'abxbc.io', 'abb.io'],
  ],
  ['characters that no name has are matched by nothing', '*.io', [], ['a b.io', 'bücher.io', 'a/b.io', 'a\n.io']],
  ['only ASCII letters have two cases', 'k.io', ['K.io'], ['\u212a.io']],
];
for (const [sentence, matchPattern, yes, no] of meanings) {
  t.test(sentence, async (t) => {
    for (const name of yes) t.equal(match({ matchPattern }, name), true, `${matchPattern} ~ "${name}"`);
    for (const name of no) t.equal(match({ matchPattern }, name), false, `${matchPattern} !~ "${name}"`);
  });
}

const refusals: readonly [sentence: string, written: WrittenName, kind: string][] = [
  ['a star belongs into a pattern', { matchName: '*.io' }, 'fqdn-name'],
  ['a name has no spaces', { matchName: 'a b' }, 'fqdn-name'],
  ['a pattern is no regular expression', { matchPattern: '(a+)+.io' }, 'fqdn-pattern'],
  ['a pattern has at most 255 characters', { matchPattern: 'x'.repeat(256) }, 'fqdn-pattern'],
  ['name and pattern exclude each other', { matchName: 'a.io', matchPattern: '*.io' }, 'fqdn-both'],
];
for (const [sentence, written, kind] of refusals) {
  t.test(sentence, async (t) => t.match(readName(written), { class: kind, message: /\w/ }));
}

t.test('patterns that match the same have one text', async (t) => {
  const text = (matchPattern: string): unknown => (readName({ matchPattern }) as { text?: string }).text;
  for (const same of [
    ['*', '**', '***.', '*.'],
    ['*.Example.com', '*.example.com.'],
    ['***.a.io', '**.a.io'],
    ['a**b', 'a*b.'],
  ]) {
    t.equal(new Set(same.map(text)).size, 1, same.join(' = '));
  }
  t.equal(text('*.a'), 'pattern:*.a');
  t.not(text('*..'), text('*.'));
});

/** The same by the words of the documentation, one character after the other; exponential, so only for short ones. */
function naive(pattern: string, name: string): boolean {
  if (/^\*+\.?$/.test(pattern)) return name === '.' || (/^[-a-z_.]+\.$/.test(name) && !name.startsWith('.') && !name.includes('..'));
  const deep = /^\*\*+\./.exec(pattern);
  if (deep) {
    const rest = pattern.slice(deep[0].length);
    return [...name].some(
      (character, at) => character === '.' && /^[-a-z_]+(\.[-a-z_]+)*$/.test(name.slice(0, at)) && plain(rest, name.slice(at + 1)),
    );
  }
  return plain(pattern, name);
}

function plain(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern.startsWith('*')) return plain(pattern.slice(1), name) || (/^[-a-z_]/.test(name) && plain(pattern, name.slice(1)));
  return name.startsWith(pattern[0] ?? '') && plain(pattern.slice(1), name.slice(1));
}

t.test('any pattern matches any name as the documentation says', async () => {
  const dotted = (text: string): string => (text.endsWith('.') ? text : `${text}.`);
  const texts = (letters: string, most: number) => fc.string({ unit: fc.constantFrom(...letters), maxLength: most });
  fc.assert(
    fc.property(texts('aab.*-', 9), texts('aab..-!', 9), (matchPattern, name) => {
      const expected = naive(/^\*+\.?$/.test(matchPattern) ? matchPattern : dotted(matchPattern), dotted(name));
      return match({ matchPattern }, name) === expected;
    }),
    { numRuns: 5000 },
  );
});

t.test('hostile patterns and names take no time', async (t) => {
  const patterns = ['*a'.repeat(127), `${'*a'.repeat(120)}*b`, `**.${'*.'.repeat(120)}a`, '*-'.repeat(127), `**.${'a*'.repeat(120)}`];
  const names = ['a'.repeat(200_000), 'a.'.repeat(100_000), `${'a'.repeat(100_000)}!`, '-a'.repeat(100_000)];
  const start = process.cpuUsage();
  for (const matchPattern of patterns) for (const name of names) t.type(match({ matchPattern }, name), 'boolean');
  t.ok(processorMs(start) < 1000, `${processorMs(start)} ms for 20 matches of names of 200,000 characters`);
});
