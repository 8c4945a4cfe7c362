// Own program: this program started again for another command, by whoever needs a process and finds nobody.

import { spawn } from 'node:child_process';

/** The command line of this program without its command. */
export function ownProgram(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] as string];
}

/** In a session of its own, so that it outlives who started it; its errors go where ours go. `inherited` are its descriptors from 3 on. */
export function startApart(words: readonly string[], inherited: readonly (number | 'ignore')[] = []): void {
  const [file = '', ...before] = ownProgram();
  spawn(file, [...before, ...words], { detached: true, stdio: ['ignore', 'ignore', 'inherit', ...inherited] }).unref();
}
