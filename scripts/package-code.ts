// The code of the package: every door of it as one module, with what they share beside them.

import { build } from 'esbuild';

export async function bundleCode(folder: string): Promise<void> {
  await build({
    entryPoints: { index: 'orchestrator/exports.ts', testing: 'orchestrator/testing/exports.ts', axoneme: 'orchestrator/main.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // The oldest Node in package.json's engines: it has no `using` yet.
    target: 'node22.18',
    // Packages of their own: native code, which is optional, and a client that reads its protocol from files beside it.
    external: ['koffi', 'etcd3'],
    logLevel: 'warning',
  });
}
