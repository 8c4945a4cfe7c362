// All files of tests run, whatever becomes of one of them, and how each ended is told.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { inOrder, long, testFiles } from '../../scripts/test/order.ts';
import { openReport } from '../../scripts/test/report.ts';
import { type Queue, runFiles } from '../../scripts/test/run.ts';
import { root } from '../support/sources.ts';
import { runAsUser } from '../support/user-process.ts';

/** Programs by name, run as test files. */
async function run(t: Test, programs: Readonly<Record<string, string>>, limitMs = 600_000) {
  const folder = t.testdir(programs);
  let [text, stream] = ['', ''];
  const report = openReport({ write: (part) => (text += part), colour: false });
  const files = Object.keys(programs).map((name) => join(folder, name));
  const write = (part: string): void => {
    stream += part;
    report.write(part);
  };
  await runFiles({ queues: [{ files, atOnce: 2 }], environment: process.env, limitMs, write });
  return { ...report.end(), stream, text: text.replaceAll(`${folder}/`, '').replaceAll(/ \d+\.\d s$/gm, '') };
}

const tap = (...lines: string[]): string => `console.log(${JSON.stringify(lines.join('\n'))});`;

t.test('what passes, fails and is skipped is counted as it was told', async (t) => {
  const { summary, skipped, text } = await run(t, {
    'good.mjs': tap('TAP version 14', 'ok 1 - one', '# Subtest: deep', '    ok 1 - two', '    1..1', 'ok 2 - deep', '1..2'),
    'bad.mjs': `${tap('not ok 1 - three', '  ---', '  diff: "-a +b"', '  ...', '1..1')} process.exitCode = 1;`,
    'none.mjs': tap('1..0 # SKIP there is no moon'),
  });
  t.equal(summary, '2 passed, 1 failed');
  t.equal(skipped, 1);
  t.match(text, /^ok good\.mjs \(2 passed\)$/m);
  t.match(text, /^not ok bad\.mjs > three\n {4}-a \+b\n(.*\n)*not ok bad\.mjs \(0 passed, 1 failed\)$/m);
  t.match(text, 'skipped: there is no moon\n');
});

t.test('a file that ends badly, is cut off, says nothing or cannot be run is a failure, and the others run', async (t) => {
  const { summary, text } = await run(t, {
    'status.mjs': `${tap('ok 1 - one', '1..1')} process.exitCode = 3;`,
    'killed.mjs': `${tap('ok 1 - one', '1..1')} setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20);`,
    'cut.mjs': tap('ok 1 - one', '1..2'),
    'silent.mjs': '',
    'broken.mjs': 'const {;',
    'good.mjs': tap('ok 1 - one', '1..1'),
  });
  t.match(summary, /^\d+ passed, 5 failed$/);
  t.match(text, 'not ok status.mjs ended badly\n    {"exitCode":3}\n');
  t.match(text, 'not ok killed.mjs ended badly\n    {"signal":"SIGKILL"}\n');
  for (const name of ['cut', 'silent', 'broken']) t.match(text, new RegExp(`^not ok ${name}\\.mjs `, 'm'));
  t.match(text, /^ok good\.mjs \(1 passed\)$/m);
});

t.test('a file that hangs is ended at its limit', async (t) => {
  const { failed, text } = await run(t, { 'hangs.mjs': `${tap('ok 1 - one')} setInterval(() => {}, 1000);` }, 2000);
  t.ok(failed > 0);
  t.match(text, /"timeout":2000/);
});

t.test('who ends first is told first, and a queue that is empty helps the other', async (t) => {
  const folder = t.testdir({ 'waits.mjs': '', 'a.mjs': tap('ok 1 - a', '1..1'), 'b.mjs': '' });
  const gate = join(folder, 'gate');
  writeFileSync(
    join(folder, 'waits.mjs'),
    `import { existsSync } from 'node:fs'; const timer = setInterval(() => { if (!existsSync(${JSON.stringify(gate)})) return; clearInterval(timer); console.log('ok 1\\n1..1'); }, 10);`,
  );
  writeFileSync(join(folder, 'b.mjs'), tap('ok 1', '1..1'));
  const queues: Queue[] = [
    { files: ['waits.mjs', 'b.mjs'].map((name) => join(folder, name)), atOnce: 1 },
    { files: [join(folder, 'a.mjs')], atOnce: 1 },
  ];
  let stream = '';
  const write = (part: string) => {
    stream += part;
    if (/^ok \d+ - \S*\/b\.mjs/m.test(stream)) mkdirSync(gate, { recursive: true });
  };
  await runFiles({ queues, environment: process.env, limitMs: 600_000, write });
  t.same(
    [...stream.matchAll(/^ok \d+ - \S*\/(\w+)\.mjs/gm)].map(([, name]) => name),
    ['a', 'b', 'waits'],
  );
});

