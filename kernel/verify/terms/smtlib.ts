// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SMT-LIB: prints a goal as a pure bit-vector problem. Results of lookups and calls become fresh constants, and equal arguments
// imply equal results (Ackermann's reduction), so the solver can stay with its fast bit-vector tactics.

import { inOrder, ones, type Term } from './terms.ts';

const names: Readonly<Record<string, string>> = {
  not: 'not',
  and: 'and',
  ite: 'ite',
  eq: '=',
  ult: 'bvult',
  slt: 'bvslt',
  concat: 'concat',
  mul: 'bvmul',
  udiv: 'bvudiv',
  bvand: 'bvand',
  bvor: 'bvor',
  bvxor: 'bvxor',
  shl: 'bvshl',
  lshr: 'bvlshr',
  ashr: 'bvashr',
};
const chained = new Set(['concat', 'bvand', 'bvor', 'bvxor']);

export interface Problem {
  readonly text: string;
  /** Constants of the problem that a counterexample should name, in the order in which they are asked for. */
  readonly inputs: readonly Term[];
}

function sort(width: number): string {
  return width === 0 ? 'Bool' : `(_ BitVec ${width})`;
}

function literal(width: number, value: bigint): string {
  if (width === 0) return value === 1n ? 'true' : 'false';
  return `(_ bv${value} ${width})`;
}

function reference(term: Term): string {
  return term.op === 'const' ? literal(term.width, term.value) : `t${term.id}`;
}

/** Multiplication and division of two unknowns as arbitrary functions: enough whenever both machines multiply the same things. */
function abstracted(term: Term): boolean {
  return term.op === 'mul' || term.op === 'udiv';
}

/**
 * `free`: results of lookups, calls, multiplications and divisions are arbitrary. `functional`: equal arguments give equal results.
 * `exact`: and multiplication and division are what they are. Without a solution in one, there is none in the next; a solution means
 * something only in the last.
 */
export type Precision = 'free' | 'functional' | 'exact';

/** A problem that has a solution when the goal can be true. */
export function problem(goal: Term, precision: Precision): Problem {
  const abstract = precision !== 'exact';
  const order = inOrder([goal]);
  const lines: string[] = [];
  const inputs: Term[] = [];
  const functions = new Map<string, Term[]>();
  const tokens = new Map<string, Term[]>();
  for (const term of order) {
    if (term.op === 'const') continue;
    if (term.op === 'token') {
      group(tokens, term.name, term);
    } else if (term.op === 'var' || term.op === 'apply' || (abstract && abstracted(term))) {
      lines.push(`(declare-const ${reference(term)} ${sort(term.width)})`);
      if (term.op === 'var' || term.op === 'apply') inputs.push(term);
      if (term.op !== 'var') group(functions, term.op === 'apply' ? `${term.name}/${term.args[0]!.name}` : `${term.op}${term.width}`, term);
    } else {
      lines.push(`(define-fun ${reference(term)} () ${sort(term.width)} ${expression(term)})`);
    }
  }
  if (precision !== 'free') {
    for (const list of tokens.values()) lines.push(...sameTokens(list, functions));
    for (const [name, list] of functions) if (!name.includes('/')) lines.push(...sameOperands(list));
  }
  lines.push(`(assert ${reference(goal)})`);
  return { text: `${lines.join('\n')}\n`, inputs };
}

function group(groups: Map<string, Term[]>, name: string, term: Term): void {
  const list = groups.get(name);
  if (list) list.push(term);
  else groups.set(name, [term]);
}

function same(a: readonly Term[], b: readonly Term[]): string {
  const parts = a.flatMap((arg, i) => (arg === b[i] ? [] : [`(= ${reference(arg)} ${reference(b[i]!)})`]));
  return parts.length === 0 ? 'true' : `(and true ${parts.join(' ')})`;
}

function sameTokens(list: readonly Term[], functions: ReadonlyMap<string, Term[]>): string[] {
  const out: string[] = [];
  for (const [i, a] of list.entries()) {
    for (const b of list.slice(0, i)) {
      if (a.args.length !== b.args.length) continue;
      const results: string[] = [];
      for (const applications of functions.values()) {
        const left = applications.find((each) => each.op === 'apply' && each.args[0] === a);
        const right = applications.find((each) => each.op === 'apply' && each.args[0] === b);
        if (left && right) results.push(`(= ${reference(left)} ${reference(right)})`);
      }
      if (results.length > 0) out.push(`(assert (=> ${same(a.args, b.args)} (and true ${results.join(' ')})))`);
    }
  }
  return out;
}

function sameOperands(list: readonly Term[]): string[] {
  const out: string[] = [];
  for (const [i, a] of list.entries()) {
    for (const b of list.slice(0, i)) {
      const straight = same(a.args, b.args);
      const crossed = a.op === 'mul' ? same(a.args, [...b.args].reverse()) : 'false';
      out.push(`(assert (=> (or ${straight} ${crossed}) (= ${reference(a)} ${reference(b)})))`);
    }
  }
  return out;
}

function expression(term: Term): string {
  const args = term.args.map(reference);
  if (term.op === 'extract') return `((_ extract ${term.low + term.width - 1} ${term.low}) ${args[0]})`;
  if (term.op === 'sext') return `((_ sign_extend ${term.width - term.args[0]!.width}) ${args[0]})`;
  if (term.op === 'lin') return sum(term);
  if (chained.has(term.op)) return args.reduceRight((right, left) => `(${names[term.op]} ${left} ${right})`);
  return `(${names[term.op]} ${args.join(' ')})`;
}

function sum(term: Term): string {
  const parts = term.args.map((arg, i) => {
    const factor = term.factors[i]!;
    if (factor === 1n) return reference(arg);
    return factor === ones(term.width) ? `(bvneg ${reference(arg)})` : `(bvmul ${reference(arg)} ${literal(term.width, factor)})`;
  });
  if (term.value !== 0n) parts.push(literal(term.width, term.value));
  return parts.reduce((left, right) => `(bvadd ${left} ${right})`);
}
