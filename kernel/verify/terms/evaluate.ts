// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Concrete evaluation of terms: checks the normaliser against plain arithmetic, and counterexamples against the solver's word.

import { inOrder, ones, type Term } from './terms.ts';

/** Values of variables, and of uninterpreted results as a function of the token's value. */
export interface Assignment {
  variable(name: string, width: number): bigint;
  result(application: Term, token: bigint): bigint;
}

/** The value of every term under the roots, by id. Truth values are 0n and 1n. */
export function evaluateAll(roots: Iterable<Term>, assignment: Assignment): Map<number, bigint> {
  const values = new Map<number, bigint>();
  for (const term of inOrder(roots)) {
    const args = term.args.map((arg) => values.get(arg.id)!);
    const value = term.op === 'token' ? mixed(term.name, args) : BigInt.asUintN(term.width || 1, computed(term, args, assignment));
    values.set(term.id, value);
  }
  return values;
}

export function evaluate(term: Term, assignment: Assignment): bigint {
  return evaluateAll([term], assignment).get(term.id)!;
}

/** A number that stands for a name and values: equal arguments give equal tokens, different ones hardly ever. */
export function mixed(name: string, values: readonly bigint[]): bigint {
  let hash = 0xcbf29ce484222325n;
  const take = (word: bigint): void => {
    hash = BigInt.asUintN(64, (hash ^ word) * 0x100000001b3n);
    hash ^= hash >> 29n;
  };
  for (const char of name) take(BigInt(char.charCodeAt(0)));
  for (const value of values) for (let rest = value, i = 0; i === 0 || rest > 0n; rest >>= 64n, i++) take(rest & ones(64));
  return hash;
}

function signed(width: number, value: bigint): bigint {
  return BigInt.asIntN(width, value);
}

function computed(term: Term, a: readonly bigint[], assignment: Assignment): bigint {
  const width = term.width;
  const inner = term.args[0]?.width ?? 0;
  switch (term.op) {
    case 'const':
      return term.value;
    case 'var':
      return assignment.variable(term.name, width);
    case 'apply':
      return assignment.result(term, a[0]!);
    case 'not':
      return 1n - a[0]!;
    case 'and':
      return a.every((value) => value === 1n) ? 1n : 0n;
    case 'ite':
      return a[0] === 1n ? a[1]! : a[2]!;
    case 'eq':
      return a[0] === a[1] ? 1n : 0n;
    case 'ult':
      return a[0]! < a[1]! ? 1n : 0n;
    case 'slt':
      return signed(inner, a[0]!) < signed(inner, a[1]!) ? 1n : 0n;
    case 'concat':
      return a.reduce((high, low, i) => (high << BigInt(term.args[i]!.width)) | low, 0n);
    case 'extract':
      return a[0]! >> BigInt(term.low);
    case 'sext':
      return signed(inner, a[0]!);
    case 'lin':
      return a.reduce((sum, value, i) => sum + value * term.factors[i]!, term.value);
    case 'mul':
      return a[0]! * a[1]!;
    case 'udiv':
      return a[1] === 0n ? ones(width) : a[0]! / a[1]!;
    case 'bvand':
      return a.reduce((x, y) => x & y);
    case 'bvor':
      return a.reduce((x, y) => x | y);
    case 'bvxor':
      return a.reduce((x, y) => x ^ y);
    case 'shl':
      return a[1]! >= BigInt(width) ? 0n : a[0]! << a[1]!;
    case 'lshr':
      return a[1]! >= BigInt(width) ? 0n : a[0]! >> a[1]!;
    case 'ashr':
      return signed(width, a[0]!) >> (a[1]! >= BigInt(width) ? BigInt(width - 1) : a[1]!);
    default:
      throw new Error(`verify: evaluate: no value for a term of kind "${term.op}"`);
  }
}
