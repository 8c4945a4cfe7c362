// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Arithmetic modulo 2^width: sums as sorted linear forms, products, unsigned division. eBPF defines x / 0 = 0 and x % 0 = x, and
// compilers rewrite x % y as x - (x / y) * y; both forms meet here.

import { equal } from './normalise-compare.ts';
import { concat, disjointJoin, extract, leadingZeros, zeroExtend } from './normalise-slices.ts';
import { constant, isConstant, isZero, node, ones, type Term } from './terms.ts';

export function add(a: Term, b: Term): Term {
  return (
    disjointJoin(a, b) ??
    linear(
      a.width,
      [
        [a, 1n],
        [b, 1n],
      ],
      0n,
    )
  );
}

export function subtract(a: Term, b: Term): Term {
  return linear(
    a.width,
    [
      [a, 1n],
      [b, -1n],
    ],
    0n,
  );
}

export function negate(term: Term): Term {
  return linear(term.width, [[term, -1n]], 0n);
}

/** A constant plus factor × term, summed; equal terms meet, and bits that a power of two shifts out are forgotten. */
export function linear(width: number, terms: readonly (readonly [Term, bigint])[], value: bigint): Term {
  const sum = new Map<number, { term: Term; factor: bigint }>();
  let fixed = value;
  const take = (term: Term, factor: bigint): void => {
    const by = BigInt.asUintN(width, factor);
    if (by === 0n) return;
    if (isConstant(term)) {
      fixed += by * term.value;
    } else if (term.op === 'lin') {
      fixed += by * term.value;
      for (const [i, arg] of term.args.entries()) take(arg, by * term.factors[i]!);
    } else if (isWidenedSum(term)) {
      const sumOfArgs = term.args[1]!;
      fixed += by * sumOfArgs.value;
      for (const [i, arg] of sumOfArgs.args.entries()) take(zeroExtend(width, arg), by * sumOfArgs.factors[i]!);
    } else {
      const [base, scale] = scaled(term, by, width);
      if (base !== term) {
        take(base, scale);
        return;
      }
      const known = sum.get(term.id);
      sum.set(term.id, { term, factor: BigInt.asUintN(width, (known?.factor ?? 0n) + by) });
    }
  };
  for (const [term, factor] of terms) take(term, factor);
  fixed = BigInt.asUintN(width, fixed);
  const list = [...sum.values()].filter((each) => each.factor !== 0n).sort((a, b) => a.term.id - b.term.id);
  if (list.length === 0) return constant(width, fixed);
  if (list.length === 1 && fixed === 0n) {
    const { term, factor } = list[0]!;
    if (factor === 1n) return term;
    const shift = trailingZeros(factor);
    if (factor === 1n << BigInt(shift)) return concat(extract(width - 1 - shift, 0, term), constant(shift, 0));
  }
  const needed = bitsOfSum(list, fixed);
  if (needed < width) {
    const narrow = list.map(({ term, factor }) => [extract(Math.min(needed, width) - 1, 0, term), factor] as const);
    return zeroExtend(width, linear(needed, narrow, fixed));
  }
  return node(
    'lin',
    width,
    list.map((each) => each.term),
    { value: fixed, factors: list.map((each) => each.factor) },
  );
}

/** Bits that a sum can have when it is not cut off. */
function bitsOfSum(list: readonly { term: Term; factor: bigint }[], fixed: bigint): number {
  const most = list.reduce((sum, { term, factor }) => sum + factor * ones(term.width - leadingZeros(term)), fixed);
  return most.toString(2).length;
}

/** A sum that was made wide enough never to overflow, and then widened with zeros: part of whatever it is added to. */
function isWidenedSum(term: Term): boolean {
  if (term.op !== 'concat' || term.args.length !== 2 || !isZero(term.args[0]!) || term.args[1]!.op !== 'lin') return false;
  const { args, factors, value, width } = term.args[1]!;
  return (
    bitsOfSum(
      args.map((arg, i) => ({ term: arg, factor: factors[i]! })),
      value,
    ) <= width
  );
}

/** Whether a + b overflows the width of both: the bit above it in the sum of one bit more. */
export function carry(a: Term, b: Term): Term {
  const { width } = a;
  return extract(
    width,
    width,
    linear(
      width + 1,
      [
        [zeroExtend(width + 1, a), 1n],
        [zeroExtend(width + 1, b), 1n],
      ],
      0n,
    ),
  );
}

/** x·2^k written as slices, or a term whose upper bits an even factor throws away: brought to one form. */
function scaled(term: Term, factor: bigint, width: number): readonly [Term, bigint] {
  const last = term.op === 'concat' ? term.args[term.args.length - 1]! : undefined;
  if (last && isZero(last)) {
    const base = zeroExtend(width, extract(width - 1, last.width, term));
    return [base, factor << BigInt(last.width)];
  }
  const shift = trailingZeros(factor);
  if (shift === 0 || shift >= width) return [term, factor];
  return [zeroExtend(width, extract(width - 1 - shift, 0, term)), factor];
}

function trailingZeros(value: bigint): number {
  let count = 0;
  for (let rest = value; rest !== 0n && (rest & 1n) === 0n; rest >>= 1n) count++;
  return count;
}

export function multiply(a: Term, b: Term): Term {
  if (isConstant(a)) return linear(b.width, [[b, a.value]], 0n);
  if (isConstant(b)) return linear(a.width, [[a, b.value]], 0n);
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    if (y.op === 'ite' && isZero(y.args[1]!) && y.args[0] === equal(x, constant(x.width, 0))) return multiply(x, y.args[2]!);
  }
  return node('mul', a.width, a.id < b.id ? [a, b] : [b, a]);
}

/** SMT-LIB's division: x / 0 is all ones. Callers guard where their machine says otherwise. */
export function divide(a: Term, b: Term): Term {
  if (isConstant(b)) {
    if (b.value === 0n) return constant(a.width, ones(a.width));
    if (isConstant(a)) return constant(a.width, a.value / b.value);
    if (b.value === 1n) return a;
  }
  const zeros = Math.min(leadingZeros(a), leadingZeros(b), a.width - 1);
  if (zeros > 0 && isConstant(b)) {
    const top = a.width - 1 - zeros;
    return zeroExtend(a.width, divide(extract(top, 0, a), extract(top, 0, b)));
  }
  return node('udiv', a.width, [a, b]);
}

/** x % 0 is x, as SMT-LIB and eBPF say. */
export function remainder(a: Term, b: Term): Term {
  if (isConstant(a) && isConstant(b)) return b.value === 0n ? a : constant(a.width, a.value % b.value);
  const zeros = Math.min(leadingZeros(a), leadingZeros(b), a.width - 1);
  if (zeros > 0) {
    const top = a.width - 1 - zeros;
    return zeroExtend(a.width, remainder(extract(top, 0, a), extract(top, 0, b)));
  }
  return subtract(a, multiply(b, divide(a, b)));
}
