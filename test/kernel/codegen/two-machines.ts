// Two machines for one source: the WASM that AssemblyScript makes of it, and the C that the generator makes of it, compiled for this host.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asc } from '../../../kernel/codegen/compiler-shapes.ts';
import type { Scalar } from '../../../kernel/codegen/tree.ts';
import { coreText, headerText } from './core-text.ts';
import { fields, type Program } from './random-program.ts';

/** One call: three arguments, then the bytes of Fields. The result is the value and the bytes afterwards. */
export interface Row {
  readonly values: readonly bigint[];
  readonly bytes: Uint8Array;
}

export const rowSize = 24 + 32;

/** A value as its type holds it. */
export function held(value: bigint, type: Scalar): bigint {
  if (type === 'bool') return value & 1n;
  const width = Number(type.slice(1));
  return type.startsWith('i') ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

/** A C compiler of this host, if there is one. */
export function hostCompiler(): string | undefined {
  return ['clang-19', 'clang', 'gcc', 'cc'].find((name) => spawnSync(name, ['--version']).status === 0);
}

export async function wasmOf(text: string, level: string): Promise<WebAssembly.Instance> {
  const sources = coreText(text);
  let binary: Uint8Array | undefined;
  const silent = { write: () => undefined };
  const { error } = await asc.main(
    [...sources.entries, '--runtime', 'stub', '--noAssert', level, '--initialMemory', '1', '-o', 'core.wasm'],
    {
      readFile: (path) => sources.read(path) ?? null,
      writeFile: (_, contents) => {
        binary = contents as Uint8Array;
      },
      listFiles: () => [],
      stdout: silent,
      stderr: silent,
      reportDiagnostic: () => undefined,
    },
  );
  if (error !== null || binary === undefined) throw error ?? new Error('asc: no output');
  return new WebAssembly.Instance(new WebAssembly.Module(binary), {});
}

/** What a program's WASM answers: the value as 64 bits, and the bytes. */
export function callWasm(instance: WebAssembly.Instance, { name, parameters, returns }: Program, row: Row): Row {
  const memory = new Uint8Array((instance.exports.memory as WebAssembly.Memory).buffer);
  const address = 4096;
  memory.set(row.bytes, address);
  const values = row.values.map((value, i) => (/64/.test(parameters[i]!) ? value : Number(value)));
  const raw = (instance.exports[name] as (...values: unknown[]) => number | bigint)(...values, address);
  const value = returns === 'u32' ? BigInt(raw) & 0xffffffffn : BigInt(raw);
  return { values: [BigInt.asUintN(64, value)], bytes: memory.slice(address, address + 32) };
}

function harness(programs: readonly Program[], rows: number): string {
  const calls = programs.map(({ name, parameters, returns }, i) => {
    const list = parameters.map((type, k) => `(${type})in[${k}]`).join(', ');
    return `\tcase ${i}: in[0] = (u64)(${returns.startsWith('i') ? 'i64' : 'u64'})${name}(${list}, (struct fields *)(in + 3)); break;\n`;
  });
  return `#include "core.h"
#include <stdio.h>
int main(void)
{
	u64 in[${rowSize / 8}];
	for (int program = 0; program < ${programs.length}; program++) {
		for (int row = 0; row < ${rows}; row++) {
			if (fread(in, sizeof(in), 1, stdin) != 1) return 1;
			switch (program) {
${calls.join('')}			}
			if (fwrite(in, sizeof(in), 1, stdout) != 1) return 1;
		}
	}
	return 0;
}
`;
}

/** A random program need not use its own locals, and may compare with what a type cannot hold. */
const warnings = ['-Wall', '-Werror', '-Wno-unused-variable', '-Wno-unused-but-set-variable', '-Wno-tautological-compare'];

/** Compiles the programs' C with `options` and runs all rows of all programs; rows of one program follow each other. */
export async function callNative(
  compiler: string,
  options: readonly string[],
  text: string,
  programs: readonly Program[],
  rows: readonly (readonly Row[])[],
): Promise<Row[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'core-'));
  try {
    const source = join(folder, 'core.c');
    const program = join(folder, 'core');
    writeFileSync(join(folder, 'core.h'), await headerText(text));
    writeFileSync(source, harness(programs, rows[0]!.length));
    const compiled = spawnSync(compiler, ['-std=gnu11', '-fno-strict-aliasing', ...warnings, ...options, source, '-o', program], {
      encoding: 'utf8',
    });
    if (compiled.status !== 0) throw new Error(`${compiler}: ${compiled.stderr}`);
    const input = Buffer.alloc(rows.flat().length * rowSize);
    rows.flat().forEach((row, i) => {
      for (const [k, value] of row.values.entries()) input.writeBigUInt64LE(BigInt.asUintN(64, value), i * rowSize + k * 8);
      input.set(row.bytes, i * rowSize + 24);
    });
    const ran = spawnSync(program, [], { input, maxBuffer: input.length * 2 });
    if (ran.status !== 0) throw new Error(`native: ended with ${ran.signal ?? ran.status}`);
    let at = 0;
    return rows.map((some) =>
      some.map(() => {
        const row = ran.stdout.subarray(at, at + rowSize);
        at += rowSize;
        return { values: [row.readBigUInt64LE(0)], bytes: new Uint8Array(row.subarray(24)) };
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Arguments and bytes for a program: corners of the types as often as anything else. */
export function randomRow(random: () => number, { parameters }: Program): Row {
  const corners = [
    0n,
    1n,
    2n,
    0x7fn,
    0x80n,
    0xffn,
    0x7fffn,
    0x8000n,
    0x7fffffffn,
    0x80000000n,
    0x7fffffffffffffffn,
    0x8000000000000000n,
    -1n,
  ];
  const wide = () => (random() % 2 === 0 ? corners[random() % corners.length]! : (BigInt(random()) << 32n) | BigInt(random()));
  const values = parameters.map((type) => held(wide(), type));
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (const { type, offset } of fields) {
    const width = Number(type.slice(1));
    if (width === 64) view.setBigUint64(offset, BigInt.asUintN(64, wide()), true);
    else if (width === 32) view.setUint32(offset, Number(BigInt.asUintN(32, wide())), true);
    else if (width === 16) view.setUint16(offset, Number(BigInt.asUintN(16, wide())), true);
    else view.setUint8(offset, Number(BigInt.asUintN(8, wide())));
  }
  return { values, bytes };
}
