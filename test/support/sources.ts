// The repository's own files as data, for tests about its shape.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import ts from 'typescript';

export const root = normalize(join(import.meta.dirname, '../..'));

const outside = new Set(['node_modules', 'build', 'dist', '.git', '.tap']);

/** Files below a folder of the repository, as paths from its root, sorted. */
export function filesBelow(folder = '.'): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (outside.has(entry.name)) continue;
    const path = normalize(join(folder, entry.name));
    if (entry.isDirectory()) found.push(...filesBelow(path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function isGenerated(path: string): boolean {
  return path.split('/').includes('generated');
}

/** Names directly in a folder, folders with a slash at their end. */
export function namesIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => !outside.has(name))
    .map((name) => (statSync(join(root, folder, name)).isDirectory() ? `${name}/` : name))
    .sort();
}

/** What a TypeScript, AssemblyScript or .mjs file imports from this repository, as paths from its root. */
export function localImports(path: string): string[] {
  const { importedFiles } = ts.preProcessFile(read(path), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, join(root, dirname(path), name)))
    .map((target) => (/\.(ts|mjs|js)$/.test(target) ? target : `${target}.ts`));
}
