// Translation: what C computes is what AssemblyScript computes, program by program; and no program leans on what C leaves undefined.
import t, { type Test } from 'tap';
import type { Scalar } from '../../../kernel/codegen/tree.ts';
import { type Program, prelude, randomNumbers, randomProgram } from './random-program.ts';
import { semantics } from './semantics.ts';
import { callNative, callWasm, hostCompiler, type Row, randomRow, wasmOf } from './two-machines.ts';

const compiler = hostCompiler();
const skip = compiler === undefined ? 'no C compiler for this host' : false;
const seed = Number(process.env.SEED ?? 20_000);

/** Ends the program where its C has no defined meaning. */
function trapOnUndefined(): string[] {
  return ['-O1', '-fsanitize=undefined', /clang/.test(compiler!) ? '-fsanitize-trap=undefined' : '-fsanitize-undefined-trap-on-error'];
}

interface Comparison {
  readonly rows: Row[][];
  readonly wasm: Row[][];
  readonly optimised: Row[][];
  readonly checked: Row[][];
}

async function compare(programs: readonly Program[], rowsEach: number): Promise<Comparison> {
  const text = prelude + programs.map((program) => program.text).join('');
  const random = randomNumbers(seed);
  const rows = programs.map((program) => Array.from({ length: rowsEach }, () => randomRow(random, program)));
  const instance = await wasmOf(text, '-O3');
  return {
    rows,
    wasm: programs.map((program, i) => rows[i]!.map((row) => callWasm(instance, program, row))),
    optimised: await callNative(compiler!, ['-O2'], text, programs, rows),
    checked: await callNative(compiler!, trapOnUndefined(), text, programs, rows),
  };
}

function show({ values, bytes }: Row): string {
  return `${values.join(', ')} | ${Buffer.from(bytes).toString('hex')}`;
}

function expectEqual(t: Test, { rows, wasm, ...native }: Comparison, i: number, text: string): void {
  for (const [how, found] of Object.entries(native)) {
    const wrong = found[i]!.findIndex((row, k) => show(row) !== show(wasm[i]![k]!));
    if (wrong < 0) t.ok(found[i]!.length > 0, how);
    else t.equal(show(found[i]![wrong]!), show(wasm[i]![wrong]!), `${how}, SEED=${seed}, called with ${show(rows[i]![wrong]!)}:\n${text}`);
  }
}

t.test('what C would do differently', { skip }, async (t) => {
  const programs = semantics.map(({ text }, i): Program => {
    const [returns = '', ...parameters] = [/p: Fields\): (\w+)/, /\ba: (\w+), b/, /\bb: (\w+), c/, /\bc: (\w+), p/].map(
      (pattern) => pattern.exec(text)![1],
    );
    return {
      name: `f${i}`,
      text: text.replace('function f(', `function f${i}(`),
      returns: returns as Scalar,
      parameters: parameters as Scalar[],
    };
  });
  const comparison = await compare(programs, 2000);
  for (const [i, { name, text }] of semantics.entries()) await t.test(name, async (t) => expectEqual(t, comparison, i, text));
});

t.test('100 random programs compute the same on both machines', { skip }, async (t) => {
  t.comment(`SEED=${seed}`);
  const programs = Array.from({ length: 100 }, (_, i) => randomProgram(`f${i}`, seed + i));
  const comparison = await compare(programs, 300);
  for (const [i, { text }] of programs.entries()) expectEqual(t, comparison, i, text);
});
