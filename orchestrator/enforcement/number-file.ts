// Number file: which numbers prefixes and label sets have here, kept over restarts, so that entries of an earlier life stay true.

import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Numbers {
  /** By the text of their meaning. */
  readonly local: readonly (readonly [text: string, number: number])[];
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
    const { version: found, local, pods } = JSON.parse(text);
    if (found !== version) throw new Error(`version ${JSON.stringify(found)}`);
    return { local: pairs(local), pods: pairs(pods) };
  } catch (error) {
    broken((error as Error).message);
    await rename(path, `${path}.broken`).catch(() => {});
    return none;
  }
}

/** Whole or not at all, also when the power fails. */
export async function writeNumbers(path: string, { local, pods }: Numbers): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify({ version, local, pods }));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const folder = await open(dirname(join(path)), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function pairs(value: unknown): [string, number][] {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value.filter((pair): pair is [string, number] => typeof pair?.[0] === 'string' && Number.isInteger(pair[1]));
}
