// Divisors: WASM traps on a division by zero, eBPF answers 0 (or the dividend), C promises nothing. So a divisor is a constant, or a local
// that was found not to be zero where the division stands.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { evaluate } from './evaluate.ts';
import type { CoreFunction, Expression, Statement } from './tree.ts';
import type { Violations } from './violations.ts';
import { eachStatement, expressionsOf, partsOf } from './walk.ts';

type Names = ReadonlySet<string>;

const none: Names = new Set();

/** Locals that are not zero when `condition` came out as `outcome`. */
function nonZero(condition: Expression, outcome: boolean): Names {
  if (condition.kind === 'local') return outcome ? new Set([condition.name]) : none;
  if (condition.kind === 'not') return nonZero(condition.operand, !outcome);
  if (condition.kind === 'logical' && (condition.operator === '&&') === outcome) {
    return nonZero(condition.left, outcome).union(nonZero(condition.right, outcome));
  }
  if (condition.kind !== 'comparison' || condition.left.kind !== 'local') return none;
  const value = evaluate(condition.right);
  if (value === undefined) return none;
  const { operator } = condition;
  const excludesZero = outcome
    ? (operator === '!=' && value === 0n) ||
      (operator === '==' && value !== 0n) ||
      (operator === '>' && value >= 0n) ||
      (operator === '>=' && value > 0n)
    : (operator === '==' && value === 0n) ||
      (operator === '!=' && value !== 0n) ||
      (operator === '<' && value > 0n) ||
      (operator === '<=' && value >= 0n);
  return excludesZero ? new Set([condition.left.name]) : none;
}

function leaves(body: readonly Statement[]): boolean {
  const last = body.at(-1);
  return last !== undefined && ['return', 'break', 'continue'].includes(last.kind);
}

class DivisorCheck {
  readonly #violations: Violations;
  /** Locals that are assigned after their declaration: what was found out about them may be over. */
  readonly #changing: Names;

  constructor(one: CoreFunction, violations: Violations) {
    this.#violations = violations;
    const changing = new Set<string>();
    eachStatement(one.body ?? [], (statement) => {
      if (statement.kind === 'assign' && statement.target.kind === 'local') changing.add(statement.target.name);
    });
    this.#changing = changing;
  }

  #isNonZero(divisor: Expression, known: Names): boolean {
    const value = evaluate(divisor);
    if (value !== undefined) return value !== 0n;
    const inner = divisor.kind === 'convert' ? divisor.operand : divisor;
    return inner.kind === 'local' && known.has(inner.name) && !this.#changing.has(inner.name);
  }

  divisor(divisor: Expression, known: Names): void {
    if (this.#isNonZero(divisor, known)) return;
    const hint = 'return early when it is 0, and divide by a const local or parameter';
    this.#violations.report(divisor.at, 'this divisor may be 0: WASM traps where eBPF goes on', hint);
  }

  expression(expression: Expression, known: Names): void {
    if (expression.kind === 'choice' && !expression.eager) {
      this.expression(expression.condition, known);
      this.expression(expression.yes, known.union(nonZero(expression.condition, true)));
      this.expression(expression.no, known.union(nonZero(expression.condition, false)));
      return;
    }
    if (expression.kind === 'logical') {
      this.expression(expression.left, known);
      this.expression(expression.right, known.union(nonZero(expression.left, expression.operator === '&&')));
      return;
    }
    if (expression.kind === 'arithmetic' && (expression.operator === '/' || expression.operator === '%'))
      this.divisor(expression.right, known);
    for (const part of partsOf(expression)) this.expression(part, known);
  }

  statements(body: readonly Statement[], before: Names): void {
    let known = before;
    for (const statement of body) {
      for (const expression of expressionsOf(statement)) this.expression(expression, known);
      if (statement.kind === 'assign' && (statement.operator === '/' || statement.operator === '%')) this.divisor(statement.value, known);
      if (statement.kind === 'if') {
        this.statements(statement.yes, known.union(nonZero(statement.condition, true)));
        this.statements(statement.no, known.union(nonZero(statement.condition, false)));
        if (leaves(statement.yes)) known = known.union(nonZero(statement.condition, false));
      } else if (statement.kind === 'for') {
        this.statements([statement.start], known);
        this.statements([...statement.body, statement.step], known.union(nonZero(statement.condition, true)));
      } else if (statement.kind === 'block') {
        this.statements(statement.body, known);
      }
    }
  }
}

/** Reports divisions by what may be zero. */
export function checkDivisors(one: CoreFunction, violations: Violations): void {
  new DivisorCheck(one, violations).statements(one.body ?? [], none);
}
