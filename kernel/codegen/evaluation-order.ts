// Order of evaluation: the core computes from left to right, C in any order. Where both could differ, the source must say the order in
// statements.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { callOrder } from './functions.ts';
import type { Core, Expression, Statement } from './tree.ts';
import type { Position, Violations } from './violations.ts';
import { eachStatement, expressionsOf, partsOf } from './walk.ts';

interface Effects {
  readonly reads: boolean;
  readonly writes: boolean;
  readonly asksHost: boolean;
}

const nothing: Effects = { reads: false, writes: false, asksHost: false };

function both(a: Effects, b: Effects): Effects {
  return { reads: a.reads || b.reads, writes: a.writes || b.writes, asksHost: a.asksHost || b.asksHost };
}

function collide(a: Effects, b: Effects): boolean {
  const touches = ({ reads, writes, asksHost }: Effects) => reads || writes || asksHost;
  return (a.writes && touches(b)) || (b.writes && touches(a)) || (a.asksHost && b.asksHost);
}

class OrderCheck {
  /** What each function does to the world, by name; callees are known before their callers. */
  readonly effects = new Map<string, Effects>();
  readonly #violations: Violations;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  effectsOf(expression: Expression): Effects {
    const own = expression.kind === 'call' ? (this.effects.get(expression.callee) ?? nothing) : nothing;
    const reads = expression.kind === 'field' || expression.kind === 'load';
    return partsOf(expression).reduce((all, part) => both(all, this.effectsOf(part)), both(own, { ...nothing, reads }));
  }

  /** Reports expressions that C may compute in any order although one changes what another sees. */
  unordered(parts: readonly Expression[], at: Position): void {
    const effects = parts.map((part) => this.effectsOf(part));
    const collision = effects.some((a, i) => effects.some((b, j) => i < j && collide(a, b)));
    if (collision)
      this.#violations.report(
        at,
        'the result depends on the order of evaluation, which C leaves open',
        'put the calls into const locals, one after the other',
      );
  }

  expression(expression: Expression): void {
    if (expression.kind === 'choice' && expression.eager) {
      const branches = both(this.effectsOf(expression.yes), this.effectsOf(expression.no));
      if (branches.writes || branches.asksHost)
        this.#violations.report(expression.at, 'select computes both values, C only the chosen one', 'use ? :');
    }
    const sequenced = expression.kind === 'logical' || (expression.kind === 'choice' && !expression.eager);
    if (!sequenced) this.unordered(partsOf(expression), expression.at);
    for (const part of partsOf(expression)) this.expression(part);
  }

  statement(statement: Statement): void {
    if (statement.kind === 'assign') {
      const { target, value } = statement;
      const place = statement.operator !== undefined || target.kind !== 'field' ? target : target.object;
      this.unordered([place, value], statement.at);
    }
    if (statement.kind === 'store') this.unordered([statement.base, statement.value], statement.at);
    for (const expression of expressionsOf(statement)) this.expression(expression);
  }

  functionEffects(body: readonly Statement[]): Effects {
    let all = nothing;
    eachStatement(body, (statement) => {
      const writes = statement.kind === 'store' || (statement.kind === 'assign' && statement.target.kind === 'field');
      all = expressionsOf(statement).reduce((sum, expression) => both(sum, this.effectsOf(expression)), both(all, { ...nothing, writes }));
    });
    return all;
  }
}

export function checkEvaluationOrder(core: Core, violations: Violations): void {
  const check = new OrderCheck(violations);
  for (const { name, body } of callOrder(core).functions) {
    if (body === undefined) {
      check.effects.set(name, { reads: true, writes: false, asksHost: true });
    } else {
      check.effects.set(name, check.functionEffects(body));
      eachStatement(body, (statement) => check.statement(statement));
    }
  }
}
