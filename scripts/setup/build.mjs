// Outputs in build/: made again when a source is newer. Time stamps suffice, since outputs are never committed.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, run, say } from './say.mjs';

const outputs = [
  {
    file: 'build/datapath.wasm',
    script: 'scripts/build-wasm.ts',
    sources: ['datapath-as', 'asconfig.json', 'scripts/build-wasm.ts', 'node_modules/assemblyscript/package.json'],
    needs: [],
  },
  {
    file: 'build/datapath.bpf.o',
    script: 'scripts/build-kernel.ts',
    sources: ['kernel/datapath.bpf.c', 'kernel/lib', 'kernel/generated', 'scripts/build-kernel.ts'],
    needs: ['clang', 'bpf/bpf_helpers.h', 'linux/bpf.h'],
  },
  {
    file: 'build/cni.cjs',
    script: 'scripts/build-cni.ts',
    sources: ['orchestrator/cni', 'scripts/build-cni.ts', 'node_modules/esbuild/package.json'],
    needs: [],
  },
  {
    file: 'build/package/axoneme.js',
    script: 'scripts/build-package.ts',
    sources: ['orchestrator', 'scripts/build-package.ts', 'scripts/package-code.ts', 'scripts/package-libraries.ts', 'package-lock.json'],
    needs: [],
  },
];

export async function buildIfStale(missing) {
  const failed = (await Promise.all(outputs.map((output) => buildOne(output, missing)))).filter((script) => script !== undefined);
  if (failed.length > 0) fail(`${failed.join(' and ')} failed: the message stands above`);
}

/** The script that failed, if any. */
async function buildOne({ file, script, sources, needs }, missing) {
  const lacking = needs.filter((need) => missing.includes(need));
  if (lacking.length > 0) {
    // An object that was built before still loads; without one, kernel mode explains itself at run time.
    say(`${file} is not built: ${lacking.join(', ')} missing`);
    return undefined;
  }
  const newest = Math.max(...sources.map(newestChange));
  if (existsSync(file) && statSync(file).mtimeMs >= newest) return undefined;
  say(`building ${file}`);
  return (await run('node_modules/.bin/node', [script])) ? undefined : script;
}

function newestChange(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}
