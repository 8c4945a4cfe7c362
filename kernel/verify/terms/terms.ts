// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Terms: hash-consed bit-vector expressions. Two terms are the same object exactly when they have the same structure, so what the
// normaliser brings into one form is equal by identity and never reaches the solver.

/**
 * Width 0 is a truth value (constants 1n and 0n). Width -1 is a token: the arguments of a lookup or of a call, taken as one opaque
 * value, on which the results are functions. `lin` is a constant plus a sum of factor × argument, modulo 2^width.
 */
export type Operation =
  | 'const'
  | 'var'
  | 'token'
  | 'apply'
  | 'not'
  | 'and'
  | 'ite'
  | 'eq'
  | 'ult'
  | 'slt'
  | 'concat'
  | 'extract'
  | 'sext'
  | 'lin'
  | 'mul'
  | 'udiv'
  | 'bvand'
  | 'bvor'
  | 'bvxor'
  | 'shl'
  | 'lshr'
  | 'ashr';

export interface Term {
  readonly id: number;
  readonly op: Operation;
  readonly width: number;
  readonly args: readonly Term[];
  /** Of variables, tokens and applications. */
  readonly name: string;
  /** Of constants, and the constant part of `lin`. */
  readonly value: bigint;
  /** Of `lin`: one factor an argument. */
  readonly factors: readonly bigint[];
  /** Of `extract`: the lowest bit taken. */
  readonly low: number;
}

const noFactors: readonly bigint[] = [];
let table = new Map<string, Term>();
let memory = new Map<string, Term>();
let next = 0;

/** Forgets every term. Terms made before must not meet terms made after. */
export function forgetTerms(): void {
  table = new Map();
  memory = new Map();
  next = 0;
}

export function termCount(): number {
  return next;
}

interface Extra {
  name?: string;
  value?: bigint;
  factors?: readonly bigint[];
  low?: number;
}

/** Interns a node as it is, without any simplification. Only the normaliser and tests of it call this. */
export function node(op: Operation, width: number, args: readonly Term[], extra: Extra = {}): Term {
  const { name = '', value = 0n, factors = noFactors, low = 0 } = extra;
  let key = `${op}:${width}:${name}:${value}:${low}`;
  for (const factor of factors) key += `*${factor}`;
  for (const arg of args) key += `,${arg.id}`;
  const known = table.get(key);
  if (known) return known;
  const made: Term = { id: next++, op, width, args, name, value, factors, low };
  table.set(key, made);
  return made;
}

/** Remembers the result of a rewriting that would otherwise walk a shared graph once per path through it. */
export function remembered(key: string, make: () => Term): Term {
  const known = memory.get(key);
  if (known) return known;
  const made = make();
  memory.set(key, made);
  return made;
}

export function ones(width: number): bigint {
  return (1n << BigInt(width)) - 1n;
}

export function constant(width: number, value: bigint | number): Term {
  return node('const', width, [], { value: BigInt.asUintN(width, BigInt(value)) });
}

export function truth(value: boolean): Term {
  return node('const', 0, [], { value: value ? 1n : 0n });
}

export function variable(name: string, width: number): Term {
  return node('var', width, [], { name });
}

/** The arguments of one uninterpreted call as a value of their own; `apply` reads results of it. */
export function token(name: string, args: readonly Term[]): Term {
  return node('token', -1, args, { name });
}

/** Result `name` of the call that `of` stands for. */
export function apply(name: string, width: number, of: Term): Term {
  return node('apply', width, [of], { name });
}

export function isConstant(term: Term): boolean {
  return term.op === 'const';
}

export function isTrue(term: Term): boolean {
  return term.op === 'const' && term.width === 0 && term.value === 1n;
}

export function isFalse(term: Term): boolean {
  return term.op === 'const' && term.width === 0 && term.value === 0n;
}

export function isZero(term: Term): boolean {
  return term.op === 'const' && term.value === 0n;
}

/** Every term under the roots, arguments before what uses them. */
export function inOrder(roots: Iterable<Term>): Term[] {
  const seen = new Set<number>();
  const order: Term[] = [];
  for (const root of roots) {
    const stack: { term: Term; at: number }[] = [{ term: root, at: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (top.at === 0 && seen.has(top.term.id)) {
        stack.pop();
      } else if (top.at < top.term.args.length) {
        stack.push({ term: top.term.args[top.at++]!, at: 0 });
      } else {
        if (!seen.has(top.term.id)) order.push(top.term);
        seen.add(top.term.id);
        stack.pop();
      }
    }
  }
  return order;
}
