// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Matching: the two machines ask the same questions in other words. Each lookup and call of the eBPF side, in the order in which it
// was made, is shown to be one that wasm makes too; from then on both share its answers, and what follows becomes simple. A compiler
// may have merged two calls into one, so a question may have several partners, each where wasm asks it.

import { and, not } from '../terms/normalise-boolean.ts';
import type { Solver } from '../terms/solver.ts';
import { type Case, Substitution } from '../terms/substitute.ts';
import { isFalse, type Term } from '../terms/terms.ts';
import type { Occurrence } from './contract.ts';
import type { Execution } from './execution.ts';
import { difference, type Question, unsettled } from './question.ts';

/** A question that is not settled by then stays open; the final obligations may still follow without it. */
const matchMs = 4_000;

export async function matchOccurrences(execution: Execution, solver: Solver): Promise<Substitution> {
  const substitution = new Substitution();
  const asked = new Map<number, Occurrence>();
  for (const occurrence of execution.wasm.occurrences) asked.set(occurrence.token.id, occurrence);
  const taken = new Set<number>();
  for (const occurrence of execution.bpf.occurrences) {
    const token = substitution.of(occurrence.token);
    if (asked.has(token.id)) taken.add(token.id);
    if (asked.has(token.id) || substitution.replaces(token)) continue;
    const cases = await findPartners({ token, guard: substitution.of(occurrence.guard) }, [...asked.values()], taken, solver);
    if (!cases) continue;
    substitution.replace(token, cases);
    for (const each of cases) taken.add(each.token.id);
  }
  return substitution;
}

/** `taken`: partners of others, which are tried last: to see that two questions are not the same takes a solver long. */
async function findPartners(
  { token, guard }: Occurrence,
  candidates: readonly Occurrence[],
  taken: ReadonlySet<number>,
  solver: Solver,
): Promise<Case[] | undefined> {
  const alike = candidates.filter((each) => each.token.name === token.name && each.token.args.length === token.args.length);
  const rank = (each: Occurrence): number => distance(each.token, token) + (taken.has(each.token.id) ? token.args.length + 1 : 0);
  const cases: Case[] = [];
  let rest = guard;
  for (const candidate of alike.sort((a, b) => rank(a) - rank(b))) {
    const here = and(rest, candidate.guard);
    if (!(await canBe(here, solver)) || !(await isSame(token, here, candidate.token, solver))) continue;
    cases.push({ guard: candidate.guard, token: candidate.token });
    rest = and(rest, not(candidate.guard));
    if (!(await canBe(rest, solver))) return cases;
  }
  return undefined;
}

async function canBe(condition: Term, solver: Solver): Promise<boolean> {
  return (await solver.ask(condition, matchMs, 'free')).verdict !== 'impossible';
}

/** All arguments at once, then one by one those that this does not settle. */
async function isSame(token: Term, guard: Term, candidate: Term, solver: Solver): Promise<boolean> {
  const questions = token.args.map((arg, i): Question => ({ what: 'an argument differs', guard, pairs: [[arg, candidate.args[i]!]] }));
  for (const question of await unsettled(
    questions.filter((each) => !isFalse(difference(each))),
    solver,
    matchMs,
  )) {
    const answer = await solver.ask(difference(question), matchMs, 'exact');
    if (answer.verdict !== 'impossible') return false;
  }
  return true;
}

/** Arguments that are not the same term. */
function distance(a: Term, b: Term): number {
  return a.args.filter((arg, i) => arg !== b.args[i]).length;
}
