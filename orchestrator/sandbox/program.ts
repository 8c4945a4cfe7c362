// The program itself: how a sandbox starts more processes of the code that it is part of.

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const inCheckout = here.endsWith('.ts');
const checkout = join(dirname(here), '../..');
/** What a checkout builds, here too: the code of the package. */
const built = inCheckout ? join(checkout, 'build/package') : dirname(here);
let entry: string | undefined;

/** Program and first arguments; a command follows. Without the warning of etcd's client that names of servers are no addresses. */
export function program(): string[] {
  entry ??= !inCheckout || isBuilt() ? join(built, 'axoneme.js') : join(checkout, 'orchestrator/main.ts');
  return [process.execPath, '--disable-warning=ExperimentalWarning', '--disable-warning=DEP0123', entry];
}

/** Six processes of the same code start at once: they share what one of them has compiled. */
export function environment(): NodeJS.ProcessEnv {
  const build = join(checkout, 'build');
  const isOurs = inCheckout || built === join(build, 'package');
  return { ...(isOurs && existsSync(build) && { NODE_COMPILE_CACHE: join(build, 'compile-cache') }), ...process.env };
}

/** Whether what a checkout has built is as new as its sources: whoever has changed one since means the change. */
export function isBuilt(): boolean {
  try {
    const { mtimeMs } = statSync(join(built, 'axoneme.js'));
    const sources: string[] = JSON.parse(readFileSync(join(built, 'sources.json'), 'utf8'));
    return sources.every((path) => statSync(join(checkout, path)).mtimeMs < mtimeMs);
  } catch {
    return false;
  }
}

/** Puts a command `axoneme` into the folder, for those who are in a node. */
export function writeLauncher(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const words = program().map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(join(folder, 'axoneme'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
}
