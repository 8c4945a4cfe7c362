// Our reader of YAML against a general library: what both read is the same, and ours refuses only what it says it does.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Scalar, stringify, type ToStringOptions } from 'yaml';
import { plainValue } from '../../orchestrator/manifests/plain-scalar.ts';
import { Reading, unreadable } from '../../orchestrator/manifests/reading.ts';
import { treeValue } from '../../orchestrator/manifests/tree.ts';
import { readYaml } from '../../orchestrator/manifests/yaml.ts';

t.setTimeout(600_000);

type Outcome = { value: unknown } | { refused: string };

function ours(text: string): Outcome {
  const reading = new Reading();
  try {
    const tree = readYaml(text, 0, text.length, reading);
    if (!reading.failed) return { value: tree === undefined ? null : treeValue(tree) };
  } catch (error) {
    if (error !== unreadable) throw error;
  }
  return { refused: reading.problems.find(({ severity }) => severity === 'error')?.message ?? '' };
}

/** The library reads structure; words are given the values that kubectl gives, and what we refuse on purpose is refused. */
function theirs(text: string): Outcome {
  const document = parseDocument(text, { schema: 'failsafe', version: '1.2', prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0) return { refused: document.errors[0].message };
  try {
    return { value: nodeValue(document.contents, new Map()) };
  } catch (error) {
    if (error instanceof SyntaxError) return { refused: error.message };
    throw error;
  }
}

function nodeValue(node: unknown, anchors: Map<string, unknown>): unknown {
  if (node === null) return null;
  if (isAlias(node)) {
    if (!anchors.has(node.source)) throw new SyntaxError('alias');
    return anchors.get(node.source);
  }
  let value: unknown;
  if (isMap(node)) {
    value = {};
    for (const { key, value: field } of node.items) {
      const name = fieldName(key);
      Object.defineProperty(value, name, { value: nodeValue(field, anchors), enumerable: true });
    }
  } else if (isSeq(node)) value = node.items.map((item) => nodeValue(item, anchors));
  else if (isScalar(node)) value = scalarValue(node);
  else throw new SyntaxError('node');
  const { tag, anchor } = node;
  if (tag !== undefined && !/:(str|map|seq)$/.test(tag)) throw new SyntaxError('tag');
  if (anchor !== undefined) anchors.set(anchor, value);
  return value;
}

function scalarValue({ value, type }: Scalar): unknown {
  return type === 'PLAIN' ? plainValue(String(value ?? '')) : String(value);
}

function fieldName(key: unknown): string {
  if (!isScalar(key) || key.anchor !== undefined) throw new SyntaxError('key');
  const value = scalarValue(key);
  if (value === null || typeof value === 'boolean' || (key.value === '<<' && key.type === 'PLAIN')) throw new SyntaxError('key');
  return String(key.value);
}

const words = [
  'a',
  'web: x',
  'yes',
  '80',
  '',
  ' lead',
  'trail ',
  'a # b',
  'a #b',
  '- z',
  'two\nlines',
  'two\n\nparts\n',
  '\n',
  'tab\there',
  'ünï',
];
words.push(
  '"q"',
  "it's",
  '\\n',
  '#c',
  '*a',
  '&b',
  '!t',
  '|',
  '>',
  '%x',
  '@y',
  '`z',
  'null',
  '~',
  '0120',
  '1e3',
  '[x]',
  '{y}',
  'a,b',
  'k?',
  '?q',
);
words.push(
  '-',
  '--',
  '---x',
  ':',
  '::',
  'a:b',
  'http://x.y/z',
  'long '.repeat(30),
  'x'.repeat(90),
  'end\n\n\n',
  '  deep\n  block\n',
  'a\n  b\n c\n',
  'a\n\ttab\nb',
);
const names = ['a', 'b', 'spec', 'k8s:io.x', 'x y', 'q"q', '1', '#h', ' s ', 'a: b', '-', '?', 'null'];
const leaf = fc.oneof(fc.constantFrom<unknown>(...words), fc.constantFrom<unknown>(1, 2.5, true, false, null, -3));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }),
  ),
}));
const style = fc.record({
  indent: fc.constantFrom(1, 2, 4),
  indentSeq: fc.boolean(),
  lineWidth: fc.constantFrom(0, 20, 80),
  minContentWidth: fc.constantFrom(0, 20),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'),
  defaultKeyType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
  collectionStyle: fc.constantFrom('any', 'flow', 'block'),
  blockQuote: fc.constantFrom(true, false, 'literal', 'folded'),
  singleQuote: fc.constantFrom(true, false, null),
} as const);
const text = fc.tuple(value, style).map(([value, style]) => stringify(value, { ...style, schema: 'core' } as ToStringOptions));
/** The same texts every time, unless asked for others. */
const runs = Number(process.env.YAML_RUNS ?? 3000);
const seed = Number(process.env.YAML_SEED ?? 20_000);

