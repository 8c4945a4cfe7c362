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

/** Only reads what the lookup before it returned. */
const FREE = new Set(['datapath-as/core/host/everyPeersMatch']);
/** Called for every packet of a new flow, and too large for the optimizer to inline twice on its own. */
const INLINED = ['datapath-as/core/hash/jhash6'];
/** The compiler's own mark of `@inline`, which its sources can't carry: decorators on functions are not TypeScript. */
const INLINE_DECORATOR = 1 << 6;

interface CompilerProgram {
  readonly elementsByName: ReadonlyMap<string, { decoratorFlags: number }>;
}

function inlineHashes(program: CompilerProgram): void {
  for (const name of INLINED) {
    const prototype = program.elementsByName.get(name);
    if (prototype === undefined) throw new Error(`build-wasm: no function ${name} to inline`);
    prototype.decoratorFlags |= INLINE_DECORATOR;
  }
}

function keepExportedCalls(module: binaryen.Module): void {
  for (let index = 0; index < module.getNumExports(); index += 1) {
    const { kind, value } = binaryen.getExportInfo(module.getExportByIndex(index));
    if (kind === binaryen.ExternalFunction && KEPT.test(value) && !FREE.has(value)) keepCall(module, value);
  }
}

const output = process.argv[2] ?? 'build/datapath.wasm';
mkdirSync(dirname(output), { recursive: true });
const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--baseDir', root, '--outFile', output], {
  transforms: [{ afterInitialize: inlineHashes, afterCompile: keepExportedCalls } as unknown as Transform],
});
if (error) {
  process.stderr.write(`build-wasm: ${output}: ${error.message}\n${stderr.toString()}`);
  process.exitCode = 1;
}
