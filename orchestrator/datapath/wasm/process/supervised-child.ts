// Supervised child: one process as its supervisor sees it: prepared, told to go, running, ended. They speak in words on its pipes.

import { spawn } from 'node:child_process';

/** Child to supervisor, supervisor to child; a line each. */
export const [runningWord, goWord] = ['running\n', 'go\n'];

export interface SupervisedChild {
  /** It takes over as soon as nobody else has the folder. */
  go(): void;
  stop(): void;
  readonly running: Promise<void>;
  /** How it ended: a signal or a status. */
  readonly ended: Promise<string>;
  readonly hasEnded: () => boolean;
}

export function startChild(args: readonly string[]): SupervisedChild {
  const command = [...process.execArgv, process.argv[1] as string, 'datapath-child', '--supervised', ...args];
  const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
  // It may have ended before it reads.
  child.stdin.on('error', () => undefined);
  let hasEnded = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`));
  });
  void ended.then(() => (hasEnded = true));
  const running = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return { go: () => void child.stdin.write(goWord), stop: () => void child.kill('SIGTERM'), running, ended, hasEnded: () => hasEnded };
}
