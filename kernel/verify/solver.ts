// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Z3, as the pinned npm package carries it, asked one bit-vector problem at a time.

import { init } from 'z3-solver';
import { problem } from './smtlib.ts';
import { inOrder, isFalse, type Term } from './terms.ts';

export type Answer =
  | { readonly verdict: 'impossible' }
  | { readonly verdict: 'possible'; readonly inputs: ReadonlyMap<string, bigint> }
  | { readonly verdict: 'unknown' };

export interface Solver {
  /** Whether the condition can be true for some input. `milliseconds`: after which the answer is "unknown". */
  ask(condition: Term, milliseconds: number): Promise<Answer>;
}

type LowLevel = Awaited<ReturnType<typeof init>>['Z3'];

export async function openSolver(): Promise<Solver> {
  const { Z3 } = await init();
  const context = Z3.mk_context(Z3.mk_config());
  const ask = async (condition: Term, milliseconds: number): Promise<Answer> => {
    if (isFalse(condition)) return { verdict: 'impossible' };
    const multiplies = inOrder([condition]).some((term) => term.op === 'mul' || term.op === 'udiv');
    if (multiplies) {
      const abstract = await put(Z3, context, condition, milliseconds, true);
      if (abstract.verdict === 'impossible') return abstract;
    }
    return put(Z3, context, condition, milliseconds, false);
  };
  return { ask };
}

async function put(z3: LowLevel, context: ReturnType<LowLevel['mk_context']>, condition: Term, milliseconds: number, abstract: boolean): Promise<Answer> {
  const { text, inputs } = problem(condition, abstract);
  const header = `(reset)\n(set-option :timeout ${milliseconds})\n(set-logic QF_BV)\n`;
  const reply = await z3.eval_smtlib2_string(context, `${header}${text}(check-sat)\n`);
  if (reply.startsWith('unsat')) return { verdict: 'impossible' };
  if (!reply.startsWith('sat')) {
    if (reply.includes('error')) throw new Error(`verify: solver: ${reply.trim()}`);
    return { verdict: 'unknown' };
  }
  if (inputs.length === 0) return { verdict: 'possible', inputs: new Map() };
  const values = await z3.eval_smtlib2_string(context, `(get-value (${inputs.map((term) => `t${term.id}`).join(' ')}))\n`);
  return { verdict: 'possible', inputs: named(inputs, values) };
}

/** The solver's `((t1 #x0a) (t2 true))` by name of input. */
function named(inputs: readonly Term[], reply: string): Map<string, bigint> {
  const values = new Map<string, bigint>();
  for (const [, id, value] of reply.matchAll(/\(t(\d+) (#x[0-9a-f]+|#b[01]+|true|false)\)/g)) {
    const term = inputs.find((each) => each.id === Number(id));
    if (!term) continue;
    const name = term.op === 'apply' ? `${term.args[0]!.name}#${term.args[0]!.id}.${term.name}` : term.name;
    values.set(name, value === 'true' ? 1n : value === 'false' ? 0n : BigInt(value!.replace('#', '0')));
  }
  return values;
}
