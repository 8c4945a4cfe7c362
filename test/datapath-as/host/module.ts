// The host by itself as a module: compiled from datapath-as/host with the product's options, and cached in build/ under a hash of the
// sources.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { Host, hostMemory } from './instance.ts';

const root = join(import.meta.dirname, '../../..');
const hostFolder = 'datapath-as/host';
const entry = `
export * from './${hostFolder}/create';
export * from './${hostFolder}/maps';
export * from './${hostFolder}/copy';
export { lookup, lookupArray, lookupNumber } from './${hostFolder}/lookup';
export { policyMatches } from './${hostFolder}/lookup-policy';
export { longestChain, bucketCount } from './${hostFolder}/statistics';
export { selectWorker, heapBreak } from './${hostFolder}/memory';
export { hashKey as keyHash } from './${hostFolder}/hash-key';
`;
const options = '--runtime stub --noAssert -O3 --enable threads --sharedMemory --importMemory --noExportMemory --initialMemory 642';

function sources(): string[] {
  const files = readdirSync(join(root, hostFolder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return [...files.map((name) => join(root, hostFolder, name)), join(root, 'datapath-as/core/enum/policy.ts')].sort();
}

/** The compiled bytes. `extra` is AssemblyScript that is compiled with them, for loops that must run inside. */
export async function hostModule(extra = ''): Promise<WebAssembly.Module> {
  const hash = createHash('sha256').update(entry + extra + options);
  for (const path of sources()) hash.update(readFileSync(path));
  const cached = join(root, `build/test/host-${hash.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(cached)) await compile(cached, entry + extra);
  return new WebAssembly.Module(readFileSync(cached));
}

async function compile(target: string, text: string): Promise<void> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['host-entry.ts', '--outFile', 'host.wasm', '--maximumMemory', '65536', ...options.split(' ')], {
    readFile: (name) => (name === 'host-entry.ts' ? text : readSource(join(root, name))),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || binary === undefined) throw new Error(`host: not compiled: ${error?.message}\n${stderr.toString()}`);
  mkdirSync(join(root, 'build/test'), { recursive: true });
  const partial = `${target}.${process.pid}`;
  writeFileSync(partial, binary);
  renameSync(partial, target);
}

/** Sources only: the compiler would take up the product's asconfig.json too. */
function readSource(path: string): string | null {
  return path.endsWith('.ts') && existsSync(path) ? readFileSync(path, 'utf8') : null;
}

export async function openHost(pages?: number): Promise<Host> {
  return new Host(await hostModule(), hostMemory(pages));
}
