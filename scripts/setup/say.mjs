// How the set-up talks and runs programs: on standard error, so that a command's own output stays clean.
import { spawn } from 'node:child_process';

export function say(sentence) {
  process.stderr.write(`setup: ${sentence}\n`);
}

/** Runs a program with its output on standard error; true when it ended well. */
export function run(program, args, env = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', (status) => resolve(status === 0));
  });
}

export function fail(sentence) {
  say(sentence);
  process.exit(1);
}
