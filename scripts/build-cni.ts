// Builds the CNI plugin: one small file of orchestrator/cni that needs nothing but Node. CommonJS, which Node starts faster.
//
//   node scripts/build-cni.ts [OUTPUT]

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Every byte is read and compiled at each start. */
const mostBytes = 10 * 1024;
const [output = join(import.meta.dirname, '../build/cni.cjs')] = process.argv.slice(2);

await build({
  entryPoints: [join(import.meta.dirname, '../orchestrator/cni/plugin.ts')],
  outfile: output,
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node22.18',
  logLevel: 'warning',
});
const { size } = statSync(output);
if (size > mostBytes) {
  process.stderr.write(`build-cni: ${output} has ${size} bytes, more than ${mostBytes}\n`);
  process.exit(1);
}
