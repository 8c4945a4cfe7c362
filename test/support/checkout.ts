// A second checkout beside this one, for commands that write into theirs: the sources copied, packages and outputs shared.
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesIn, root } from './sources.ts';

/**
 * Path of the copy; it ends with the test. `shared` are the folders that it shares with this checkout: what is built in one of them is as new
 * as the copied sources, or it would be built once more, under those who use it.
 */
export function copyCheckout(t: { teardown(end: () => void): void }, shared: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-checkout-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of namesIn('.')) {
    cpSync(join(root, name), join(folder, name), { recursive: true, preserveTimestamps: true });
    keepTimes(join(root, name), join(folder, name));
  }
  for (const name of shared) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

/** Of folders: a copy is as new as the last that was put into it. */
function keepTimes(from: string, to: string): void {
  const stat = statSync(from);
  if (!stat.isDirectory()) return;
  for (const name of readdirSync(to)) keepTimes(join(from, name), join(to, name));
  utimesSync(to, stat.atime, stat.mtime);
}
