// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Slices: joining, taking apart, widening. A byte stored and loaded again must come back as the word it was cut from, whichever
// widths the two machines chose for their loads and stores.

import { linear, multiply } from './normalise-arithmetic.ts';
import { bitwise } from './normalise-bitwise.ts';
import { ite } from './normalise-boolean.ts';
import { constant, isConstant, isZero, node, remembered, type Term } from './terms.ts';

/** Bits at the top that are known to be 0. */
export function leadingZeros(term: Term): number {
  if (isConstant(term)) return term.value === 0n ? term.width : term.width - term.value.toString(2).length;
  if (term.op === 'concat') return isConstant(term.args[0]!) ? leadingZeros(term.args[0]!) : 0;
  // A quotient is not above its dividend, but x / 0 is all ones.
  if (term.op === 'udiv') return isConstant(term.args[1]!) ? leadingZeros(term.args[0]!) : 0;
  return 0;
}

/** Bit positions at which any of the terms is put together, highest first, with both ends. */
export function cuts(...terms: readonly Term[]): number[] {
  const edges = new Set<number>([0]);
  for (const term of terms) {
    let position = 0;
    const pieces = term.op === 'concat' ? [...term.args].reverse() : [term];
    for (const piece of pieces) {
      position += piece.width;
      edges.add(position);
    }
  }
  return [...edges].sort((a, b) => b - a);
}

/** Joins terms, the highest bits first. */
export function concat(...parts: readonly Term[]): Term {
  const out: Term[] = [];
  for (const part of parts) {
    for (const piece of part.op === 'concat' ? part.args : [part]) {
      const last = out[out.length - 1];
      const joined = last && joinedPair(last, piece);
      if (!joined) out.push(piece);
      else if (joined.op === 'concat') out.splice(out.length - 1, 1, ...joined.args);
      else out[out.length - 1] = joined;
    }
  }
  if (out.length === 1) return out[0]!;
  return node(
    'concat',
    out.reduce((sum, piece) => sum + piece.width, 0),
    out,
  );
}

function joinedPair(high: Term, low: Term): Term | undefined {
  if (isConstant(high) && isConstant(low)) return constant(high.width + low.width, (high.value << BigInt(low.width)) | low.value);
  if (high.op === 'extract' && low.op === 'extract' && high.args[0] === low.args[0] && high.low === low.low + low.width) {
    return extract(high.low + high.width - 1, low.low, high.args[0]!);
  }
  if (high.op === 'ite' && low.op === 'ite' && high.args[0] === low.args[0]) {
    return ite(high.args[0]!, concat(high.args[1]!, low.args[1]!), concat(high.args[2]!, low.args[2]!));
  }
  return undefined;
}

/** Bits high..low, both included. */
export function extract(high: number, low: number, term: Term): Term {
  const width = high - low + 1;
  if (width === term.width) return term;
  if (isConstant(term)) return constant(width, term.value >> BigInt(low));
  if (term.op === 'extract') return extract(high + term.low, low + term.low, term.args[0]!);
  if (term.op === 'var' || term.op === 'apply') return node('extract', width, [term], { low });
  return remembered(`extract:${high}:${low}:${term.id}`, () => taken(high, low, term));
}

function taken(high: number, low: number, term: Term): Term {
  const width = high - low + 1;
  if (term.op === 'concat') return takenPieces(high, low, term);
  if (term.op === 'bvand' || term.op === 'bvor' || term.op === 'bvxor') {
    return bitwise(
      term.op,
      term.args.map((arg) => extract(high, low, arg)),
      width,
    );
  }
  if (term.op === 'ite') return ite(term.args[0]!, extract(high, low, term.args[1]!), extract(high, low, term.args[2]!));
  if (term.op === 'sext') {
    const inner = term.args[0]!;
    if (high < inner.width) return extract(high, low, inner);
    if (low === 0) return signExtend(width, inner);
  }
  if (low === 0 && term.op === 'lin') {
    return linear(
      width,
      term.args.map((arg, i) => [extract(high, 0, arg), term.factors[i]!]),
      term.value,
    );
  }
  if (low === 0 && term.op === 'mul') return multiply(extract(high, 0, term.args[0]!), extract(high, 0, term.args[1]!));
  return node('extract', width, [term], { low });
}

function takenPieces(high: number, low: number, term: Term): Term {
  const out: Term[] = [];
  let top = term.width;
  for (const piece of term.args) {
    const bottom = top - piece.width;
    const upper = Math.min(high, top - 1);
    const lower = Math.max(low, bottom);
    if (upper >= lower) out.push(extract(upper - bottom, lower - bottom, piece));
    top = bottom;
  }
  return concat(...out);
}

export function zeroExtend(width: number, term: Term): Term {
  return width === term.width ? term : concat(constant(width - term.width, 0), term);
}

export function signExtend(width: number, term: Term): Term {
  if (width === term.width) return term;
  if (isConstant(term)) return constant(width, BigInt.asIntN(term.width, term.value));
  if (leadingZeros(term) > 0) return zeroExtend(width, term);
  if (term.op === 'sext') return signExtend(width, term.args[0]!);
  if (term.op === 'ite' && isConstant(term.args[1]!) && isConstant(term.args[2]!)) {
    return ite(term.args[0]!, signExtend(width, term.args[1]!), signExtend(width, term.args[2]!));
  }
  return node('sext', width, [term]);
}

/** The low bits of a term, or the term widened with zeros. */
export function resize(width: number, term: Term): Term {
  return width <= term.width ? extract(width - 1, 0, term) : zeroExtend(width, term);
}

export function byteSwap(term: Term): Term {
  const bytes: Term[] = [];
  for (let low = 0; low < term.width; low += 8) bytes.push(extract(low + 7, low, term));
  return concat(...bytes);
}

/** The sum of two terms that have no bit in common, joined instead of added. */
export function disjointJoin(a: Term, b: Term): Term | undefined {
  const mixed = (term: Term): boolean => isConstant(term) || (term.op === 'concat' && term.args.some(isConstant));
  if (!mixed(a) || !mixed(b)) return undefined;
  const edges = cuts(a, b);
  const out: Term[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const left = extract(edges[i]! - 1, edges[i + 1]!, a);
    const right = extract(edges[i]! - 1, edges[i + 1]!, b);
    if (isZero(left)) out.push(right);
    else if (isZero(right)) out.push(left);
    else return undefined;
  }
  return concat(...out);
}
