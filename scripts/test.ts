// Runs the tests under tap and says briefly how they went; arguments go to tap (files, --grep, --bail).
// The whole TAP stream stays in build/test.tap; TEST_SUMMARY in the environment names a file for the last line alone.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openReport } from './test/report.ts';

mkdirSync('build', { recursive: true });
// Every file is a process, and many start more: without this each would strip and compile the same sources.
process.env.NODE_COMPILE_CACHE ??= resolve('build/compiled');

const unfinished = `build/test.tap.${process.pid}`;

const colour = process.stdout.isTTY && !process.env.NO_COLOR && !process.env.CI;
const report = openReport({ write: (text) => process.stdout.write(text), colour });
const tap = spawn('tap', ['--reporter=tap', ...process.argv.slice(2)], { stdio: ['inherit', 'pipe', 'inherit'] });
const file = createWriteStream(unfinished);
tap.stdout.pipe(file);
tap.stdout.on('data', (chunk: Buffer) => report.write(chunk));

tap.on('close', (status) => {
  const { passed, failed, summary } = report.end();
  renameSync(unfinished, 'build/test.tap');
  if (process.env.TEST_SUMMARY) writeFileSync(process.env.TEST_SUMMARY, `${summary}\n`);
  if (passed === 0 && failed === 0) process.stdout.write('no test ran\n');
  process.stdout.write(`${summary}\n`);
  process.exitCode = status === 0 && failed === 0 && passed > 0 ? 0 : 1;
});
