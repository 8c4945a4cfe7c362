// A second checkout beside this one, for commands that write into theirs: the sources copied, packages and outputs shared.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesIn, root } from './sources.ts';

/** Path of the copy; it ends with the test. `shared` are the folders that it shares with this checkout. */
export function copyCheckout(t: { teardown(end: () => void): void }, shared: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-checkout-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of namesIn('.')) cpSync(join(root, name), join(folder, name), { recursive: true, preserveTimestamps: true });
  for (const name of shared) symlinkSync(join(root, name), join(folder, name));
  return folder;
}
