// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Substitution: the same term with some tokens replaced, normalised anew, so that what depended on them can meet.

import { divide, linear, multiply } from './normalise-arithmetic.ts';
import { bitwise, shiftLeft, shiftRight, shiftRightSigned } from './normalise-bitwise.ts';
import { and, ite, not } from './normalise-boolean.ts';
import { equal, less, lessSigned } from './normalise-compare.ts';
import { concat, extract, signExtend } from './normalise-slices.ts';
import { apply, inOrder, type Term, token } from './terms.ts';

/** The token that stands for another one where the guard holds. */
export interface Case {
  readonly guard: Term;
  readonly token: Term;
}

export class Substitution {
  readonly #known = new Map<number, Term>();
  readonly #replaced = new Map<number, readonly Case[]>();

  /** From now on results of `from` are those of the cases, of which the last holds where no other does. */
  replace(from: Term, cases: readonly Case[]): void {
    this.#known.clear();
    this.#replaced.set(from.id, cases);
  }

  replaces(token: Term): boolean {
    return this.#replaced.has(token.id);
  }

  of(term: Term): Term {
    if (this.#replaced.size === 0) return term;
    for (const each of inOrder([term])) {
      if (this.#known.has(each.id)) continue;
      const args = each.args.map((arg) => this.#known.get(arg.id)!);
      const cases = each.op === 'apply' ? this.#replaced.get(args[0]!.id) : undefined;
      if (cases) this.#known.set(each.id, chosenResult(each, cases));
      else if (args.every((arg, i) => arg === each.args[i])) this.#known.set(each.id, each);
      else this.#known.set(each.id, remade(each, args));
    }
    return this.#known.get(term.id)!;
  }
}

function chosenResult(term: Term, cases: readonly Case[]): Term {
  const results = cases.map(({ guard, token: to }) => ({ guard, result: apply(term.name, term.width, to) }));
  return results.slice(0, -1).reduceRight((rest, { guard, result }) => ite(guard, result, rest), results[results.length - 1]!.result);
}

function remade(term: Term, args: readonly Term[]): Term {
  const [a, b, c] = args as [Term, Term, Term];
  switch (term.op) {
    case 'token':
      return token(term.name, args);
    case 'apply':
      return apply(term.name, term.width, a);
    case 'not':
      return not(a);
    case 'and':
      return and(...args);
    case 'ite':
      return ite(a, b, c);
    case 'eq':
      return equal(a, b);
    case 'ult':
      return less(a, b);
    case 'slt':
      return lessSigned(a, b);
    case 'concat':
      return concat(...args);
    case 'extract':
      return extract(term.low + term.width - 1, term.low, a);
    case 'sext':
      return signExtend(term.width, a);
    case 'lin':
      return linear(
        term.width,
        args.map((arg, i) => [arg, term.factors[i]!]),
        term.value,
      );
    case 'mul':
      return multiply(a, b);
    case 'udiv':
      return divide(a, b);
    case 'bvand':
    case 'bvor':
    case 'bvxor':
      return bitwise(term.op, args, term.width);
    case 'shl':
      return shiftLeft(a, b);
    case 'lshr':
      return shiftRight(a, b);
    case 'ashr':
      return shiftRightSigned(a, b);
    default:
      return term;
  }
}
