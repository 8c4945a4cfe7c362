// Runs the tests under tap and says briefly how they went; arguments go to tap (files, --grep, --bail).
// The whole TAP stream stays in build/test.tap, the summary alone in build/test-summary.txt for .ci/run.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { openReport } from './test/report.ts';

mkdirSync('build', { recursive: true });
rmSync('build/test-summary.txt', { force: true });

const colour = process.stdout.isTTY && !process.env.NO_COLOR && !process.env.CI;
const report = openReport({ write: (text) => process.stdout.write(text), colour });
const tap = spawn('tap', ['--reporter=tap', ...process.argv.slice(2)], { stdio: ['inherit', 'pipe', 'inherit'] });
const file = createWriteStream('build/test.tap');
tap.stdout.pipe(file);
tap.stdout.on('data', (chunk: Buffer) => report.write(chunk));

tap.on('close', (status) => {
  const { passed, failed, summary } = report.end();
  writeFileSync('build/test-summary.txt', `${summary}\n`);
  if (passed === 0 && failed === 0) process.stdout.write('no test ran\n');
  process.stdout.write(`${summary}\n`);
  process.exitCode = status === 0 && failed === 0 && passed > 0 ? 0 : 1;
});
