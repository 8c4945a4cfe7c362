// Files of manifests: paths, folders and globs.

import { glob, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Document } from './document.ts';
import { mostBytes } from './limits.ts';
import { readManifests, refusal } from './read.ts';
import { SourceText } from './source-text.ts';

const extensions = /\.(ya?ml|json)$/;

/**
 * The documents of all files, in the order of the arguments and of names below each. A folder means its manifests, whatever depth. What
 * cannot be read is a document with a problem; nothing throws.
 */
export async function readManifestFiles(paths: readonly string[]): Promise<Document[]> {
  const documents: Document[] = [];
  for (const path of paths) {
    const { files, problem } = await findFiles(path);
    if (problem !== undefined) documents.push(refusal(new SourceText('', path), 0, 'file', problem));
    for (const file of files) documents.push(...(await readManifestFile(file)));
  }
  return documents;
}

async function readManifestFile(file: string): Promise<Document[]> {
  try {
    const { size } = await stat(file);
    if (size > mostBytes) {
      return [refusal(new SourceText('', file), 0, 'too-large', `the file has ${size} bytes: at most ${mostBytes} are read`)];
    }
    return readManifests(await readFile(file, 'utf8'), { file });
  } catch (error) {
    return [refusal(new SourceText('', file), 0, 'file', reason(error))];
  }
}

async function findFiles(path: string): Promise<{ files: string[]; problem?: string }> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return { files: [path] };
    const files = (await collect(join('**', '*'), path)).filter((file) => extensions.test(file)).map((file) => join(path, file));
    return { files };
  } catch (error) {
    if (!/[*?[{]/.test(path)) return { files: [], problem: reason(error) };
  }
  try {
    const files = await collect(path);
    return files.length > 0 ? { files } : { files, problem: 'no file has a name like this' };
  } catch (error) {
    return { files: [], problem: reason(error) };
  }
}

/** Paths from the folder on, absolute ones for an absolute pattern: messages name files as their caller does. */
async function collect(pattern: string, folder = '.'): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of glob(pattern, { cwd: folder, withFileTypes: true })) {
    if (!entry.isDirectory()) files.push(resolve(folder, entry.parentPath, entry.name));
  }
  return (isAbsolute(pattern) ? files : files.map((file) => relative(folder, file))).sort();
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  return error instanceof Error ? error.message : String(error);
}
