// Processes before all others of the machine, for what takes little of it and must not wait: what the others do is not the subject.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const first = -15;

/** This process, and those of a sandbox. Where it may not be, they wait as others do. */
export function goFirst(sandbox: string): void {
  const isMeant = (pid: string) => pid === `${process.pid}` || readOf(pid).includes(`axoneme-sandbox-${sandbox}/`);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMeant(name))) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), first);
      // A kernel that groups by session wants a word of its own for it.
      writeFileSync(`/proc/${pid}/autogroup`, `${first}`);
    } catch {}
  }
}

function readOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}
