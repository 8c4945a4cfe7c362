// Reading manifests: what is read, where problems are, and that one broken document costs nobody else anything.

import t from 'tap';
import { locate } from '../../orchestrator/manifests/document.ts';
import { problemText } from '../../orchestrator/manifests/problem-text.ts';
import { readManifests } from '../../orchestrator/manifests/read.ts';
import { checkObject } from '../../orchestrator/model/schema/kinds.ts';

const read = (text: string) => readManifests(text, { file: 'f.yaml' });
const objects = (text: string) => read(text).map(({ object }) => object);

/** Everything that is told of a text, as it is printed. */
function told(text: string): string[] {
  return read(text).flatMap((document) => [
    ...document.problems.map(problemText),
    ...(document.object === undefined ? [] : locate(checkObject(document.object), document).map(problemText)),
  ]);
}

t.test('problems of an object have the places of its text', async (t) => {
  const text = `# A policy
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web}
spec:
  endpointSelector:
    matchLabels: {app: yes, tier: 1_0}
  ingress:
  - toPorts:
    - ports:
      - port: 80
        protcol: TCP
    fromEndpoints: {}
  - &rule
    fromCIDR: ["10.0.0.1"]
  - *rule
`;
  t.same(told(text), [
    'f.yaml:7:35: spec.endpointSelector.matchLabels.tier: 1_0 is read as 10: quote it, or write 10',
    'f.yaml:7:24: spec.endpointSelector.matchLabels.app: must be a string, not the boolean true: write "yes"',
    'f.yaml:7:35: spec.endpointSelector.matchLabels.tier: must be a string, not the number 10: write "1_0"',
    'f.yaml:11:15: spec.ingress[0].toPorts[0].ports[0].port: must be a string, not the number 80: write "80"',
    'f.yaml:12:9: spec.ingress[0].toPorts[0].ports[0].protcol: unknown field "protcol": did you mean protocol?',
    'f.yaml:13:5: spec.ingress[0].fromEndpoints: must be a list, not a map',
    'f.yaml:15:16: spec.ingress[1].fromCIDR[0]: not an address with a prefix length: "10.0.0.1"',
    'f.yaml:15:16: spec.ingress[2].fromCIDR[0]: not an address with a prefix length: "10.0.0.1"',
  ]);
});

t.test('a place that is not there is the nearest around it', async (t) => {
  const [document] = read('kind: A\nspec:\n  a:\n  - b: 1\n');
  t.same(document.at(['spec', 'a', 0, 'b']), { line: 4, column: 8 });
  t.same(document.at(['spec', 'a', 0]), { line: 4, column: 5 });
  t.same(document.at(['spec', 'a', 7, 'x']), { line: 3, column: 3 });
  t.same(document.at(['spec', 'x']), { line: 2, column: 1 });
  t.same(document.at(['metadata']), { line: 1, column: 1 });
  t.same(document.at([]), { line: 1, column: 1 });
});

