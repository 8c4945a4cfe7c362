// Processes by number and start, so that a number that was given to somebody else is not taken for them.

import { readFileSync } from 'node:fs';

export interface ProcessId {
  readonly pid: number;
  /** In ticks since the host started. */
  readonly started: string;
}

/** Undefined when there is none of that number. */
export function processId(pid: number): ProcessId | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive({ pid, started }: ProcessId): boolean {
  return startOf(pid) === started;
}

/** A zombie has ended. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether it is gone within the time. */
export async function awaitEnd(process: ProcessId, timeoutMs: number): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; isAlive(process); ) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
