// Builds build/datapath.wasm from datapath-as. Functions of the core that are exported stay calls wherever they are called, so that
// a proof about one holds wherever it is used; everything else may be inlined. The same sources give the same bytes.
//
//   node scripts/build-wasm.ts [OUTPUT]

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc, { type Transform } from 'assemblyscript/asc';
import binaryen from 'assemblyscript/binaryen';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Functions with these names that the module exports are kept as calls. */
const KEPT = /^datapath-as\/core\//;

/** Keeps the optimizer from inlining a function. Other callers of binaryen in this process never see the pass argument. */
function keepCall(module: binaryen.Module, name: string): void {
  binaryen.setPassArgument('no-inline', name);
  module.runPasses(['no-inline']);
  binaryen.clearPassArguments();
}

function keepExportedCalls(module: binaryen.Module): void {
  for (let index = 0; index < module.getNumExports(); index += 1) {
    const { kind, value } = binaryen.getExportInfo(module.getExportByIndex(index));
    if (kind === binaryen.ExternalFunction && KEPT.test(value)) keepCall(module, value);
  }
}

const output = process.argv[2] ?? 'build/datapath.wasm';
mkdirSync(dirname(output), { recursive: true });
const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--baseDir', root, '--outFile', output], {
  transforms: [{ afterCompile: keepExportedCalls } as Transform],
});
if (error) {
  process.stderr.write(`build-wasm: ${output}: ${error.message}\n${stderr.toString()}`);
  process.exitCode = 1;
}
