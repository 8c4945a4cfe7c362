// Held locks for tests: a folder, and processes that hold a lock in it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Ends {
  teardown(end: () => unknown): void;
}

export function folderFor(t: Ends): string {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-processes-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Resolves when it has the lock; it does not outlive the test. */
export async function hold(t: Ends, path: string, manner: 'plain' | 'deaf' | 'bequeathing' = 'plain'): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), path, manner], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}
