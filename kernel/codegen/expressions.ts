// Expressions in C: AssemblyScript's meaning wins. Narrow integers wrap at their own width, shift counts are masked, signed sums wrap,
// and a choice has the type that the core gave it.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { evaluate } from './evaluate.ts';
import type { Fragment } from './fragment.ts';
import { atLeast, balance, castTo, cType, exactly, fragment, level, narrow, unsigned, widens } from './fragment.ts';
import { calledName, snakeCase } from './names.ts';
import type { Expression, ExpressionKind, Scalar, Struct } from './tree.ts';
import { isReference, isScalar, isSigned, sameType, widthOf } from './tree.ts';

/** What the spelling of an expression depends on besides the expression. */
export interface Surroundings {
  readonly structs: ReadonlyMap<string, Struct>;
  /** Functions that get the host as their first parameter. */
  readonly hosted: ReadonlySet<string>;
  /** Functions whose callers get their bodies. */
  readonly inlined: ReadonlySet<string>;
}

const levels: Readonly<Record<string, number>> = {
  '+': level.sum,
  '-': level.sum,
  '*': level.product,
  '/': level.product,
  '%': level.product,
  '&': level.bitAnd,
  '|': level.bitOr,
  '^': level.bitXor,
  '<<': level.shift,
  '>>': level.shift,
  '==': level.equality,
  '!=': level.equality,
  '<': level.relation,
  '<=': level.relation,
  '>': level.relation,
  '>=': level.relation,
  '&&': level.and,
  '||': level.or,
};

/** An operand in parentheses, except where no reader (and no compiler warning) wants them. */
function operand(piece: Fragment, operator: string, isLeft: boolean): string {
  const own = levels[operator]!;
  const chains = isLeft && piece.level === own && '+|&^*&&||'.includes(operator) && operator !== '/';
  const comparesSums = (own === level.equality || own === level.relation) && piece.level >= level.sum;
  const joinsComparisons = (own === level.and || own === level.or) && piece.level >= level.equality;
  const addsProducts = own === level.sum && piece.level === level.product;
  return piece.level >= level.prefix || chains || comparesSums || joinsComparisons || addsProducts ? piece.text : `(${piece.text})`;
}

function joined(operator: string, left: Fragment, right: Fragment): string {
  return `${operand(left, operator, true)} ${operator} ${operand(right, operator, false)}`;
}

function literal({ value, type, hexadecimal }: ExpressionKind<'integer'>): Fragment {
  const digits = hexadecimal && value >= 0n ? `0x${value.toString(16)}` : value.toString();
  const isInt = value <= 0x7fffffffn && value >= -0x7fffffffn;
  if (isInt) return { text: digits, literal: digits, level: value < 0n ? level.prefix : level.postfix, type, exact: type === 'i32' };
  if (type === 'u32') return fragment(`${digits}U`, level.postfix, type);
  if (type === 'u64') return fragment(`${digits}ULL`, level.postfix, type);
  // The two least numbers have no literal of their own: the digits of one would be read before its sign.
  const width = type === 'i32' ? 32 : 64;
  if (value === -(1n << BigInt(width - 1))) return fragment(`(${value + 1n}${width === 64 ? 'LL' : ''} - 1)`, level.postfix, type);
  return fragment(`${digits}LL`, value < 0n ? level.prefix : level.postfix, type);
}

function shiftCount(context: Surroundings, count: Expression, type: Scalar): string {
  const mask = widthOf(type) - 1;
  const value = evaluate(count);
  if (value === undefined) return `(${operand(spell(context, count), '&', true)} & ${mask})`;
  return count.kind === 'constant' && value <= BigInt(mask) ? count.name : (value & BigInt(mask)).toString();
}

function shift(context: Surroundings, { operator, left, right, type }: ExpressionKind<'arithmetic'>): Fragment {
  const result = type as Scalar;
  const count = shiftCount(context, right, result);
  const value = spell(context, left);
  const sign = operator === '<<' ? '<<' : '>>';
  const keepsSign = operator === '>>' && isSigned(result);
  const text = (piece: Fragment) => `${operand(piece, sign, true)} ${sign} ${count}`;
  if (widthOf(result) >= 32) {
    if (keepsSign || !isSigned(result)) return fragment(text(exactly(result, value)), level.shift, result);
    return castTo(result, fragment(text(exactly(unsigned(result), value)), level.shift, unsigned(result)));
  }
  const own = narrow(result, value);
  if (sign === '>>') return fragment(text(own), level.shift, result, false);
  return castTo(result, fragment(text(exactly('u32', own)), level.shift, 'u32'));
}

function arithmetic(context: Surroundings, expression: ExpressionKind<'arithmetic'>): Fragment {
  const { operator } = expression;
  const type = expression.type as Scalar;
  if (operator === '<<' || operator === '>>' || operator === '>>>') return shift(context, expression);
  const left = spell(context, expression.left);
  const right = spell(context, expression.right);
  const own = levels[operator]!;
  const isBitwise = operator === '&' || operator === '|' || operator === '^';
  if (widthOf(type) >= 32) {
    // Signed overflow means nothing in C: sums and products are computed without a sign.
    const working = isBitwise ? type : unsigned(type);
    const piece = fragment(joined(operator, ...balance(working, left, right)), own, working);
    return working === type ? piece : castTo(type, piece);
  }
  const [a, b] = [narrow(type, left), narrow(type, right)];
  if (isBitwise || operator === '/' || operator === '%') return fragment(joined(operator, a, b), own, type, false);
  // A product of two u16 does not fit an int.
  const first = operator === '*' && type === 'u16' ? exactly('u32', a) : a;
  return castTo(type, fragment(joined(operator, first, b), own, type, false));
}

