// Forms of output: TAP and JUnit as the programs that read them do.
import t from 'tap';
import { Parser } from 'tap-parser';
import { junitReporter } from '../../../orchestrator/cli/policy/report/junit.ts';
import { folderOf, policy } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

const suite = `pods: { shop/a: {}, shop/b: {} }
tests:
  - name: good
    flows: [{ from: shop/a, to: shop/b, port: 1, expect: allow }]
  - name: 'bad # <&"'
    flows: [{ from: shop/a, to: shop/b, port: 1, expect: deny }]
`;

t.test('TAP has a point for every test, and says where the bad ones are', async (t) => {
  const { status, stdout } = policy(['test', '-o', 'tap', '.'], folderOf(t, { 'x.policytest.yaml': suite }));
  t.equal(status, 1);
  const { points, results } = parse(stdout);
  t.match(results, { ok: false, count: 2, pass: 1, fail: 1, plan: { start: 1, end: 2 } });
  t.match(points, [
    { ok: true, name: 'good' },
    {
      ok: false,
      name: 'bad # <&"',
      diag: { mismatches: [{ at: 'x.policytest.yaml:6:13', engine: 'wasm', expected: 'deny', got: /^allow/ }] },
    },
  ]);
});

t.test('a disputed difference is a point to do, with which TAP passes', async (t) => {
  const line = JSON.stringify({
    id: 'x',
    disputed: 'who # knows',
    matchName: 'a.io',
    name: 'b.io',
    agent: 'accept',
    schema: 'accept',
    match: true,
  });
  const { status, stdout } = policy(['test', '-o', 'tap', 'x.jsonl'], folderOf(t, { 'x.jsonl': line }));
  t.equal(status, 0);
  const { points, results } = parse(stdout);
  t.match(results, { ok: true, todo: 1 });
  t.match(points, [{ todo: /disputed: who/ }]);
});

function parse(text: string) {
  const points: unknown[] = [];
  const parser = new Parser();
  parser.on('assert', (point) => points.push(point));
  parser.end(text);
  return { points, results: parser.results };
}

t.test('JUnit has a suite for every file, its sums, and the failures', async (t) => {
  const { stdout } = policy(['test', '-o', 'junit', '.'], folderOf(t, { 'x.policytest.yaml': suite, 'y.jsonl': '{}\n' }));
  t.match(
    stdout,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="axoneme policy test" tests="3" failures="2" errors="0" skipped="0"/,
  );
  t.match(stdout, '<testsuite name="x.policytest.yaml" tests="2" failures="1" errors="0" skipped="0"');
  t.match(stdout, '<testcase classname="x.policytest.yaml" name="bad # &lt;&amp;&quot;"');
  t.match(
    stdout,
    /<failure message="1 answer differs">x\.policytest\.yaml:6:13 \[wasm\] shop\/a → shop\/b 1\/tcp\nexpected deny\ngot allow/,
  );
  t.ok(isBalanced(stdout), 'every element is closed');
});

t.test('JUnit is XML whatever texts there are', async (t) => {
  let text = '';
  const reporter = junitReporter((part) => {
    text += part;
  });
  const strange = 'a\u0000b\u001b[31m\ud800 ]]> \uffff <x> "';
  const mismatch = { case: strange, title: strange, file: strange, line: 1, expected: strange, got: null, explanation: strange };
  const outcome = { file: strange, line: 1, id: strange, title: '', isTest: true, probes: 1, disputed: [], milliseconds: 1.5 };
  reporter.outcome({ ...outcome, mismatches: [mismatch] });
  reporter.end({ cases: 1, probes: 1, mismatches: 1, disputed: 0, engines: ['wasm'], milliseconds: 2 });
  const isBad = (code: number) => (code < 32 && code !== 9 && code !== 10) || (code >= 0xd800 && code < 0xe000) || code >= 0xfffe;
  t.notOk(
    [...text].some((character) => isBad(character.charCodeAt(0)) && character.length === 1),
    'it has no character that XML has not',
  );
  t.notOk(text.includes(']]>'));
  t.ok(isBalanced(text));
});

/** Elements close in the order in which they were opened, and text holds no stray bracket. */
function isBalanced(xml: string): boolean {
  const open: string[] = [];
  const body = xml.replace(/^<\?.*?\?>/, '');
  for (const [tag, close, name, self] of body.matchAll(/<(\/?)([a-z]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/g)) {
    if (tag === undefined) return false;
    if (close === '/' && open.pop() !== name) return false;
    if (close === '' && self === '') open.push(name);
  }
  const texts = body.replace(/<\/?[a-z]+(?:\s+[a-z]+="[^"<]*")*\s*\/?>/g, '');
  return open.length === 0 && !/[<>]|&(?!(lt|gt|amp|quot);)/.test(texts);
}
