// The module: what it imports and exports, that proofs find the calls they look for, that sources decide its bytes, and its door.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import binaryen from 'assemblyscript/binaryen';
import t from 'tap';
import { read, root } from '../../support/sources.ts';
import { datapathModule } from './machine.ts';

const readme = read('datapath-as/README.md');
const names = WebAssembly.Module.exports(datapathModule()).map(({ name }) => name);

/** Names that a file exports, those of the files it passes on included. */
function exportedBy(path: string): string[] {
  const text = read(path);
  const lists = [...text.matchAll(/^export \{([^}]+)\}/gm)].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
  const passedOn = [...text.matchAll(/^export \* from '(.+)'/gm)].flatMap(([, from = '']) => exportedBy(join(dirname(path), `${from}.ts`)));
  return [...passedOn, ...lists, ...[...text.matchAll(/^export function (\w+)/gm)].map(([, name = '']) => name)].filter(
    (name) => name !== '',
  );
}

t.test('the memory is all it imports', async (t) => {
  t.same(WebAssembly.Module.imports(datapathModule()), [{ module: 'env', name: 'memory', kind: 'memory' }]);
});

t.test('the door names every export that is not the core’s', async (t) => {
  const rows = [...readme.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const core = [...exportedBy('datapath-as/core/exports.ts'), ...exportedBy('datapath-as/core/host.ts')];
  t.same(rows.toSorted(), names.filter((name) => !core.includes(name)).toSorted());
  t.same(
    core.filter((name) => !names.includes(name)),
    [],
    'and the core’s are there too',
  );
});

t.test('the example at the door does what it says', async (t) => {
  const [, code = ''] = /```js\n(.+?)```/s.exec(readme) ?? [];
  const [, said] = /\/\/ (\d+):/.exec(code) ?? [];
  const lines = code.trim().split('\n');
  const run = new Function('readFileSync', [...lines.slice(0, -1), `return ${lines.at(-1)}`].join('\n'));
  t.equal(
    run((path: string) => readFileSync(join(root, path))),
    Number(said),
  );
});

t.test('exported functions of the core are called, not inlined', async (t) => {
  const text = binaryen.readBinary(readFileSync(join(root, 'build/datapath.wasm'))).emitText();
  const called = new Set([...text.matchAll(/\(call \$(\S+?)[\s)]/g)].map(([, name]) => name));
  const functionOf = new Map([...text.matchAll(/\(export "(\w+)" \(func \$(\S+?)\)\)/g)].map(([, name = '', to]) => [name, to]));
  for (const name of [
    'hasExpired',
    'checksumFold',
    'isReply',
    'scaleHash',
    'addressSlot',
    'policyVerdict',
    'decide',
    'lookupConfig',
    'lookupEpoch',
    'lookupConntrack',
  ]) {
    t.ok(called.has(functionOf.get(name) ?? ''), name);
  }
  t.notMatch(text, /\(start /, 'nothing runs before it is called');
});

t.test('the same sources give the same bytes: building again gives what was built', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const output = join(folder, 'again.wasm');
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-wasm.ts', output], { cwd: root, encoding: 'utf8' });
  t.equal(status, 0, stderr);
  t.ok(readFileSync(output).equals(readFileSync(join(root, 'build/datapath.wasm'))));
});
