// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Z3, as the pinned npm package carries it, asked one bit-vector problem at a time.

import { init } from 'z3-solver';
import { type Precision, problem } from './smtlib.ts';
import { inOrder, isFalse, type Term } from './terms.ts';

export type Answer =
  | { readonly verdict: 'impossible' }
  | { readonly verdict: 'possible'; readonly inputs: ReadonlyMap<string, bigint> }
  | { readonly verdict: 'unknown' };

export interface Solver {
  /**
   * Whether the condition can be true for some input. `milliseconds`: after which the answer is "unknown". `until`: the precision at
   * which to stop; a "possible" below "exact" is a guess.
   */
  ask(condition: Term, milliseconds: number, until: Precision): Promise<Answer>;
}

type LowLevel = Awaited<ReturnType<typeof init>>['Z3'];

export async function openSolver(): Promise<Solver> {
  const { Z3 } = await init();
  const ask = async (condition: Term, milliseconds: number, until: Precision): Promise<Answer> => {
    if (isFalse(condition)) return { verdict: 'impossible' };
    for (const precision of precisions(condition, until)) {
      const answer = await put(Z3, condition, milliseconds, precision);
      if (answer.verdict === 'impossible' || precision === until) return answer;
    }
    return { verdict: 'unknown' };
  };
  return { ask };
}

/** The rough problem first: it is small, and mostly enough. */
function precisions(condition: Term, until: Precision): Precision[] {
  if (until !== 'exact') return [until];
  const terms = inOrder([condition]);
  const list: Precision[] = ['exact'];
  const multiplies = terms.some((term) => term.op === 'mul' || term.op === 'udiv');
  if (multiplies) list.unshift('functional');
  if (terms.some((term) => term.op === 'token')) list.unshift('free');
  return list;
}

const yes = 1;
const no = -1;

/**
 * Every question gets a context of its own. The problem goes in by a synchronous call: the package's asynchronous text interface
 * frees the text while the solver's thread still reads it.
 */
async function put(z3: LowLevel, condition: Term, milliseconds: number, precision: Precision): Promise<Answer> {
  const { text, inputs } = problem(condition, precision);
  const context = z3.mk_context(z3.mk_config());
  try {
    const solver = z3.mk_solver_for_logic(context, z3.mk_string_symbol(context, 'QF_BV'));
    z3.solver_inc_ref(context, solver);
    const limits = z3.mk_params(context);
    z3.params_inc_ref(context, limits);
    z3.params_set_uint(context, limits, z3.mk_string_symbol(context, 'timeout'), milliseconds);
    z3.solver_set_params(context, solver, limits);
    z3.solver_from_string(context, solver, text);
    if (z3.get_error_code(context) !== 0)
      throw new Error(`verify: solver: the problem was refused: ${z3.get_error_msg(context, z3.get_error_code(context))}`);
    const verdict = await z3.solver_check(context, solver);
    if (verdict === no) return { verdict: 'impossible' };
    if (verdict !== yes) return { verdict: 'unknown' };
    return { verdict: 'possible', inputs: named(inputs, z3.model_to_string(context, z3.solver_get_model(context, solver))) };
  } finally {
    z3.del_context(context);
  }
}

/** The model's lines `t1 -> #x0a`, by name of input. */
function named(inputs: readonly Term[], model: string): Map<string, bigint> {
  const values = new Map<string, bigint>();
  for (const [, id, value] of model.matchAll(/^t(\d+) -> (#x[0-9a-f]+|#b[01]+|true|false)$/gm)) {
    const term = inputs.find((each) => each.id === Number(id));
    if (!term) continue;
    const name = term.op === 'apply' ? `${term.args[0]!.name}#${term.args[0]!.id}.${term.name}` : term.name;
    values.set(name, value === 'true' ? 1n : value === 'false' ? 0n : BigInt(value!.replace('#', '0')));
  }
  return values;
}
