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
   * Whether the condition can be true for some input. `milliseconds`: of processor time, after which the answer is "unknown": what is proved
   * does not depend on who else uses the machine. `until`: the precision at which to stop; a "possible" below "exact" is a guess.
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

/** The same solver, which says "unknown" to everything once its answers have taken so much processor time together. */
export function withBudget(solver: Solver, totalMs: number): Solver {
  let left = totalMs;
  return {
    async ask(condition, milliseconds, until) {
      if (left <= 0) return { verdict: 'unknown' };
      const begun = process.cpuUsage();
      const answer = await solver.ask(condition, Math.min(milliseconds, left), until);
      left -= processorMs(begun);
      return answer;
    },
  };
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
  let stop: (() => void) | undefined;
  try {
    const solver = z3.mk_solver_for_logic(context, z3.mk_string_symbol(context, 'QF_BV'));
    z3.solver_inc_ref(context, solver);
    z3.solver_from_string(context, solver, text);
    if (z3.get_error_code(context) !== 0)
      throw new Error(`verify: solver: the problem was refused: ${z3.get_error_msg(context, z3.get_error_code(context))}`);
    stop = interruptAfter(milliseconds, () => z3.interrupt(context));
    const verdict = await z3.solver_check(context, solver);
    if (verdict === no) return { verdict: 'impossible' };
    if (verdict !== yes) return { verdict: 'unknown' };
    return { verdict: 'possible', inputs: named(inputs, z3.model_to_string(context, z3.solver_get_model(context, solver))) };
  } finally {
    stop?.();
    z3.del_context(context);
  }
}

const lookEveryMs = 20;
/** However little of the processor it gets. */
const mostWallTimes = 20;

/** The solver's own time limit takes a thread of its few, and now and then gets none: then it would never end. */
function interruptAfter(milliseconds: number, interrupt: () => void): () => void {
  const [begun, start] = [process.cpuUsage(), performance.now()];
  const timer = setInterval(() => {
    if (processorMs(begun) > milliseconds || performance.now() - start > milliseconds * mostWallTimes) interrupt();
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** What this process, whose only work is the solver's meanwhile, has used since then. */
function processorMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
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
