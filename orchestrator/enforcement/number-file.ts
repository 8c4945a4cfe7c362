// Number file: which numbers prefixes and label sets have here, kept over restarts, so that entries of an earlier life stay true.

import { renameSync, writeFileSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';

export interface Numbers {
  /** By the text of their meaning. */
  readonly local: readonly (readonly [text: string, number: number])[];
  /** Of the local ones, the first that was never given; undefined in files of earlier versions. */
  readonly nextLocal?: number;
  /** By the text of the labels. */
  readonly pods: readonly (readonly [labels: string, number: number])[];
}

const none: Numbers = { local: [], pods: [] };
const version = 1;

/** What an earlier life wrote; nothing when there is no such file. `broken` hears of one that cannot be read. */
export async function readNumbers(path: string, broken: (why: string) => void): Promise<Numbers> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') broken((error as Error).message);
    return none;
  }
  try {
    const { version: found, local, nextLocal, pods } = JSON.parse(text);
    if (found !== version) throw new Error(`version ${JSON.stringify(found)}`);
    return { local: pairs(local), pods: pairs(pods), ...(Number.isInteger(nextLocal) && { nextLocal }) };
  } catch (error) {
    broken((error as Error).message);
    await rename(path, `${path}.broken`).catch(() => {});
    return none;
  }
}

/**
 * Whole or not at all, whenever this process ends. It need not outlive the machine: nor do the entries that carry the numbers, and so nobody
 * waits for the disk.
 */
export function writeNumbers(path: string, numbers: Numbers): void {
  const next = `${path}.new`;
  writeFileSync(next, JSON.stringify({ version, ...numbers }), { mode: 0o600 });
  renameSync(next, path);
}

function pairs(value: unknown): [string, number][] {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value.filter((pair): pair is [string, number] => typeof pair?.[0] === 'string' && Number.isInteger(pair[1]));
}
