// YAML by tables: what texts mean to kubectl, where their fields stand, and what is refused.

import t from 'tap';
import { problemText } from '../../orchestrator/manifests/problem-text.ts';
import { readManifests } from '../../orchestrator/manifests/read.ts';

const read = (text: string) => readManifests(text, { file: 'f' });
/** Objects of documents that can be read, what is told of the others. */
const outcome = (text: string) => read(text).map(({ object, problems }) => (object === undefined ? problems.map(problemText) : object));

type Row = readonly [text: string, ...documents: unknown[]];
const tables: Readonly<Record<string, readonly Row[]>> = {
  'unquoted words have the types of YAML 1.1, as Go reads it': [
    ['[y, Y, yes, Yes, YES, on, On, ON, true, True, TRUE]', Array(11).fill(true)],
    ['[n, N, no, No, NO, off, Off, OFF, false, False, FALSE]', Array(11).fill(false)],
    ['[yEs, oN, tRUE, nULL, yes no]', ['yEs', 'oN', 'tRUE', 'nULL', 'yes no']],
    ['[null, Null, NULL, ~, ]', [null, null, null, null]],
    ['a:\nb: # nothing\nc: ""\nd: [{e: }]', { a: null, b: null, c: '', d: [{ e: null }] }],
    ['[0, -0, +1, -12, 1_000, 0x1F, -0x10, 0b101, 0o17, 0120, -010]', [0, 0, 1, -12, 1000, 31, -16, 5, 15, 80, -8]],
    ['[08, 0x, 0b2, 0o8, 1__0, _1, "0120", \'7\']', [8, '0x', '0b2', '0o8', 10, '_1', '0120', '7']],
    ['[1.5, .5, 5., 1e3, 1E-3, -1.5e+2, 1_0.5]', [1.5, 0.5, 5, 1000, 0.001, -150, 10.5]],
    [
      '[1.2.3, 10.0.0.0/8, 12:30, 2020-01-01, 1.5.x, e3, ., +, -x]',
      ['1.2.3', '10.0.0.0/8', '12:30', '2020-01-01', '1.5.x', 'e3', '.', '+', '-x'],
    ],
    ['a: http://x.y:80/z\nb: a:b\nc: ::1\nd: a#b\ne: x # y', { a: 'http://x.y:80/z', b: 'a:b', c: '::1', d: 'a#b', e: 'x' }],
  ],
  'names are texts': [
    ['1: a\n-2: b\n1.5: c\nx y: d\n"yes": e\n\'null\': f', { 1: 'a', '-2': 'b', 1.5: 'c', 'x y': 'd', yes: 'e', null: 'f' }],
    ['? a\n: 1\n? b\n', { a: 1, b: null }],
    ['{a, b: 1, "c":2, d:}', { a: null, b: 1, c: 2, d: null }],
    ['yes: 1', ['f:1:1: as the name of a field, yes is true: write "yes"']],
    ['true: 1', ['f:1:1: the name of a field is a text, true is none: write "true"']],
    ['a: {~: 1}', ['f:1:5: a: as the name of a field, ~ is null: write "~"']],
    ['0120: 1', ['f:1:1: as the name of a field, 0120 is 80: write "0120"']],
    ['[a]: 1', ['f:1:1: the name of a field must be a word, and no map, list, anchor or alias']],
    ['? {a: 1}\n: 2', ['f:1:3: the name of a field must be a word, and no map, list, anchor or alias']],
    ['a: &x b\n*x : 1', ['f:2:1: the name of a field must be a word, and no map, list, anchor or alias']],
    ['&x a: 1', ['f:1:4: the name of a field must be a word, and no map, list, anchor or alias']],
  ],
  'block texts keep or fold their lines': [
    ['|\n a\n  b\n\n c\n', 'a\n b\n\nc\n'],
    ['>\n a\n b\n\n c\n   d\n e\n', 'a b\nc\n  d\ne\n'],
    ['a: |-\n  x\nb: |+\n  y\n\nc: |2\n   z\nd: >-\n  v\n  w\n', { a: 'x', b: 'y\n\n', c: ' z\n', d: 'v w' }],
    ['a: | # why\n  # no comment\n  b: c\n# one\nd: 1', { a: '# no comment\nb: c\n', d: 1 }],
    ['- |\n x\n- >\n  y\n', ['x\n', 'y\n']],
    ['a: |\nb: 1', { a: '', b: 1 }],
  ],
  'quoted and plain texts go on in further lines': [
    ['a: "x\n  y\n\n  z"', { a: 'x y\nz' }],
    ['a: "x\\\n  y\\tz\\u00e9\\x41\\"\\\\"', { a: 'xy\tzéA"\\' }],
    ["a: 'it''s\n  \\n'", { a: "it's \\n" }],
    ['a: x\n  y\n\n  z\nb: 1', { a: 'x y\nz', b: 1 }],
    ['[x\n y, "z\n w"]', ['x y', 'z w']],
  ],
  'lists and maps nest in every style': [
    ['a:\n- 1\n- b: 2\n  c: 3\n-\n  - 4\n  -   - 5\nd:\n  - 6', { a: [1, { b: 2, c: 3 }, [4, [5]]], d: [6] }],
    ['a: [1, {b: 2}, [c], d: 3]\ne: {f: [], g: {}}', { a: [1, { b: 2 }, ['c'], { d: 3 }], e: { f: [], g: {} } }],
    ['a: [1,\n  2, # two\n  3,\n]', { a: [1, 2, 3] }],
    ['{"a":1,"b":[true,null]}', { a: 1, b: [true, null] }],
    ['- - - a', [[['a']]]],
  ],
  'comments, line ends, tabs and byte order marks are no content': [
    ['# a\n\na: 1 # b\n  # c\n\nb: # d\n  # e\n  c: 2\n# f', { a: 1, b: { c: 2 } }],
    ['a: 1\r\nb:\r\n- "c\r\n  d"\r\n- |\r\n  e\r\n  f\r\n', { a: 1, b: ['c d', 'e\nf\n'] }],
    ['\ufeffa: 1', { a: 1 }],
    ['a:\t1\nb: 2\t# c', { a: 1, b: 2 }],
    ['a:\n\tb: 1', ['f:2:1: a: a tab cannot indent: use blanks']],
  ],
  'anchors stand for what they name, and << merges maps': [
    ['a: &x {b: 1}\nc: *x\nd: [*x, *x]', { a: { b: 1 }, c: { b: 1 }, d: [{ b: 1 }, { b: 1 }] }],
    ['a: &x 1\nb: &x 2\nc: *x', { a: 1, b: 2, c: 2 }],
    ['a: &x {p: 1, q: 2}\nb: {p: 3, <<: *x}', { a: { p: 1, q: 2 }, b: { p: 3, q: 2 } }],
    ['a: &x {p: 1}\nb: &y {p: 2, q: 3}\nc:\n  <<: [*x, *y]\n  r: 4', { a: { p: 1 }, b: { p: 2, q: 3 }, c: { r: 4, p: 1, q: 3 } }],
    ['a: &x {p: 1}\nb: &y {<<: *x, q: 2}\nc: {<<: *y}', { a: { p: 1 }, b: { q: 2, p: 1 }, c: { q: 2, p: 1 } }],
    ['"<<": 1', { '<<': 1 }],
    ['a: &x\n- 1\nb: *x', { a: [1], b: [1] }],
    ['a: *x', ['f:1:4: a: *x names nothing above it']],
    ['a: &x {b: *x}', ['f:1:11: a.b: *x stands within what it names']],
    ['a: &x 1\n---\nb: *x', { a: 1 }, ['f:3:4: b: *x names nothing above it']],
    ['<<: [1]', ['f:1:1: "<<" takes a map, or a list of maps']],
  ],
  'tags are refused': [
    ['a: !!str 80', ['f:1:4: a: the tag !!str is not understood: leave it out']],
    ['a: [1, !x {b: 1}]', ['f:1:8: a[1]: the tag !x is not understood: leave it out']],
    ['!!map\na: 1', ['f:1:1: the tag !!map is not understood: leave it out']],
    ['a: "!x"\nb: x !y', { a: '!x', b: 'x !y' }],
  ],
  'documents begin and end at their markers': [
    ['a: 1\n---\na: 2\n...\n---\na: 3\n', { a: 1 }, { a: 2 }, { a: 3 }],
    ['%YAML 1.1\n# x\n---\na: yes\n...\n%YAML 1.2\n---\nb: yes', { a: true }, { b: true }],
    ['--- # x\na: 1\n--- {b: 2}\n--- |\n c\n--- "d\ne"\n--- f\ng\n---\n', { a: 1 }, { b: 2 }, 'c\n', 'd e', 'f g'],
    ['a: |\n  ---\n  ...\nb: ---x', { a: '---\n...\n', b: '---x' }],
    ['---\n# nothing\n---\n~\n', null],
    ['a: [\n---\nb: 1', ['f:1:4: a: [ is never closed, or goes on in a line that is not indented'], { b: 1 }],
    ['%YAML 1.1\na: 1', ['f:2:1: missing directives-end/doc-start indicator line']],
  ],
  'what is there twice has both places': [
    ['a: 1\nb: 2\na: 3', ['f:3:1: a: the field "a" is there twice: first at 1:1']],
    ['- {x: 1, "x": 2}', ['f:1:10: [0].x: the field "x" is there twice: first at 1:4']],
    ['1: a\n"1": b', ['f:2:1: 1: the field "1" is there twice: first at 1:1']],
    [
      'a: 1\na: 2\nb: {c: 1, c: 2}',
      ['f:2:1: a: the field "a" is there twice: first at 1:1', 'f:3:11: b.c: the field "c" is there twice: first at 3:5'],
    ],
  ],
};

