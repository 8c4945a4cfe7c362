// The code of the package: every door of it as one module, with what they share beside them. A command imports its chunks when it runs.

import { build, type Plugin } from 'esbuild';
import { bundleLibrary, libraries, partsOf } from './package-libraries.ts';

/** Our code names a library, the package has it as a file beside the code. */
const librariesBeside: Plugin = {
  name: 'libraries-beside',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[@a-z]/ }, ({ path }) => (path in libraries ? { path: `./${libraries[path]}`, external: true } : undefined)),
};

/** Files that became part of it. */
export async function bundleCode(folder: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: { index: 'orchestrator/exports.ts', testing: 'orchestrator/testing/exports.ts', axoneme: 'orchestrator/main.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // The oldest Node in package.json's engines: it has no `using` yet.
    target: 'node22.18',
    // Native code, which is optional.
    external: ['koffi'],
    plugins: [librariesBeside],
    // Names and lines stay, for stacks; without comments a process holds half as much of its own text.
    minifyWhitespace: true,
    lineLimit: 140,
    define: { YAML_LIBRARY: JSON.stringify(`./${libraries.yaml}`) },
    metafile: true,
    logLevel: 'warning',
  });
  const others = await Promise.all(Object.keys(libraries).map((name) => bundleLibrary(name, folder)));
  return [...partsOf(metafile), ...others.flat()];
}
