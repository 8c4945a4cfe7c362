// Files of manifests: paths, folders, globs, and what cannot be read.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readManifestFiles } from '../../orchestrator/manifests/files.ts';
import { problemText } from '../../orchestrator/manifests/problem-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'manifests-'));
t.teardown(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'sub/deeper'), { recursive: true });
mkdirSync(join(folder, 'odd [1]'));
const texts: Record<string, string> = {
  'a.yaml': 'a: 1\n---\na: 2\n',
  'b.json': '{"b": 1}',
  'sub/c.yml': 'c: 1\n',
  'sub/deeper/d.yaml': 'd: [\n',
  'sub/notes.txt': 'no manifest',
  'odd [1]/e.yaml': 'e: 1\n',
  'latin.txt': '',
};
for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
writeFileSync(join(folder, 'latin.txt'), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]));
writeFileSync(join(folder, 'large.txt'), Buffer.alloc(16 * 1024 * 1024 + 1, 0x20));

/** Objects, or messages without the folder. */
async function read(...paths: string[]): Promise<unknown[]> {
  const documents = await readManifestFiles(paths.map((path) => join(folder, path)));
  return documents.map(
    ({ object, problems }) => object ?? problems.map((problem) => problemText(problem).replaceAll(`${folder}/`, '')).join(),
  );
}

t.test('a path is its file, whatever its name', async (t) => {
  t.same(await read('b.json', 'a.yaml', 'odd [1]/e.yaml'), [{ b: 1 }, { a: 1 }, { a: 2 }, { e: 1 }]);
});

t.test('a folder is its manifests at any depth, and nothing else of it', async (t) => {
  t.same(await read('sub'), [{ c: 1 }, 'sub/deeper/d.yaml:1:4: d: [ is never closed, or goes on in a line that is not indented']);
  t.same(await read('odd [1]'), [{ e: 1 }]);
});

t.test('a glob is the files that it matches, sorted', async (t) => {
  t.same(await read('*.{yaml,json}'), [{ a: 1 }, { a: 2 }, { b: 1 }]);
  t.same(await read('**/*.y*ml'), [
    { a: 1 },
    { a: 2 },
    { e: 1 },
    { c: 1 },
    'sub/deeper/d.yaml:1:4: d: [ is never closed, or goes on in a line that is not indented',
  ]);
});

t.test('what cannot be read is a problem, and hides nothing that can', async (t) => {
  symlinkSync('loop', join(folder, 'loop'));
  t.same(await read('none.yaml', 'none-*.yaml', 'large.txt', 'latin.txt', 'b.json'), [
    'none.yaml:1:1: there is no such file',
    'none-*.yaml:1:1: no file has a name like this',
    'large.txt:1:1: the file has 16777217 bytes: at most 16777216 are read',
    'latin.txt:1:4: not a text: it holds bytes that are not UTF-8',
    { b: 1 },
  ]);
  const [problem] = await read('loop');
  t.match(problem, /^loop:1:1: .*ELOOP/);
});
