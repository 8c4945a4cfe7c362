// Limits: what is too large, too deep or multiplies itself ends with a message, soon and in little memory.

import t from 'tap';
import { problemText } from '../../orchestrator/manifests/problem-text.ts';
import { readManifests } from '../../orchestrator/manifests/read.ts';

t.setTimeout(600_000);

const million = 1_000_000;
/** Of YAML, just below its limit. */
const much = 4 * million;
const laughs = Array.from(
  { length: 30 },
  (_, index) =>
    `a${index}: &a${index} [${Array(10)
      .fill(index === 0 ? 'x' : `*a${index - 1}`)
      .join()}]`,
);
const chain = Array.from(
  { length: 5 },
  (_, index) => `a${index}: &a${index} ${'['.repeat(60)}${index === 0 ? '' : `*a${index - 1}`}${']'.repeat(60)}`,
);

const texts: [what: string, text: string, message: RegExp][] = [
  ['a text above the limit', 'a'.repeat(17 * million), /^f:1:1: the text has 17000000 characters: at most 16777216 are read$/],
  [
    'ten million characters of YAML',
    `a: ${'['.repeat(10 * million)}`,
    /^f:1:1: the document has 10000003 characters of YAML, at most 4194304 are read: objects of Kubernetes have at most 1\.5 MB: split/,
  ],
  ['millions of brackets', `a: ${'['.repeat(much)}`, /^f:1:10\d: maps and lists are more than 100 deep$/],
  ['millions of brackets in JSON', `{"a": ${'['.repeat(10 * million)}`, /^f:1:10\d: a(\[0\])+: maps and lists are more than 100 deep$/],
  ['millions of dashes', '- '.repeat(much / 2), /^f:1:\d+: maps and lists are more than 100 deep$/],
  ['millions of braces', '{a: '.repeat(much / 4), /^f:1:\d+: maps and lists are more than 100 deep$/],
  ['a thousand indentations', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /^f:10\d:10\d: maps/],
  [
    'millions of values',
    `a: [${'1,'.repeat(much / 2 - 10)}]`,
    /^f:1:6\d{5}: the document has more than 1000000 words and marks of YAML: objects of Kubernetes have at most 1\.5 MB: split it into documents, or give it as JSON$/,
  ],
  ['millions of values in JSON', `{"a": [${'1,'.repeat(5 * million)}1]}`, /^f:1:\d+: the document holds more than 2000000 values$/],
  ['mentions of mentions', laughs.join('\n'), /^f:7:\d+: .*the document holds more than 2000000 values$/],
  ['mentions within mentions', chain.join('\n'), /^f:2:\d+: a1(\[0\])+: maps and lists are more than 100 deep$/],
  ['a quote over millions of lines', `a: "${' x\n'.repeat(much / 3 - 10)}`, /^f:1:4: a: a quote that is never closed$/],
  ['a name of millions of characters', `${'k'.repeat(much)}: 1`, /^f:1:1: the name of a field is longer than 1024 characters$/],
  ['backslashes without end', `{"a": "${'\\'.repeat(10 * million)}`, /^f:1:7: a: a string without its closing quote$/],
  ['a hundred thousand fields of one name', 'a: 1\n'.repeat(100_000), /^f:2:1: a: the field "a" is there twice: first at 1:1$/],
  [
    'bytes of no text',
    Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) & 255)).toString('utf8'),
    /^f:1:1: not a text: it holds/,
  ],
];
for (const [what, text, message] of texts) {
  t.test(`${what}: one message, soon`, async (t) => {
    const before = process.cpuUsage();
    const [first, ...more] = readManifests(text, { file: 'f' });
    const { user, system } = process.cpuUsage(before);
    t.equal(first.object, undefined);
    t.match(problemText(first.problems[0]), message);
    t.ok(first.problems.length <= 10);
    t.same(more, []);
    t.ok(user + system < 10_000_000, `${Math.round((user + system) / 1000)} ms of the processor`);
  });
}

t.test('more documents than anybody has are not read', async (t) => {
  const documents = readManifests('---\na: 1\n'.repeat(100_010), { file: 'f' });
  t.equal(documents.length, 100_001);
  t.equal(problemText(documents[100_000].problems[0]), 'f:200001:4: at most 100000 documents are read');
});
