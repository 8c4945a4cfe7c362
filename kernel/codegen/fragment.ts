// Fragments of C: text with what its surroundings must know of it, so that parentheses and casts appear where they change the meaning
// and nowhere else.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { snakeCase } from './names.ts';
import type { Scalar, Type } from './tree.ts';
import { isReference, isScalar, isSigned, widthOf } from './tree.ts';

/** How tightly the outermost operator of a text binds; larger is tighter. */
export const level = {
  choice: 3,
  or: 4,
  and: 5,
  bitOr: 6,
  bitXor: 7,
  bitAnd: 8,
  equality: 9,
  relation: 10,
  shift: 11,
  sum: 12,
  product: 13,
  prefix: 14,
  postfix: 15,
} as const;

export interface Fragment {
  readonly text: string;
  readonly level: number;
  /** Type in the core; the text's value is always that type's value. */
  readonly type: Type;
  /** False: C sees an `int` (a small literal, a promoted narrow value, a comparison) where the core sees `type`. */
  readonly exact: boolean;
  /** Set for integer literals. */
  readonly literal?: string;
}

export function cType(type: Type): string {
  return isReference(type) ? `struct ${snakeCase(type.struct)} *` : type;
}

export function fragment(text: string, at: number, type: Type, exact = true): Fragment {
  return { text, level: at, type, exact };
}

/** The fragment's text, in parentheses unless it binds at least as tightly as `least`. */
export function atLeast(piece: Fragment, least: number): string {
  return piece.level >= least ? piece.text : `(${piece.text})`;
}

/** `type` of the same width without a sign. */
export function unsigned(type: Scalar): Scalar {
  return isSigned(type) ? (`u${widthOf(type)}` as Scalar) : type;
}

/** Whether every value of `from` is a value of `to`, as C widens it on its own. */
export function widens(from: Type, to: Type): boolean {
  if (!isScalar(from) || !isScalar(to)) return false;
  if (from === to) return true;
  return widthOf(from) < widthOf(to) && (!isSigned(from) || isSigned(to));
}

export function castTo(type: Scalar, piece: Fragment): Fragment {
  if (type === 'bool') return fragment(`${atLeast(piece, level.relation)} != 0`, level.equality, 'bool', false);
  return fragment(`(${type})${atLeast(piece, level.prefix)}`, level.prefix, type);
}

/** The same value with C type `type`. */
export function exactly(type: Scalar, piece: Fragment): Fragment {
  if (piece.type === type && piece.exact) return piece;
  const suffix = { u32: 'U', u64: 'ULL', i64: 'LL' }[type as string];
  if (piece.literal !== undefined && suffix !== undefined && piece.type === type && !piece.literal.startsWith('-')) {
    return fragment(`${piece.literal}${suffix}`, level.postfix, type);
  }
  return castTo(type, piece);
}

/**
 * Two operands of one 32- or 64-bit operation in `type`: at least one gets that C type, the other may be left to C's own widening
 * where that keeps the value.
 */
export function balance(type: Scalar, left: Fragment, right: Fragment): [Fragment, Fragment] {
  const isExact = (piece: Fragment) => piece.type === type && piece.exact;
  const follow = (piece: Fragment) => (isExact(piece) || widens(piece.type, type) ? piece : castTo(type, piece));
  if (isExact(left) || !isExact(right)) return [exactly(type, left), follow(right)];
  return [follow(left), right];
}

/** A narrow operand: C computes in `int`, which is right once the value itself is. */
export function narrow(type: Scalar, piece: Fragment): Fragment {
  return widens(piece.type, type) ? piece : castTo(type, piece);
}
