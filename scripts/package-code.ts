// The code of the package: every door of it as one module, with what they share beside them.

import { join } from 'node:path';
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
    define: { YAML_LIBRARY: '"./yaml.cjs"' },
    logLevel: 'warning',
  });
  // A file of its own: who never reads YAML never loads it.
  await build({
    stdin: { contents: "module.exports = require('yaml')", resolveDir: import.meta.dirname },
    outfile: join(folder, 'yaml.cjs'),
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22.18',
    logLevel: 'warning',
  });
}
