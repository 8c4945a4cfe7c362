// Builds build/datapath.bpf.o from kernel/. One clang gives the same bytes wherever the checkout stands: no path of this machine
// gets into the object. Its BTF stays: the loader and the tests read layouts from it.
//
//   node scripts/build-kernel.ts [OUTPUT [SOURCE]]
//
// CLANG in the environment names the compiler; otherwise the newest tested one that is here.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = process.argv[3] ?? 'kernel/datapath.bpf.c';
/** Tested ones first. */
const compilers = ['clang-19', 'clang', 'clang-20', 'clang-18', 'clang-17', 'clang-16'];
/** Debian keeps asm/ apart for each architecture. */
const triplets: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const options = [
  ...['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-c'],
  // The core's layouts are read through other types than they were written.
  '-fno-strict-aliasing',
  ...['-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter', '-Wno-unused-function'],
  ...[`-ffile-prefix-map=${root}=.`, '-ffile-prefix-map=/usr=usr', '-fdebug-compilation-dir=.'],
];

function findClang(): string | undefined {
  const names = process.env.CLANG ? [process.env.CLANG] : compilers;
  return names.find((name) => spawnSync(name, ['--version']).status === 0);
}

function architectureIncludes(): string[] {
  const folder = `/usr/include/${triplets[process.arch] ?? ''}`;
  return existsSync(`${folder}/asm`) ? ['-idirafter', folder] : [];
}

const output = resolve(root, process.argv[2] ?? 'build/datapath.bpf.o');
const clang = findClang();
if (clang === undefined) {
  process.stderr.write('build-kernel: no clang here: apt-get install clang-19 (or set CLANG)\n');
  process.exit(1);
}
mkdirSync(dirname(output), { recursive: true });
const { status, error } = spawnSync(clang, [...options, ...architectureIncludes(), source, '-o', output], { cwd: root, stdio: 'inherit' });
if (error) process.stderr.write(`build-kernel: ${clang}: ${error.message}\n`);
process.exitCode = status ?? 1;
