// Evaluation: the value of an expression of constants, as the core would compute it.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Expression, ExpressionKind, Type } from './tree.ts';
import { isScalar, isSigned, widthOf } from './tree.ts';

/** A value as its type holds it: wrapped to the width, with the sign that the width's top bit says. */
export function normalise(value: bigint, type: Type): bigint {
  if (!isScalar(type)) return value;
  if (type === 'bool') return value === 0n ? 0n : 1n;
  return isSigned(type) ? BigInt.asIntN(widthOf(type), value) : BigInt.asUintN(widthOf(type), value);
}

function calculate({ operator, type, left, right }: ExpressionKind<'arithmetic'>): bigint | undefined {
  const leftValue = evaluate(left);
  const rightValue = evaluate(right);
  if (leftValue === undefined || rightValue === undefined || !isScalar(type)) return undefined;
  const a = normalise(leftValue, type);
  const b = normalise(rightValue, type);
  const count = b & BigInt(widthOf(type) - 1);
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return a << count;
    case '>>':
      return a >> count;
    case '>>>':
      return BigInt.asUintN(widthOf(type), a) >> count;
    case '/':
      return b === 0n ? undefined : a / b;
    case '%':
      return b === 0n ? undefined : a % b;
  }
}

/** The value of `expression`, or undefined when it depends on more than constants. */
export function evaluate(expression: Expression): bigint | undefined {
  const value = unwrapped(expression);
  return value === undefined ? undefined : normalise(value, expression.type);
}

function unwrapped(expression: Expression): bigint | undefined {
  switch (expression.kind) {
    case 'integer':
    case 'constant':
      return expression.value;
    case 'boolean':
      return expression.value ? 1n : 0n;
    case 'convert':
      return evaluate(expression.operand);
    case 'negate':
    case 'complement': {
      const operand = evaluate(expression.operand);
      return operand === undefined ? undefined : expression.kind === 'negate' ? -operand : ~operand;
    }
    case 'arithmetic':
      return calculate(expression);
    default:
      return undefined;
  }
}