t.test('of documents some broken all others are read, each problem in its own line', async (t) => {
  const text = `a: 1
---
a: [1
--- # two
a: "never closed
b: 2
---
	a: tab
...
a: {b: c
}
---
a: b: c
---
a: 1
 b: 2
---
- a
b: 2
---
a: \`x\`
---
a: !!binary eA==
---
? [a]
: b
---
a: *nobody
---
a: &loop [*loop]
---
'it': 's'
---
{"json": true}
---
a: 1
b: 2
a: 3
---
{"a": 1, "b": {"c": 1,
 "c": 2}}
---
a: \u0007
---
yes: 1
---
<<: 5
---
last: ~
`;
  const seen = read(text);
  t.same(
    seen.filter(({ object }) => object !== undefined).map(({ object }) => object),
    [{ a: 1 }, { a: { b: 'c' } }, { it: 's' }, { json: true }, { last: null }],
  );
  t.same(
    seen.flatMap(({ problems }) => problems.map(problemText)),
    [
      'f.yaml:3:4: a: [ is never closed, or goes on in a line that is not indented',
      'f.yaml:5:4: a: a quote that is never closed',
      'f.yaml:8:1: a tab cannot indent: use blanks',
      'f.yaml:13:4: a: a name within a value: the value needs quotes, or the name a line of its own, indented like its fellows',
      'f.yaml:15:4: a: a name within a value: the value needs quotes, or the name a line of its own, indented like its fellows',
      'f.yaml:19:1: [0]: this follows a value that has ended: it is indented wrongly, or the text needs quotes',
      'f.yaml:21:4: a: a value cannot start with `: it needs quotes',
      'f.yaml:23:4: a: the tag !!binary is not understood: leave it out',
      'f.yaml:25:3: the name of a field must be a word, and no map, list, anchor or alias',
      'f.yaml:28:4: a: *nobody names nothing above it',
      'f.yaml:30:11: a[0]: *loop stands within what it names',
      'f.yaml:38:1: a: the field "a" is there twice: first at 36:1',
      'f.yaml:41:2: b.c: the field "c" is there twice: first at 40:16',
      'f.yaml:43:4: not a text: it holds the control character U+0007',
      'f.yaml:45:1: as the name of a field, yes is true: write "yes"',
      'f.yaml:47:1: "<<" takes a map, or a list of maps',
    ],
  );
});

t.test('words are what they are to kubectl', async (t) => {
  const words = 'yes no On OFF y null ~ True 0x1F 0120 0o17 0b11 08 1_000 +5 .5 1e3 1.5e-3 -0 1.2.3 0x 2020-01-01 12:30 .inf a'.split(' ');
  const values = [
    true,
    false,
    true,
    false,
    true,
    null,
    null,
    true,
    31,
    80,
    15,
    3,
    8,
    1000,
    5,
    0.5,
    1000,
    0.0015,
    0,
    '1.2.3',
    '0x',
    '2020-01-01',
    '12:30',
    '.inf',
    'a',
  ];
  t.same(objects(`[${words.join(', ')}]`), [values]);
  t.same(objects(words.map((word) => `- "${word}"`).join('\n')), [words]);
});

t.test('numbers that other readers read otherwise are warned of', async (t) => {
  const [{ object, problems }] = read('a: 0120\nb: 120\nc: 1_0\n');
  t.same(object, { a: 80, b: 120, c: 10 });
  t.same(problems.map(problemText), [
    'f.yaml:1:4: a: 0120 is read as 80: quote it, or write 80',
    'f.yaml:3:4: c: 1_0 is read as 10: quote it, or write 10',
  ]);
});

