// Runs the tests and says briefly how they went: all of them, or those of the files and folders that are named; --grep=/WORDS/ picks tests by
// their names. The whole TAP stream stays in build/test.tap; TEST_SUMMARY in the environment names a file for the last line alone.
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inOrder, testFiles } from './test/order.ts';
import { openReport } from './test/report.ts';
import { runFiles } from './test/run.ts';

const { values, positionals } = parseArgs({ options: { grep: { type: 'string', multiple: true } }, allowPositionals: true });
const named = positionals.length > 0 ? positionals : ['test'];
const absent = named.filter((path) => !existsSync(path));
if (absent.length > 0) {
  process.stderr.write(`there is no ${absent.join(', ')}\n`);
  process.exit(1);
}
const files = named.map((path) => relative('.', path)).flatMap((path) => (statSync(path).isDirectory() ? testFiles(path) : path));

mkdirSync('build', { recursive: true });
// Every file is a process, and many start more: without this each would strip and compile the same sources.
process.env.NODE_COMPILE_CACHE ??= resolve('build/compiled');

const unfinished = `build/test.tap.${process.pid}`;
/** How long a test may take that says nothing else, and a whole file: what hangs ends, and what is slow on a busy machine does not. */
const limits = { testSeconds: 900, fileMs: 3_600_000 };

const colour = process.stdout.isTTY && !process.env.NO_COLOR && !process.env.CI;
const report = openReport({ write: (text) => process.stdout.write(text), colour });
const file = createWriteStream(unfinished);
const write = (text: string | Buffer): void => {
  file.write(text);
  report.write(text);
};

const environment: NodeJS.ProcessEnv = { ...process.env, TAP: '1', TAP_TIMEOUT: `${limits.testSeconds}` };
// tap's own words for it. Its command is not called: in a fresh clone that takes longer than most tests to build itself anew.
if (values.grep !== undefined) environment.TAP_GREP = values.grep.join('\n');
await runFiles({ queues: inOrder(files), environment, limitMs: limits.fileMs, write });
const { passed, failed, summary } = report.end();
file.end();
renameSync(unfinished, 'build/test.tap');
if (process.env.TEST_SUMMARY) writeFileSync(process.env.TEST_SUMMARY, `${summary}\n`);
if (passed === 0 && failed === 0) process.stdout.write('no test ran\n');
process.stdout.write(`${summary}\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