t.test('what the library writes, whatever its style, is read as it reads it', async (t) => {
  let read = 0;
  fc.assert(
    fc.property(text, (text) => {
      const [one, other] = [ours(text), theirs(text)];
      read += 'value' in one ? 1 : 0;
      return 'value' in other ? 'value' in one && isDeepStrictEqual(one.value, other.value) : 'refused' in one;
    }),
    { numRuns: runs, seed },
  );
  t.ok(read > runs / 2, `${read} of ${runs} texts were read by both`);
});

const splinters = ' |\n|  |- |: |,|#| #|"|\'|[|]|{|}|&a |*a|\t|a|0|%|\\|\r\n|-|:|?|!|>|k: |\n- |\n  b: 1\n'
  .split('|')
  .concat('|', '|-\n', '>+\n', '|2\n');
const change = fc.tuple(fc.nat(), fc.constantFrom(...splinters), fc.nat(3));
const broken = fc
  .tuple(text, fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([text, changes]) =>
    changes.reduce(
      (text, [at, splinter, length]) =>
        `${text.slice(0, at % (text.length + 1))}${splinter}${text.slice((at % (text.length + 1)) + length)}`,
      text,
    ),
  );

/** What the library refuses and we do not: it wants quoted and block texts to be indented like each other, and knows tabs nowhere. */
const lenient = /Missing closing|^Comments must be separated|Tabs are not allowed|^Block scalar|sufficiently indented|should be indented/;
/** What we refuse by design, names of several lines among it. */
const strict = /must be a word|":" is expected|the tag|a tab cannot indent|the name of an anchor|is longer than|is not understood/;

/** Texts of which the library makes something of its own. */
const quirks = [
  // Markers and directives: whole streams are split before they are read.
  /^(---|\.\.\.|%)/m,
  // A carriage return without a newline is a character to it.
  /\r(?!\n)/,
  // An escaped quote at the end of a line closes a text for it, if the next line is indented less.
  /(''|\\"|^[^'"]*["'])\s*$/m,
  // A comment at the start of a line before an indented value makes it lose count of the indentation.
  /^#.*\n +/m,
  // A name may end lines before its colon.
  /^ *:/m,
  // Of lines that are blank but longer than a given indentation it drops the rest.
  /[|>][-+]?[1-9][\s\S]*^ +$/m,
  // Lines of tabs, and a last line of blanks that does not end, are text to it.
  /^ *\t[ \t]*$/m,
  /\n +$/,
];

t.test('broken texts are refused or read, but never as something else than the library reads', async (t) => {
  const counts = { both: 0, neither: 0 };
  fc.assert(
    fc.property(broken, (text) => {
      fc.pre(!quirks.some((quirk) => quirk.test(text)));
      const [one, other] = [ours(text), theirs(text)];
      if ('value' in one && 'value' in other) {
        counts.both++;
        return isDeepStrictEqual(one.value, other.value);
      }
      if ('refused' in one && 'refused' in other) counts.neither++;
      else if ('refused' in one) return strict.test(one.refused);
      else if ('refused' in other) return lenient.test(other.refused);
      return true;
    }),
    { numRuns: runs, seed },
  );
  t.ok(counts.both > runs / 10 && counts.neither > runs / 10, JSON.stringify(counts));
});
