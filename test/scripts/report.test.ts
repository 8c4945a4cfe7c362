// Continuous integration believes the counts of the report: they are asserted over TAP as tap writes it.
import t from 'tap';
import { openReport } from '../../scripts/test/report.ts';

function report(stream: string) {
  let text = '';
  const open = openReport({ write: (part) => (text += part), colour: false });
  // In two pieces, as a pipe may deliver it.
  open.write(stream.slice(0, 40));
  open.write(stream.slice(40));
  return { ...open.end(), text };
}

const header = 'TAP version 14\n1..1\n# Subtest: a.test.ts\n';

t.test('assertions are counted where they stand, subtests are not counted again', async (t) => {
  const { summary, text } = report(
    `${header}    ok 1 - one\n    # Subtest: deeper\n        ok 1 - two\n        ok 2 - three\n        1..2\n    ok 2 - deeper # time=1ms\n    1..2\nok 1 - a.test.ts # time=1500ms\n`,
  );
  t.equal(summary, '3 passed, 0 failed');
  t.equal(text, 'ok a.test.ts (3 passed) 1.5 s\n');
});

t.test('a failure is told with its place and counted once', async (t) => {
  const { passed, failed, text } = report(
    `${header}    ok 1 - one\n    not ok 2 - two\n      ---\n      stack: |\n        a.test.ts:2:3\n      ...\n    1..2\nnot ok 1 - a.test.ts # time=1ms\n`,
  );
  t.same({ passed, failed }, { passed: 1, failed: 1 });
  t.match(text, 'not ok a.test.ts > two\n    a.test.ts:2:3\n');
});

t.test('a file that ends badly although nothing in it failed is one failure', async (t) => {
  const { passed, failed, text } = report(
    `${header}    ok 1 - one\n    1..1\nnot ok 1 - a.test.ts # time=1ms\n  ---\n  exitCode: 3\n  ...\n`,
  );
  t.same({ passed, failed }, { passed: 1, failed: 1 });
  t.match(text, 'not ok a.test.ts ended badly\n    {"exitCode":3}\n');
});

t.test('what is skipped is neither passed nor failed, and its reason is told once', async (t) => {
  const { summary, skipped, text } = report(
    `${header}    ok 1 - one # SKIP there is no moon\n    ok 2 - two # SKIP there is no moon\n    ok 3 - three\n    1..3\nok 1 - a.test.ts # time=1ms\n`,
  );
  t.equal(summary, '1 passed, 0 failed');
  t.equal(skipped, 2);
  t.match(text, 'skipped 2 times: there is no moon\n');
  t.equal(text.match(/no moon/g)?.length, 1);
});

t.test('text of a diagnostic that looks like a result is not one', async (t) => {
  const { summary } = report(
    `${header}    ok 1 - one\n      ---\n      found: |\n        not ok 1 - quoted\n      ...\n    1..1\nok 1 - a.test.ts # time=1ms\n`,
  );
  t.equal(summary, '1 passed, 0 failed');
});

t.test('a stream that is cut off is a failure', async (t) => {
  const { failed } = report(`${header}    ok 1 - one\n`);
  t.ok(failed > 0);
});
