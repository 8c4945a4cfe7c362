// Selectors file: which selector each identity stood for when it was granted last. A number that stands for another one by now grants nothing:
// the next process must know, for the map holds only numbers.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { log } from '../../log.ts';

const file = 'selectors.json';

/** Empty when there is none, or none that can be understood. */
export function readSelectors(folder: string): ReadonlyMap<number, string> {
  try {
    const pairs = JSON.parse(readFileSync(join(folder, file), 'utf8')) as [number, string][];
    return new Map(pairs.filter(([identity, text]) => Number.isInteger(identity) && typeof text === 'string'));
  } catch {
    return new Map();
  }
}

/** Where it cannot be written that is logged, and the file stays as it was. */
export function writeSelectors(folder: string, selectors: ReadonlyMap<number, string>): void {
  const path = join(folder, file);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, JSON.stringify([...selectors]), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    log.room('dns').warn('selectors cannot be written', { error });
  }
}
