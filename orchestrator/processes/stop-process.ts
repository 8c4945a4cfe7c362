// Stop of a process by somebody who has not started it: whoever watches over it has left a number in the file of its lock.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type LockCalls, supervisorLock, takeLock } from './lock.ts';

const waitMs = 25;

/**
 * Ends the supervisor of that folder, and whoever takes over from it meanwhile. False when there was none: then `openCalls` need not be called.
 * One that does not end within `mostMs` is left. Rejects as `takeLock` and `openCalls` do, and when a signal is not permitted.
 */
export async function stopProcess(folder: string, openCalls: () => Promise<LockCalls>, mostMs = 10_000): Promise<boolean> {
  const path = join(folder, supervisorLock);
  if (!existsSync(path)) return false;
  const calls = await openCalls();
  const deadline = performance.now() + mostMs;
  for (let told = 0, waits = 0; performance.now() < deadline; waits += 1) {
    const lock = takeLock(calls, path);
    if (lock !== undefined) {
      lock[Symbol.dispose]();
      return waits > 0;
    }
    // Empty, or the number of one that has ended, until whoever has the lock has signed.
    const pid = Number(readFileSync(path, 'utf8'));
    if (Number.isInteger(pid) && pid > 1 && pid !== told) {
      told = pid;
      tell(pid);
    }
    await wait(waitMs);
  }
  return true;
}

function tell(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    // It has ended since.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
