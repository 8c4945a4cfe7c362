// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Truth values: negation, conjunction and choice. There is no disjunction node: `or` is the negation of a conjunction, so that both
// machines' ways of combining conditions meet in one form.

import { equal } from './normalise-compare.ts';
import { concat, cuts, extract, leadingZeros } from './normalise-slices.ts';
import { constant, isConstant, isFalse, isTrue, isZero, node, remembered, type Term, truth } from './terms.ts';

export function not(term: Term): Term {
  if (isConstant(term)) return truth(isFalse(term));
  return term.op === 'not' ? term.args[0]! : node('not', 0, [term]);
}

/** The conditions that a conjunction joins; a single condition is its own. */
export function conjuncts(term: Term): readonly Term[] {
  if (isTrue(term)) return [];
  return term.op === 'and' ? term.args : [term];
}

export function and(...terms: readonly Term[]): Term {
  const parts = new Map<number, Term>();
  for (const term of terms) for (const part of conjuncts(term)) parts.set(part.id, part);
  for (const part of parts.values()) {
    if (isFalse(part)) return part;
    if (part.op !== 'not') continue;
    const inner = part.args[0]!;
    if (parts.has(inner.id)) return truth(false);
  }
  const reduced = withoutImplied([...parts.values()], parts);
  if (reduced.length === 0) return truth(true);
  if (reduced.length === 1) return reduced[0]!;
  const joined = reduced.sort((a, b) => a.id - b.id);
  return conflicting(joined) ? truth(false) : node('and', 0, joined);
}

/** ¬(a ∧ b) beside a is ¬b: what is already known is taken out of negated conjunctions. */
function withoutImplied(list: readonly Term[], known: ReadonlyMap<number, Term>): Term[] {
  const out = new Map<number, Term>();
  let changed = false;
  for (const part of list) {
    const inner = part.op === 'not' && part.args[0]!.op === 'and' ? part.args[0]! : undefined;
    if (!inner) {
      out.set(part.id, part);
      continue;
    }
    const rest = inner.args.filter((arg) => !known.has(arg.id));
    if (inner.args.some((arg) => known.has(not(arg).id))) {
      changed = true;
    } else if (rest.length < inner.args.length) {
      changed = true;
      const left = not(and(...rest));
      out.set(left.id, left);
    } else {
      out.set(part.id, part);
    }
  }
  const parts = [...out.values()];
  return changed ? [...conjuncts(and(...parts))] : parts;
}

/** Two conjuncts that fix one value to different constants. */
function conflicting(parts: readonly Term[]): boolean {
  const fixed = new Map<number, Term>();
  for (const part of parts) {
    if (part.op !== 'eq' || !isConstant(part.args[1]!)) continue;
    const other = fixed.get(part.args[0]!.id);
    if (other && other !== part.args[1]) return true;
    fixed.set(part.args[0]!.id, part.args[1]!);
  }
  return false;
}

export function or(...terms: readonly Term[]): Term {
  return not(and(...terms.map(not)));
}

export function implies(a: Term, b: Term): Term {
  return not(and(a, not(b)));
}

/** 1 for true, 0 for false, in the given width. */
export function bit(condition: Term, width: number): Term {
  const one = ite(condition, constant(1, 1), constant(1, 0));
  return width === 1 ? one : concat(constant(width - 1, 0), one);
}

/** The condition that a one-bit vector is 1. */
export function isSet(term: Term): Term {
  if (isConstant(term)) return truth(term.value === 1n);
  if (term.op === 'ite' && isConstant(term.args[1]!) && isConstant(term.args[2]!)) {
    return isZero(term.args[1]!) ? not(term.args[0]!) : term.args[0]!;
  }
  return equal(term, constant(1, 1));
}

export function ite(condition: Term, a: Term, b: Term): Term {
  if (isTrue(condition) || a === b) return a;
  if (isFalse(condition)) return b;
  if (condition.op === 'not') return ite(condition.args[0]!, b, a);
  if (a.width === 0) return choice(condition, a, b);
  return remembered(`ite:${condition.id}:${a.id}:${b.id}`, () => chosen(condition, a, b));
}

function choice(condition: Term, a: Term, b: Term): Term {
  if (isTrue(a)) return or(condition, b);
  if (isFalse(a)) return and(not(condition), b);
  if (isTrue(b)) return or(not(condition), a);
  if (isFalse(b)) return and(condition, a);
  return or(and(condition, a), and(not(condition), b));
}

function chosen(condition: Term, a: Term, b: Term): Term {
  if (a.op === 'ite' && a.args[0] === condition) return ite(condition, a.args[1]!, b);
  if (b.op === 'ite' && b.args[0] === condition) return ite(condition, a, b.args[2]!);
  if (condition.op === 'eq' && condition.args[0] === a && condition.args[1] === b) return b;
  if (a.width === 1 && condition.op === 'eq' && isConstant(condition.args[1]!) && isConstant(a) && isConstant(b)) {
    if (condition.args[0]!.width === 1 && a.value === condition.args[1]!.value) return condition.args[0]!;
  }
  return split(condition, a, b) ?? node('ite', a.width, [condition, a, b]);
}

/** Takes out of a choice what both sides have in common: leading zeros and equal pieces. */
function split(condition: Term, a: Term, b: Term): Term | undefined {
  const zeros = Math.min(leadingZeros(a), leadingZeros(b));
  if (zeros > 0 && zeros < a.width) {
    const top = a.width - 1 - zeros;
    return concat(constant(zeros, 0), ite(condition, extract(top, 0, a), extract(top, 0, b)));
  }
  if (a.op !== 'concat' && b.op !== 'concat' && !isConstant(a) && !isConstant(b)) return undefined;
  if (isConstant(a) && isConstant(b)) return a.width === 1 ? undefined : splitConstants(condition, a, b);
  const edges = cuts(a, b);
  const pieces: { a: Term; b: Term; same: boolean }[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const high = extract(edges[i]! - 1, edges[i + 1]!, a);
    const low = extract(edges[i]! - 1, edges[i + 1]!, b);
    pieces.push({ a: high, b: low, same: high === low });
  }
  if (!pieces.some((piece) => piece.same)) return undefined;
  return rejoined(condition, pieces);
}

/** Two constants differ in runs of bits; the equal runs leave the choice. */
function splitConstants(condition: Term, a: Term, b: Term): Term | undefined {
  const difference = a.value ^ b.value;
  const pieces: { a: Term; b: Term; same: boolean }[] = [];
  let top = a.width;
  while (top > 0) {
    const same = ((difference >> BigInt(top - 1)) & 1n) === 0n;
    let low = top - 1;
    while (low > 0 && (((difference >> BigInt(low - 1)) & 1n) === 0n) === same) low--;
    pieces.push({ a: extract(top - 1, low, a), b: extract(top - 1, low, b), same });
    top = low;
  }
  return pieces.length === 1 ? undefined : rejoined(condition, pieces);
}

function rejoined(condition: Term, pieces: readonly { a: Term; b: Term; same: boolean }[]): Term {
  const out: Term[] = [];
  let run: { a: Term; b: Term }[] = [];
  const flush = (): void => {
    if (run.length > 0) out.push(ite(condition, concat(...run.map((piece) => piece.a)), concat(...run.map((piece) => piece.b))));
    run = [];
  };
  for (const piece of pieces) {
    if (piece.same) {
      flush();
      out.push(piece.a);
    } else {
      run.push(piece);
    }
  }
  flush();
  return concat(...out);
}