function comparison(context: Surroundings, { operator, left, right, common }: ExpressionKind<'comparison'>): Fragment {
  const a = spell(context, left);
  const b = spell(context, right);
  const at = levels[operator]!;
  if (!isScalar(common)) return fragment(joined(operator, a, b), at, 'bool', false);
  const areLiterals = a.literal !== undefined && b.literal !== undefined;
  const pair = widthOf(common) >= 32 && !areLiterals ? balance(common, a, b) : [narrow(common, a), narrow(common, b)];
  return fragment(joined(operator, pair[0]!, pair[1]!), at, 'bool', false);
}

function choice(context: Surroundings, { condition, yes, no, type }: ExpressionKind<'choice'>): Fragment {
  const test = atLeast(spell(context, condition), level.bitOr);
  let [a, b] = [spell(context, yes), spell(context, no)];
  if (isScalar(type)) [a, b] = widthOf(type) >= 32 ? balance(type, a, b) : [narrow(type, a), narrow(type, b)];
  const exact = !isScalar(type) || widthOf(type) >= 32;
  return fragment(`${test} ? ${atLeast(a, level.or)} : ${atLeast(b, level.or)}`, level.choice, type, exact);
}

function prefix(context: Surroundings, expression: ExpressionKind<'not' | 'negate' | 'complement'>): Fragment {
  const value = spell(context, expression.operand);
  if (expression.kind === 'not') return fragment(`!${atLeast(value, level.prefix)}`, level.prefix, 'bool', false);
  const type = expression.type as Scalar;
  const sign = expression.kind === 'negate' ? '-' : '~';
  const working = widthOf(type) < 32 ? type : sign === '-' ? unsigned(type) : type;
  const piece = widthOf(type) < 32 ? narrow(type, value) : exactly(working, value);
  const result = fragment(`${sign}${atLeast(piece, level.postfix)}`, level.prefix, working);
  return widthOf(type) < 32 || working !== type ? castTo(type, result) : result;
}

function call(context: Surroundings, { callee, values, type }: ExpressionKind<'call'>): Fragment {
  const spelled = values.map((value) => spell(context, value).text);
  if (context.hosted.has(callee)) spelled.unshift('h');
  return fragment(`${calledName({ name: callee, inlined: context.inlined.has(callee) })}(${spelled.join(', ')})`, level.postfix, type);
}

function embedded(context: Surroundings, { base, field, offset, type }: ExpressionKind<'embedded'>): Fragment {
  const outer = spell(context, base);
  const pointer = cType(type);
  if (field !== undefined) return fragment(`(${pointer})&${atLeast(outer, level.postfix)}->${snakeCase(field)}`, level.prefix, type);
  if (offset !== 0) return fragment(`(${pointer})((u8 *)${atLeast(outer, level.prefix)} + ${offset})`, level.prefix, type);
  return sameType(base.type, type) ? outer : fragment(`(${pointer})${atLeast(outer, level.prefix)}`, level.prefix, type);
}

/** Bytes at an offset: a field where one is exactly there. */
export function place(context: Surroundings, base: Expression, offset: number, memory: Scalar): Fragment {
  const struct = isReference(base.type) ? context.structs.get(base.type.struct) : undefined;
  const field = struct?.fields.find((candidate) => candidate.offset === offset && candidate.type === memory);
  const outer = spell(context, base);
  if (field !== undefined) return fragment(`${atLeast(outer, level.postfix)}->${snakeCase(field.name)}`, level.postfix, memory);
  return fragment(`core_at(${memory}, ${outer.text}, ${offset})`, level.postfix, memory);
}

/** C for an expression, its value the core's. */
export function spell(context: Surroundings, expression: Expression): Fragment {
  const { type } = expression;
  switch (expression.kind) {
    case 'integer':
      return literal(expression);
    case 'boolean':
      return fragment(expression.value ? 'true' : 'false', level.postfix, 'bool', false);
    case 'null':
      return fragment('0', level.postfix, type);
    case 'local':
      return fragment(snakeCase(expression.name), level.postfix, type);
    case 'constant':
      return fragment(expression.name, level.postfix, type);
    case 'field':
      return fragment(`${atLeast(spell(context, expression.object), level.postfix)}->${snakeCase(expression.field)}`, level.postfix, type);
    case 'arithmetic':
      return arithmetic(context, expression);
    case 'comparison':
      return comparison(context, expression);
    case 'logical': {
      const [left, right] = [spell(context, expression.left), spell(context, expression.right)];
      return fragment(joined(expression.operator, left, right), levels[expression.operator]!, 'bool', false);
    }
    case 'not':
    case 'negate':
    case 'complement':
      return prefix(context, expression);
    case 'choice':
      return choice(context, expression);
    case 'convert':
      return castTo(type as Scalar, spell(context, expression.operand));
    case 'call':
      return call(context, expression);
    case 'rotate': {
      const [value, count] = [spell(context, expression.operand), spell(context, expression.count)];
      return fragment(`rotl${widthOf(type as Scalar)}(${value.text}, ${count.text})`, level.postfix, type);
    }
    case 'byteswap':
      return fragment(`__builtin_bswap${widthOf(type as Scalar)}(${spell(context, expression.operand).text})`, level.postfix, type);
    case 'embedded':
      return embedded(context, expression);
    case 'load': {
      const bytes = place(context, expression.base, expression.offset, expression.memory);
      return widens(expression.memory, type) && expression.memory === type ? bytes : castTo(type as Scalar, bytes);
    }
  }
}