t.test('lists of objects are read as their objects, with their places', async (t) => {
  const text = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: 5}
- apiVersion: v1
  kind: Namespace
  metadata: {name: a, name: b}
- {apiVersion: v1, kind: Namespace, metadata: {}}
`;
  t.same(told(text), [
    'f.yaml:6:20: metadata.name: must be a string, not the number 5: write "5"',
    'f.yaml:9:23: metadata.name: the field "name" is there twice: first at 9:14',
  ]);
  t.equal(read(text).filter(({ object }) => object !== undefined).length, 2);
  const json = JSON.stringify({ apiVersion: 'v1', kind: 'NamespaceList', items: [{ metadata: { name: 'a' } }, 7] });
  t.same(objects(json), [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }, 7]);
  t.same(objects('kind: List\nitems: []\n'), []);
});

t.test('of a list with a broken element the others are read', async (t) => {
  const text = 'apiVersion: v1\nitems:\n- kind: A\n  b: 1\n- kind: B\n  b: [1\n- kind: C\n  b: "x\n- kind: D\nkind: List\n';
  t.same(
    read(text).map(({ object, problems }) => object ?? problems.map(problemText)),
    [
      { kind: 'A', b: 1 },
      ['f.yaml:6:6: b: [ is never closed, or goes on in a line that is not indented'],
      ['f.yaml:8:6: b: a quote that is never closed'],
      { kind: 'D' },
    ],
  );
});

t.test('a list that is too large for one document is read element by element, with what its frame says', async (t) => {
  const item = (index: number) => `- metadata:\n    name: p${index}\n    annotations: {x: ${'y'.repeat(1000)}}\n`;
  const list = Array.from({ length: 5000 }, (_, index) => item(index)).join('');
  const documents = read(`apiVersion: v1\nkind: NamespaceList\nitems:\n${list}`);
  t.equal(documents.length, 5000);
  t.match(documents[4999], { object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'p4999' } }, problems: [] });
  t.same(documents[4999].at(['metadata', 'name']), { line: 4 + 4999 * 3 + 1, column: 11 });
  t.equal(objects(`items:\n${list}apiVersion: v1\nkind: List\n`).length, 5000);
  const [frame, first] = read(`items:\n${list}apiVersion: v1\nkind: List\nmetadata: [\n`);
  t.same(frame.problems.map(problemText), ['f.yaml:15004:11: metadata: [ is never closed, or goes on in a line that is not indented']);
  t.match(first.object, { metadata: { name: 'p0' } });
});

t.test('what is wrong around the elements of a list is told, and loses none of them', async (t) => {
  const text = 'kind: List\nitems:\n- kind: A\n- kind: B\nmetadata: *x\n';
  t.same(
    read(text).map(({ object, problems }) => object ?? problems.map(problemText)),
    [['f.yaml:5:11: metadata: *x names nothing above it'], { kind: 'A' }, { kind: 'B' }],
  );
  const between = 'kind: List\nitems:\n- kind: A\nkind: List\n';
  t.same(
    read(between).map(({ object, problems }) => object ?? problems.map(problemText)),
    [['f.yaml:4:1: kind: the field "kind" is there twice: first at 1:1'], { kind: 'A' }],
  );
});

t.test('JSON values may follow each other, and a broken one hides none that starts a line', async (t) => {
  t.same(objects('{"a":1}{"b":[1,2,{"c":"\\u00e9\\n"}]}\n{"d":1e2,"e":null,"":[]}'), [
    { a: 1 },
    { b: [1, 2, { c: 'é\n' }] },
    { d: 100, e: null, '': [] },
  ]);
  t.same(
    read('{"a": 1,}\n{"b": 2}\n{"c": tru}\n{\n  "d": 4\n}\n').map(({ object, problems }) => object ?? problems.map(problemText)),
    [['f.yaml:1:9: a name in double quotes is expected, not "}"'], { b: 2 }, ['f.yaml:3:7: c: a value is expected, not "t"'], { d: 4 }],
  );
});

t.test('nothing, comments and directives are no documents', async (t) => {
  for (const text of ['', '\n\n', '# a\n---\n# b\n---\n', '---\n...\n---\n', '%YAML 1.1\n---\n', '\ufeff'])
    t.same(objects(text), [], JSON.stringify(text));
  t.same(objects('\ufeff%YAML 1.1\n---\na: 1\r\nb:\r\n- c\r\n--- {d: 1}\n--- |\n ---\n ...\n'), [
    { a: 1, b: ['c'] },
    { d: 1 },
    '---\n...\n',
  ]);
});

t.test('fields may have any name, and objects stay plain', async (t) => {
  for (const text of ['__proto__: {a: 1}\nconstructor: 2\n', '{"__proto__": {"a": 1}, "constructor": 2}']) {
    const [object] = objects(text) as Record<string, unknown>[];
    t.same(Object.keys(object), ['__proto__', 'constructor']);
    t.equal(Object.getPrototypeOf(object), Object.prototype);
    t.equal((object as { a?: number }).a, undefined);
  }
});

t.test('anchors and merged maps mean what they mean to kubectl', async (t) => {
  const text = 'a: &a {x: 1, z: 2}\nb:\n  <<: *a\n  z: 3\nc: [*a, *a]\nd:\n  <<: [{x: 7}, *a]\n';
  t.same(objects(text), [
    {
      a: { x: 1, z: 2 },
      b: { x: 1, z: 3 },
      c: [
        { x: 1, z: 2 },
        { x: 1, z: 2 },
      ],
      d: { x: 7, z: 2 },
    },
  ]);
});
