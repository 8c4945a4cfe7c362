// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Proof of one function: execute it on both machines, let the normaliser discharge what it can, and put the rest to the solver.

import type { Executions } from './execution.ts';
import type { CoreFunction } from './functions.ts';
import { type Obligation, obligations } from './obligation.ts';
import { or } from './normalise-boolean.ts';
import type { Solver } from './solver.ts';
import { forgetTerms, termCount } from './terms.ts';
import { Unsupported } from './unsupported.ts';

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

/** All obligations in one question first; it is usually answered, and quickly. */
const togetherMs = 5_000;

export async function prove(core: CoreFunction, executions: Executions, solver: Solver, timeoutMs = 30_000): Promise<Proof> {
  const start = performance.now();
  forgetTerms();
  let left: Obligation[] = [];
  const done = (verdict: Proof['verdict'], reason?: string): Proof => ({
    name: core.name, verdict, ...(reason === undefined ? {} : { reason }), asked: left.length,
    milliseconds: Math.round(performance.now() - start), terms: termCount(),
  });
  try {
    left = obligations(executions.execute(core));
  } catch (error) {
    if (error instanceof Unsupported) return done('open', error.message);
    throw error;
  }
  const all = await solver.ask(or(...left.map((each) => each.violation)), Math.min(timeoutMs, togetherMs));
  if (all.verdict === 'impossible') return done('proved');
  for (const { what, violation } of left) {
    const answer = await solver.ask(violation, timeoutMs);
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