for (const [name, rows] of Object.entries(tables)) {
  t.test(name, async (t) => {
    for (const [text, ...documents] of rows) t.strictSame(outcome(text), documents, JSON.stringify(text));
  });
}

t.test('every field and element has its place', async (t) => {
  const text = `# x
a: 1
b:
  - c: yes # d
    "e f": |
      text
  - [x, {g: "h"}]
i: &j
  k: 'l'
m: *j
n:
  <<: *j
  o: >-
    folded
p:
`;
  const [document] = read(text);
  const places: [path: (string | number)[], line: number, column: number][] = [
    [[], 2, 1],
    [['a'], 2, 4],
    [['b'], 3, 1],
    [['b', 0], 4, 5],
    [['b', 0, 'c'], 4, 8],
    [['b', 0, 'e f'], 5, 12],
    [['b', 1], 7, 5],
    [['b', 1, 0], 7, 6],
    [['b', 1, 1, 'g'], 7, 13],
    [['i'], 8, 1],
    [['i', 'k'], 9, 6],
    [['m'], 10, 1],
    [['m', 'k'], 9, 6],
    [['n', 'k'], 9, 6],
    [['n', 'o'], 13, 6],
    [['p'], 15, 3],
  ];
  for (const [path, line, column] of places) t.same(document.at(path), { line, column }, JSON.stringify(path));
  const windows = read(text.replaceAll('\n', '\r\n'))[0];
  for (const [path, line, column] of places) t.same(windows.at(path), { line, column }, `with carriage returns ${JSON.stringify(path)}`);
  const [, second] = read(`x: 1\n--- # y\n${text}`);
  for (const [path, line, column] of places) t.same(second.at(path), { line: line + 2, column }, `behind another ${JSON.stringify(path)}`);
});
