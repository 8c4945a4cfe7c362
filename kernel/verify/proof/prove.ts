// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Proof of one function: execute it on both machines, let the normaliser discharge what it can, and put the rest to the solver.

import { Unsupported } from '../machine/unsupported.ts';
import type { Solver } from '../terms/solver.ts';
import { forgetTerms, isFalse, termCount } from '../terms/terms.ts';
import type { Executions } from './execution.ts';
import type { CoreFunction } from './functions.ts';
import { guessDifference } from './guess.ts';
import { matchOccurrences } from './matching.ts';
import { obligations } from './obligation.ts';
import { difference, type Question, substituted, unsettled } from './question.ts';

export interface Proof {
  readonly name: string;
  readonly verdict: 'proved' | 'different' | 'open';
  /** Why it is open, or what differs and for which inputs. */
  readonly reason?: string;
  /** Obligations that the normaliser left to the solver. */
  readonly asked: number;
  readonly milliseconds: number;
  readonly terms: number;
}

const guessSeed = 1;

export async function prove(core: CoreFunction, executions: Executions, solver: Solver, timeoutMs = 30_000): Promise<Proof> {
  const start = performance.now();
  forgetTerms();
  let left: Question[] = [];
  const done = (verdict: Proof['verdict'], reason?: string): Proof => ({
    name: core.name,
    verdict,
    ...(reason === undefined ? {} : { reason }),
    asked: left.length,
    milliseconds: Math.round(performance.now() - start),
    terms: termCount(),
  });
  try {
    const execution = executions.execute(core);
    left = obligations(execution);
    const guess = guessDifference(left, guessSeed);
    if (guess) return done('different', `${guess.what}: ${example(guess.inputs)}`);
    if (left.length > 0) {
      const substitution = await matchOccurrences(execution, solver);
      left = left.map((each) => substituted(each, substitution)).filter((each) => !isFalse(difference(each)));
    }
  } catch (error) {
    if (error instanceof Unsupported) return done('open', error.message);
    throw error;
  }
  for (const { what, ...question } of await unsettled(left, solver, timeoutMs)) {
    const answer = await solver.ask(difference({ what, ...question }), timeoutMs, 'exact');
    if (answer.verdict === 'unknown') return done('open', `the solver did not decide in ${timeoutMs} ms whether ${what}`);
    if (answer.verdict === 'possible') return done('different', `${what}: ${example(answer.inputs)}`);
  }
  return done('proved');
}

/** The inputs of a counterexample that are not zero. */
function example(inputs: ReadonlyMap<string, bigint>): string {
  const parts = [...inputs].filter(([, value]) => value !== 0n).map(([name, value]) => `${name} = 0x${value.toString(16)}`);
  return parts.length === 0 ? 'every input 0' : parts.slice(0, 24).join(', ');
}
