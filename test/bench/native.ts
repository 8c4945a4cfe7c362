// The native yardstick: C built with gcc -O2 when a benchmark needs it, run once a round over tables in files.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('native', import.meta.url));
/** Where built programs and tables lie. */
export const workFolder = fileURLToPath(new URL('../../build/bench', import.meta.url));

/** One round of a native program. */
export interface NativeRound {
  readonly nanoseconds: number;
  /** What the operations found, summed up: equal work gives an equal sum. */
  readonly sum: bigint;
}

export type NativeProgram = (operations: number, flows: number) => NativeRound;

/** Path of native/NAME.c, or of all that is in native/NAME, built. Throws with the compiler's words. */
export function buildProgram(name: string, flags: readonly string[] = []): string {
  mkdirSync(workFolder, { recursive: true });
  const program = `${workFolder}/${name}`;
  const compiler = process.env.CC ?? 'gcc';
  const built = spawnSync(compiler, ['-O2', '-Wall', ...flags, '-o', program, ...sourcesOf(name)], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`bench: ${name}: ${built.error?.message ?? built.stderr}`);
  return program;
}

function sourcesOf(name: string): string[] {
  if (!existsSync(`${sources}/${name}`)) return [`${sources}/${name}.c`];
  const files = readdirSync(`${sources}/${name}`).filter((file) => file.endsWith('.c'));
  return files.map((file) => `${sources}/${name}/${file}`);
}

/** Builds native/NAME.c; `tables` are its first arguments. Throws with the compiler's words. */
export function buildNative(name: string, tables: readonly string[]): NativeProgram {
  const program = buildProgram(name);
  return (operations, flows) => {
    const { status, stdout, error } = spawnSync(program, [...tables, String(operations), String(flows)], { encoding: 'utf8' });
    const match = /^([\d.]+) (\d+)/.exec(stdout ?? '');
    if (status !== 0 || match === null) throw new Error(`bench: ${name}: ${error?.message ?? `ended with ${status}`}`);
    return { nanoseconds: Number(match[1]), sum: BigInt(match[2] ?? 0) };
  };
}
