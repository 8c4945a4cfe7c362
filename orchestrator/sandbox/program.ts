// The program itself: how a sandbox starts more processes of the code that it is part of.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const inCheckout = here.endsWith('.ts');
const entry = inCheckout ? join(dirname(here), '..', 'main.ts') : join(dirname(here), 'axoneme.js');

/** Program and first arguments; a command follows. Without the warning of etcd's client that names of servers are no addresses. */
export function program(): string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', '--disable-warning=DEP0123', entry];
}

/** Six processes of the same code start at once: they share what one of them has compiled. */
export function environment(): NodeJS.ProcessEnv {
  const build = join(dirname(here), '..', '..', 'build');
  const cache = inCheckout && existsSync(build) ? { NODE_COMPILE_CACHE: join(build, 'compile-cache') } : {};
  return { ...cache, ...process.env };
}

/** Puts a command `axoneme` into the folder, for those who are in a node. */
export function writeLauncher(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const words = program().map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(join(folder, 'axoneme'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
}
