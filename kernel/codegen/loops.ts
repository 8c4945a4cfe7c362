// Loops: the eBPF verifier walks every turn, so a loop's number of turns must be plain to see.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { evaluate, normalise } from './evaluate.ts';
import type { ComparisonOperator, CoreFunction, Expression, StatementKind } from './tree.ts';
import type { Violations } from './violations.ts';
import { eachStatement } from './walk.ts';

/** More turns than any loop of the core needs, and fewer than the verifier minds. */
const mostTurns = 256;

const hint = `for (let i: u32 = 0; i < BOUND; i++) with at most ${mostTurns} turns`;

function holds(operator: ComparisonOperator, a: bigint, b: bigint): boolean {
  const order = a < b ? -1 : a > b ? 1 : 0;
  return { '==': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator];
}

/** The comparison that bounds the loop: the condition itself, or the first of several that must all hold. */
function boundOf(condition: Expression, name: string): { operator: ComparisonOperator; bound: bigint } | undefined {
  if (condition.kind === 'logical' && condition.operator === '&&') return boundOf(condition.left, name);
  if (condition.kind !== 'comparison' || condition.left.kind !== 'local' || condition.left.name !== name) return undefined;
  const bound = evaluate(condition.right);
  return bound === undefined ? undefined : { operator: condition.operator, bound };
}

function turnsOf({ start, condition, step }: StatementKind<'for'>): number | undefined {
  if (start.kind !== 'variable' || start.value === undefined || step.kind !== 'assign') return undefined;
  const { name, type } = start;
  const first = evaluate(start.value);
  const stride = evaluate(step.value);
  const limit = boundOf(condition, name);
  const isStep = step.target.kind === 'local' && step.target.name === name && (step.operator === '+' || step.operator === '-');
  if (first === undefined || stride === undefined || limit === undefined || !isStep) return undefined;
  let value = normalise(first, type);
  let turns = 0;
  while (holds(limit.operator, value, limit.bound) && turns <= mostTurns) {
    value = normalise(step.operator === '+' ? value + stride : value - stride, type);
    turns++;
  }
  return turns;
}

/** Reports loops whose turns are not constant, too many, or changed from inside. */
export function checkLoops(one: CoreFunction, violations: Violations): void {
  eachStatement(one.body ?? [], (statement) => {
    if (statement.kind !== 'for') return;
    const turns = turnsOf(statement);
    const reason = 'a loop without a constant bound is outside the subset: the eBPF verifier walks every turn';
    if (turns === undefined) violations.report(statement.at, reason, hint);
    else if (turns > mostTurns) violations.report(statement.at, `this loop takes more than ${mostTurns} turns`, hint);
    eachStatement(statement.body, (inner) => {
      const changes = inner.kind === 'assign' && inner.target.kind === 'local' && statement.start.kind === 'variable';
      if (changes && inner.target.name === statement.start.name) {
        violations.report(inner.at, `the loop's own counter ${inner.target.name} changes inside`, 'count in another local');
      }
    });
  });
}
