// Stopped: a process that does nothing any more, until it is told to go on.

import { readdirSync, readFileSync } from 'node:fs';

const mostMs = 30_000;

/**
 * Sends SIGSTOP and waits until it has come to every thread: the kernel tells one of them, and on a busy machine the others work on until that one
 * runs. Throws when that takes half a minute.
 */
export function stopProcess(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const until = Date.now() + mostMs;
  while (!isStopped(pid)) {
    if (Date.now() > until) throw new Error(`process ${pid} does not stop`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

function isStopped(pid: number): boolean {
  const folder = `/proc/${pid}/task`;
  try {
    // Behind the name, which may have brackets in it, is the state.
    return readdirSync(folder).every((thread) => /\) [Tt] [^)]*$/.test(readFileSync(`${folder}/${thread}/stat`, 'utf8')));
  } catch {
    // A thread has just ended.
    return false;
  }
}
