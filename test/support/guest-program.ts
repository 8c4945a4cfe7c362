// Programs for a guest, each in one file: emulated, a Node that reads and strips hundreds of sources takes longer than what they do.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { root } from './sources.ts';

/** What lies beside a source is found from there, as if nothing had been put together. */
const ownPlace: Plugin = {
  name: 'own place',
  setup({ onLoad }) {
    onLoad({ filter: /\.[mc]?[jt]s$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta')) return undefined;
      const place = `{ url: ${JSON.stringify(pathToFileURL(path).href)}, filename: ${JSON.stringify(path)} }`;
      return { contents: text.replaceAll(/\bimport\.meta\b/g, `(${place})`), loader: path.endsWith('ts') ? 'ts' : 'js' };
    });
  },
};

/** Writes `text`, a module at the root of the checkout, with all that it imports but koffi, as `output`. */
export async function buildGuestProgram(text: string, output: string): Promise<void> {
  await build({
    stdin: { contents: text, resolveDir: root, sourcefile: 'guest.ts', loader: 'ts' },
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['koffi'],
    plugins: [ownPlace],
    // What is CommonJS among it still asks for Node's own modules by `require`.
    banner: { js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);" },
    logLevel: 'error',
  });
}
