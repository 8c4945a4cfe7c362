// Walks over the tree, for everything that looks at all of a function.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Expression, Statement } from './tree.ts';

/** Direct parts of an expression, in the order in which the core computes them. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'field':
      return [expression.object];
    case 'arithmetic':
    case 'comparison':
    case 'logical':
      return [expression.left, expression.right];
    case 'not':
    case 'negate':
    case 'complement':
    case 'convert':
    case 'byteswap':
      return [expression.operand];
    case 'choice':
      return expression.eager
        ? [expression.yes, expression.no, expression.condition]
        : [expression.condition, expression.yes, expression.no];
    case 'call':
      return expression.values;
    case 'rotate':
      return [expression.operand, expression.count];
    case 'embedded':
    case 'load':
      return [expression.base];
    default:
      return [];
  }
}

/** Calls `visit` on an expression and all its parts. */
export function eachPart(expression: Expression, visit: (part: Expression) => void): void {
  visit(expression);
  for (const part of partsOf(expression)) eachPart(part, visit);
}

/** Expressions that stand directly in a statement, in the order in which they are computed. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case 'variable':
    case 'return':
      return statement.value === undefined ? [] : [statement.value];
    case 'assign':
      return [statement.target, statement.value];
    case 'store':
      return [statement.base, statement.value];
    case 'call':
      return [statement.call];
    case 'if':
    case 'for':
      return [statement.condition];
    default:
      return [];
  }
}

/** Statements inside a statement. */
export function statementsOf(statement: Statement): readonly Statement[] {
  switch (statement.kind) {
    case 'if':
      return [...statement.yes, ...statement.no];
    case 'for':
      return [statement.start, statement.step, ...statement.body];
    case 'block':
      return statement.body;
    default:
      return [];
  }
}

/** Calls `visit` on all statements, outer ones first. */
export function eachStatement(statements: readonly Statement[], visit: (statement: Statement) => void): void {
  for (const statement of statements) {
    visit(statement);
    eachStatement(statementsOf(statement), visit);
  }
}

/** Calls `visit` on every expression in `statements`, parts included. */
export function eachExpression(statements: readonly Statement[], visit: (expression: Expression) => void): void {
  eachStatement(statements, (statement) => {
    for (const expression of expressionsOf(statement)) eachPart(expression, visit);
  });
}
