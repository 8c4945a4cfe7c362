// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Bitwise operations and shifts. Constant masks and shift counts dissolve into slices; what is left has sorted arguments.

import { and, bit, isSet, not, or } from './normalise-boolean.ts';
import { concat, cuts, extract, signExtend } from './normalise-slices.ts';
import { constant, isConstant, node, ones, type Term } from './terms.ts';

export type Bitwise = 'bvand' | 'bvor' | 'bvxor';

function combine(op: Bitwise, a: bigint, b: bigint): bigint {
  if (op === 'bvand') return a & b;
  return op === 'bvor' ? a | b : a ^ b;
}

export function bitAnd(a: Term, b: Term): Term {
  return bitwise('bvand', [a, b], a.width);
}

export function bitOr(a: Term, b: Term): Term {
  return bitwise('bvor', [a, b], a.width);
}

export function bitXor(a: Term, b: Term): Term {
  return bitwise('bvxor', [a, b], a.width);
}

export function bitwise(op: Bitwise, terms: readonly Term[], width: number): Term {
  const neutral = op === 'bvand' ? ones(width) : 0n;
  let fixed = neutral;
  const parts = new Map<number, Term>();
  for (const term of terms.flatMap((each) => (each.op === op ? each.args : [each]))) {
    if (isConstant(term)) fixed = combine(op, fixed, term.value);
    else if (op === 'bvxor' && parts.has(term.id)) parts.delete(term.id);
    else parts.set(term.id, term);
  }
  if (parts.size === 0) return constant(width, fixed);
  if (op === 'bvand' && fixed === 0n) return constant(width, 0);
  if (op === 'bvor' && fixed === ones(width)) return constant(width, fixed);
  const list = [...parts.values()];
  const apart = piecewise(op, list, fixed, neutral, width);
  if (apart) return apart;
  if (fixed !== neutral) list.push(constant(width, fixed));
  if (list.length === 1) return list[0]!;
  if (width === 1) {
    const known = list.some((term) => isConstant(term) || term.op === 'ite');
    if (known) return oneBit(op, list);
  }
  return node(
    op,
    width,
    list.sort((a, b) => a.id - b.id),
  );
}

/** Splits where a mask begins or ends, or where some argument has a known piece. */
function piecewise(op: Bitwise, list: readonly Term[], fixed: bigint, neutral: bigint, width: number): Term | undefined {
  const masked = fixed !== neutral && op !== 'bvxor';
  const joined = list.length + (fixed === neutral ? 0 : 1) > 1 && list.some((term) => term.op === 'concat' && term.args.some(isConstant));
  if (!masked && !joined) return undefined;
  const edges = new Set<number>([0, width]);
  if (fixed !== neutral) for (const edge of runs(fixed, width)) edges.add(edge);
  for (const term of list) for (const edge of cuts(term)) edges.add(edge);
  if (edges.size <= 2) return undefined;
  const sorted = [...edges].sort((a, b) => b - a);
  const out: Term[] = [];
  const mask = constant(width, fixed);
  for (let i = 0; i + 1 < sorted.length; i++) {
    const high = sorted[i]! - 1;
    const low = sorted[i + 1]!;
    out.push(bitwise(op, [...list.map((term) => extract(high, low, term)), extract(high, low, mask)], high - low + 1));
  }
  return concat(...out);
}

/** Positions at which the bits of a mask change. */
function runs(value: bigint, width: number): number[] {
  const edges: number[] = [];
  for (let i = 1; i < width; i++) {
    if (((value >> BigInt(i)) & 1n) !== ((value >> BigInt(i - 1)) & 1n)) edges.push(i);
  }
  return edges;
}

/** On single bits the two machines mix conditions and numbers; conditions win. */
function oneBit(op: Bitwise, list: readonly Term[]): Term {
  const conditions = list.map(isSet);
  if (op === 'bvand') return bit(and(...conditions), 1);
  if (op === 'bvor') return bit(or(...conditions), 1);
  return bit(
    conditions.reduce((a, b) => or(and(a, not(b)), and(not(a), b))),
    1,
  );
}

export function shiftLeft(term: Term, count: Term): Term {
  if (!isConstant(count)) return node('shl', term.width, [term, count]);
  const by = Number(count.value);
  if (by === 0) return term;
  if (by >= term.width) return constant(term.width, 0);
  return concat(extract(term.width - 1 - by, 0, term), constant(by, 0));
}

export function shiftRight(term: Term, count: Term): Term {
  if (!isConstant(count)) return node('lshr', term.width, [term, count]);
  const by = Number(count.value);
  if (by === 0) return term;
  if (by >= term.width) return constant(term.width, 0);
  return concat(constant(by, 0), extract(term.width - 1, by, term));
}

export function shiftRightSigned(term: Term, count: Term): Term {
  if (!isConstant(count)) return node('ashr', term.width, [term, count]);
  const by = Math.min(Number(count.value), term.width - 1);
  return by === 0 ? term : signExtend(term.width, extract(term.width - 1, by, term));
}

export function rotateLeft(term: Term, count: Term): Term {
  const width = term.width;
  if (!isConstant(count)) {
    const mask = constant(width, width - 1);
    const back = bitAnd(node('lin', width, [count], { value: 0n, factors: [ones(width)] }), mask);
    return bitOr(shiftLeft(term, bitAnd(count, mask)), shiftRight(term, back));
  }
  const by = Number(count.value % BigInt(width));
  return by === 0 ? term : concat(extract(width - 1 - by, 0, term), extract(width - 1, width - by, term));
}
