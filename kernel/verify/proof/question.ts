// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Questions: whether, under a condition, pairs of terms can differ. Most pairs are choices among the same opaque words made in
// another order; then it is enough that the machines never choose different words, and no bit of the words needs to be looked at.

import { and, not, or } from '../terms/normalise-boolean.ts';
import { equal } from '../terms/normalise-compare.ts';
import { cuts, extract } from '../terms/normalise-slices.ts';
import type { Solver } from '../terms/solver.ts';
import type { Substitution } from '../terms/substitute.ts';
import { inOrder, type Term, truth } from '../terms/terms.ts';

export interface Question {
  /** What would be wrong, for the counterexample. */
  readonly what: string;
  readonly guard: Term;
  readonly pairs: readonly (readonly [Term, Term])[];
}

export function substituted(question: Question, substitution: Substitution): Question {
  const pairs = question.pairs.map(([a, b]) => [substitution.of(a), substitution.of(b)] as const);
  return { what: question.what, guard: substitution.of(question.guard), pairs };
}

/** The condition that some pair differs. */
export function difference({ guard, pairs }: Question): Term {
  return and(guard, or(...pairs.map(([a, b]) => not(equal(a, b)))));
}

/** A condition that holds whenever some pair differs, and perhaps at other times, but has no words in it. */
function roughDifference({ guard, pairs }: Question): Term {
  return and(guard, or(...pairs.map(([a, b]) => roughlyDiffers(a, b))));
}

function roughlyDiffers(a: Term, b: Term): Term {
  if (a === b) return truth(false);
  if (a.op === 'concat' || b.op === 'concat') {
    const edges = cuts(a, b);
    const pieces = edges.slice(1).map((low, i) => roughlyDiffers(extract(edges[i]! - 1, low, a), extract(edges[i]! - 1, low, b)));
    return or(...pieces);
  }
  if (a.op !== 'ite' && b.op !== 'ite') return isOpaque(a) && isOpaque(b) ? truth(true) : not(equal(a, b));
  const left = choices(a);
  const right = choices(b);
  const different: Term[] = [];
  for (const [x, here] of left) {
    for (const [y, there] of right) if (x !== y) different.push(and(here, there, roughlyDiffers(x, y)));
  }
  return or(...different);
}

/** A word of which nothing is known but that it is one word; two such words are taken to differ. */
function isOpaque(term: Term): boolean {
  const whole = term.op === 'extract' ? term.args[0]! : term;
  return whole.op === 'var' || whole.op === 'apply';
}

/** The words that a term chooses from, with the condition of each. */
function choices(term: Term): Map<Term, Term> {
  const reached = new Map<number, Term>([[term.id, truth(true)]]);
  const words = new Map<Term, Term>();
  for (const each of inOrder([term]).reverse()) {
    const when = reached.get(each.id);
    if (!when) continue;
    if (each.op !== 'ite') {
      words.set(each, when);
      continue;
    }
    const [condition, yes, no] = each.args as [Term, Term, Term];
    const reach = (to: Term, how: Term): void => {
      reached.set(to.id, or(reached.get(to.id) ?? truth(false), and(when, how)));
    };
    reach(yes, condition);
    reach(no, not(condition));
  }
  return words;
}

/** Questions asked about at once. More of them take longer than their parts. */
const mostTogether = 12;

/** The questions that are left after asking roughly about several at once, and about halves where that is not enough. */
export async function unsettled(questions: readonly Question[], solver: Solver, milliseconds: number): Promise<readonly Question[]> {
  if (questions.length === 0) return [];
  if (questions.length <= mostTogether) {
    const rough = await solver.ask(or(...questions.map(roughDifference)), milliseconds, 'free');
    if (rough.verdict === 'impossible') return [];
    if (questions.length === 1) return questions;
  }
  const half = questions.length >> 1;
  return [
    ...(await unsettled(questions.slice(0, half), solver, milliseconds)),
    ...(await unsettled(questions.slice(half), solver, milliseconds)),
  ];
}