t.test('a queue takes no more help than it may have', async (t) => {
  const folder = t.testdir({ running: {} });
  const running = join(folder, 'running');
  // Each tells how many run with it, its queue by its name.
  const program = (name: string) => `
    import { readdirSync, rmSync, writeFileSync } from 'node:fs';
    writeFileSync('${running}/${name}', '');
    setTimeout(() => {
      const most = readdirSync('${running}').length;
      rmSync('${running}/${name}');
      console.log('ok 1 - with ' + most + '\\n1..1');
    }, 400);`;
  const names = ['a', 'b', 'c', 'd'].map((name) => join(folder, `${name}.mjs`));
  for (const name of names) writeFileSync(name, program(basename(name)));
  const play = async (queues: Queue[]) => {
    let stream = '';
    await runFiles({ queues, environment: process.env, limitMs: 600_000, write: (part) => (stream += part) });
    return [...stream.matchAll(/ - with (\d+)/g)].map(([, most]) => Number(most));
  };
  const alone = await play([
    { files: names, atOnce: 1, atMost: 1 },
    { files: [], atOnce: 3 },
  ]);
  t.same(alone, [1, 1, 1, 1]);
  const helped = await play([
    { files: names, atOnce: 1, atMost: 2 },
    { files: [], atOnce: 3 },
  ]);
  t.equal(helped.length, 4);
  t.ok(Math.max(...helped) <= 2, helped.join());
});

t.test('every file of tests has its place in one queue, the long ones before the others', async (t) => {
  const files = testFiles();
  const queues = inOrder(files, 2);
  t.same(queues.flatMap(({ files }) => files).toSorted(), files.toSorted());
  t.ok(files.includes('test/scripts/run.test.ts'));
  for (const start of long)
    t.ok(
      files.some((file) => file.startsWith(start)),
      `${start} is there`,
    );
  t.same(
    queues.map(({ files: [first] }) => first),
    ['test/scenarios/dns.test.ts', 'test/etcd/outage.test.ts', 'test/kernel/verify/quick.test.ts'],
  );
  t.same(
    queues.map(({ atOnce }) => atOnce),
    [1, 1, 1],
  );
});

t.test('processes of a queue are as nice as it says', async (t) => {
  const folder = t.testdir({ 'nice.mjs': `import { getPriority } from 'node:os'; console.log('ok 1 - ' + getPriority() + '\\n1..1');` });
  let stream = '';
  const queues = [{ files: [join(folder, 'nice.mjs')], atOnce: 1, niceness: 3 }];
  await runFiles({ queues, environment: process.env, limitMs: 600_000, write: (part) => (stream += part) });
  t.match(stream, `ok 1 - ${Math.min(getPriority() + 3, 19)}\n`);
});

t.test('one file is run by its name, and of it the tests that are picked', async (t) => {
  const summary = join(t.testdir(), 'summary');
  const run = (...words: string[]) => runAsUser(process.execPath, ['scripts/test.ts', ...words], root, { TEST_SUMMARY: summary });
  const picked = run('test/log.test.ts', '--grep=/an error is/');
  t.match(picked, { status: 0, stdout: /^ok test\/log\.test\.ts \(1 passed, \d+ skipped\) .*\n(.*\n)*1 passed, 0 failed\n$/ });
  t.equal(readFileSync(summary, 'utf8'), '1 passed, 0 failed\n');
  t.match(run('test/log.test.ts', '--grep=/no such words/'), { status: 1, stdout: /^no test ran$/m });
  t.match(run('test/none.test.ts'), { status: 1, stderr: 'there is no test/none.test.ts\n' });
});
