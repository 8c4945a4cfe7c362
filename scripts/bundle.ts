// Makes dist/, the code of the npm package: bundled modules, their types, the compiled datapath. Needs what `npm run build` makes.
//
//   node scripts/bundle.ts

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCode } from './package-code.ts';
import { thirdPartyText } from './third-party.ts';

const root = join(import.meta.dirname, '..');
const artifacts = ['datapath.wasm', 'datapath.bpf.o', 'cni.cjs'];
process.chdir(root);

for (const name of artifacts) {
  if (!existsSync(`build/${name}`)) {
    process.stderr.write(`bundle: build/${name} is missing: "npm run build" makes it\n`);
    process.exit(1);
  }
}
rmSync('dist', { recursive: true, force: true });
const bundled = await bundleCode('dist');
chmodSync('dist/axoneme.js', 0o755);
for (const name of artifacts) copyFileSync(`build/${name}`, `dist/${name}`);
cpSync('orchestrator/cli/demo/shop', 'dist/shop', { recursive: true });
writeFileSync('dist/THIRD-PARTY.txt', thirdPartyText(bundled));

const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.package.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

// Users without TypeScript's browser library have no names for a module and its memory; with it, the declarations merge.
const declarations = readdirSync('dist/types', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.d.ts'));
const texts = declarations.map((path) => readFileSync(join('dist/types', path), 'utf8')).join('\n');
const names = [...new Set(texts.match(/(?<=\bWebAssembly\.)[A-Z]\w+/g))].sort();
const interfaces = names.map((name) => `  interface ${name} {}\n`).join('');
writeFileSync('dist/types/webassembly.d.ts', `declare namespace WebAssembly {\n${interfaces}}\n`);
for (const [entry, names] of [
  ['exports.d.ts', './webassembly.d.ts'],
  ['testing/exports.d.ts', '../webassembly.d.ts'],
]) {
  const path = `dist/types/${entry}`;
  writeFileSync(path, `/// <reference path="${names}" />\n${readFileSync(path, 'utf8')}`);
}
