// A folder that a flag names, with those around it. One by one: below /proc, Node's own way to make all of them never comes back.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { AgentError } from '../errors.ts';

/** What is there already is kept as it is. Throws STATE_UNWRITABLE with the flag. */
export function makeFolder(flag: string, path: string, mode: number): void {
  try {
    make(path, mode);
  } catch (error) {
    throw new AgentError('STATE_UNWRITABLE', `agent: ${flag}: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function make(path: string, mode: number): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) make(dirname(path), 0o755);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else has made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
