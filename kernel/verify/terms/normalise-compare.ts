// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Comparisons: equality over slices and choices, unsigned and signed order.

import { carry, linear, subtract } from './normalise-arithmetic.ts';
import { and, isSet, ite, not, or } from './normalise-boolean.ts';
import { cuts, extract, leadingZeros } from './normalise-slices.ts';
import { constant, isConstant, isZero, node, ones, remembered, type Term, truth } from './terms.ts';

export function equal(a: Term, b: Term): Term {
  if (a === b) return truth(true);
  if (isConstant(a) && isConstant(b)) return truth(a.value === b.value);
  if (a.width === 0) return or(and(a, b), and(not(a), not(b)));
  const [left, right] = isConstant(b) || (!isConstant(a) && a.id < b.id) ? [a, b] : [b, a];
  return remembered(`eq:${left.id}:${right.id}`, () => compared(left, right));
}

export function isNonZero(term: Term): Term {
  return not(equal(term, constant(term.width, 0)));
}

function compared(a: Term, b: Term): Term {
  const zeros = Math.min(leadingZeros(a), leadingZeros(b));
  if (zeros > 0) {
    const top = a.width - 1 - zeros;
    return equal(extract(top, 0, a), extract(top, 0, b));
  }
  if (a.op === 'concat' && (isConstant(b) || b.op === 'concat' || a.args.some(isConstant))) return piecewise(a, b);
  if (b.op === 'concat' && b.args.some(isConstant)) return piecewise(a, b);
  if (a.op === 'ite' && isConstant(b) && (isConstant(a.args[1]!) || isConstant(a.args[2]!))) {
    return ite(a.args[0]!, equal(a.args[1]!, b), equal(a.args[2]!, b));
  }
  if (a.width === 1) return oneBit(a, b);
  if (isZero(b) && a.op === 'bvor') return and(...a.args.map((arg) => equal(arg, b)));
  if (isZero(b) && a.op === 'bvxor' && a.args.length === 2) return equal(a.args[0]!, a.args[1]!);
  if (isConstant(b) && a.op === 'sext') return extended(a.args[0]!, b);
  if (a.op === 'lin' && isConstant(b)) return balanced(a, b);
  return node('eq', 0, [a, b]);
}

/** x + c = d is x = d - c when x stands alone. */
function balanced(a: Term, b: Term): Term {
  if (a.value === 0n && !(a.args.length === 1 && a.factors[0] === ones(a.width))) return node('eq', 0, [a, b]);
  const rest = linear(
    a.width,
    a.args.map((arg, i) => [arg, a.factors[i]!]),
    0n,
  );
  const target = BigInt.asUintN(a.width, b.value - a.value);
  if (a.args.length === 1 && a.factors[0] === ones(a.width)) return equal(a.args[0]!, constant(a.width, -target));
  return rest.op === 'lin' ? node('eq', 0, [rest, constant(a.width, target)]) : equal(rest, constant(a.width, target));
}

function extended(inner: Term, b: Term): Term {
  const cut = constant(inner.width, b.value);
  return BigInt.asUintN(b.width, BigInt.asIntN(inner.width, cut.value)) === b.value ? equal(inner, cut) : truth(false);
}

function piecewise(a: Term, b: Term): Term {
  const edges = cuts(a, b);
  const parts: Term[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    parts.push(equal(extract(edges[i]! - 1, edges[i + 1]!, a), extract(edges[i]! - 1, edges[i + 1]!, b)));
  }
  return and(...parts);
}

function oneBit(a: Term, b: Term): Term {
  if (isZero(b)) return not(isSet(a));
  if (isConstant(b) && a.op === 'bvand') return and(...a.args.map(isSet));
  if (isConstant(b) && a.op === 'bvor') return or(...a.args.map(isSet));
  if (a.op === 'ite' && isConstant(a.args[1]!) && isConstant(a.args[2]!)) return equal(isSet(a), isSet(b));
  if (b.op === 'ite' && isConstant(b.args[1]!) && isConstant(b.args[2]!)) return equal(isSet(a), isSet(b));
  return node('eq', 0, [a, b]);
}

/** Unsigned a < b. */
export function less(a: Term, b: Term): Term {
  if (a === b) return truth(false);
  if (isConstant(a) && isConstant(b)) return truth(a.value < b.value);
  const width = a.width;
  const zeros = Math.min(leadingZeros(a), leadingZeros(b), width - 1);
  if (zeros > 0) return less(extract(width - 1 - zeros, 0, a), extract(width - 1 - zeros, 0, b));
  if (isConstant(b)) {
    if (b.value === 0n) return truth(false);
    if (b.value === 1n) return equal(a, constant(width, 0));
    if (b.value === ones(width)) return not(equal(a, b));
    if (b.value >> BigInt(width - leadingZeros(a)) !== 0n) return truth(true);
    return not(less(constant(width, b.value - 1n), a));
  }
  if (isConstant(a)) {
    if (a.value === 0n) return not(equal(b, a));
    if (a.value === ones(width) || a.value >> BigInt(width - leadingZeros(b)) !== 0n) return truth(false);
    const low = powerOfTwo(a.value + 1n);
    if (low > 0 && low < width) return not(equal(extract(width - 1, low, b), constant(width - low, 0)));
  }
  if (width === 1) return and(not(isSet(a)), isSet(b));
  return overflows(a, b) ?? node('ult', 0, [a, b]);
}

/** x + y < x says that the sum overflowed, and so does x + y < y. */
function overflows(a: Term, b: Term): Term | undefined {
  if (a.op !== 'lin') return undefined;
  const parts = b.op === 'lin' ? b.args : [b];
  const isPart = parts.every((part, i) => {
    const at = a.args.indexOf(part);
    return at >= 0 && a.factors[at] === (b.op === 'lin' ? b.factors[i] : 1n);
  });
  if (!isPart) return undefined;
  const added = subtract(a, b);
  if (isConstant(added)) return not(less(b, constant(b.width, -added.value)));
  return isSet(carry(b, added));
}

/** k when the value is 2^k, else 0. */
function powerOfTwo(value: bigint): number {
  return (value & (value - 1n)) === 0n ? value.toString(2).length - 1 : 0;
}

export function atMost(a: Term, b: Term): Term {
  return not(less(b, a));
}

/** Signed a < b. */
export function lessSigned(a: Term, b: Term): Term {
  if (a === b) return truth(false);
  const width = a.width;
  if (isConstant(a) && isConstant(b)) return truth(BigInt.asIntN(width, a.value) < BigInt.asIntN(width, b.value));
  if (leadingZeros(a) > 0 && leadingZeros(b) > 0) return less(a, b);
  if (isZero(b)) return equal(extract(width - 1, width - 1, a), constant(1, 1));
  if (isConstant(a) && a.value === ones(width)) return not(equal(extract(width - 1, width - 1, b), constant(1, 1)));
  if (isConstant(b) && b.value !== 1n << BigInt(width - 1)) return not(lessSigned(constant(width, b.value - 1n), a));
  return node('slt', 0, [a, b]);
}

export function atMostSigned(a: Term, b: Term): Term {
  return not(lessSigned(b, a));
}
