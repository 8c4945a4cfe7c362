// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Guesses: before the solver searches for an input on which the machines differ, some inputs are simply tried. A wrong hash differs
// nearly everywhere, and a solver takes long to see it.

import { Random } from '../cases/random.ts';
import { type Assignment, evaluateAll, mixed } from '../terms/evaluate.ts';
import { inOrder, ones, type Term } from '../terms/terms.ts';
import { difference, type Question } from './question.ts';

const mostTries = 200;
const budgetMs = 400;

export interface Guess {
  readonly what: string;
  readonly inputs: ReadonlyMap<string, bigint>;
}

/** An input on which one of the questions is answered by a difference, if trying finds one. */
export function guessDifference(questions: readonly Question[], seed: number): Guess | undefined {
  const random = new Random(seed);
  const roots = questions.map(difference);
  const hints = comparedConstants(roots);
  const start = performance.now();
  for (let tries = 0; tries < mostTries && performance.now() - start < budgetMs; tries++) {
    const assignment = new Attempt(random, hints);
    const values = evaluateAll(roots, assignment);
    const hit = roots.findIndex((root) => values.get(root.id) === 1n);
    if (hit >= 0) return { what: questions[hit]!.what, inputs: assignment.inputs };
  }
  return undefined;
}

/** A slice of a variable that something compares with a constant. */
interface Hint {
  readonly low: number;
  readonly width: number;
  readonly value: bigint;
}

function comparedConstants(roots: readonly Term[]): Map<string, Hint[]> {
  const hints = new Map<string, Hint[]>();
  for (const { op, args } of inOrder(roots)) {
    const [left, right] = args;
    if (op !== 'eq' || right?.op !== 'const') continue;
    const whole = left!.op === 'extract' ? left!.args[0]! : left!;
    if (whole.op !== 'var') continue;
    const hint = { low: left!.low, width: left!.width, value: right.value };
    hints.set(whole.name, [...(hints.get(whole.name) ?? []), hint]);
  }
  return hints;
}

/** One choice of all inputs: variables at random or as compared, results of lookups and calls as functions of their arguments. */
class Attempt implements Assignment {
  readonly inputs = new Map<string, bigint>();
  readonly #random: Random;
  readonly #hints: ReadonlyMap<string, readonly Hint[]>;
  readonly #salt: bigint;

  constructor(random: Random, hints: ReadonlyMap<string, readonly Hint[]>) {
    this.#random = random;
    this.#hints = hints;
    this.#salt = BigInt(random.word());
  }

  variable(name: string, width: number): bigint {
    const known = this.inputs.get(name);
    if (known !== undefined) return known;
    let value = this.#anything(width || 1);
    for (const { low, width: bits, value: wanted } of this.#hints.get(name) ?? []) {
      if (this.#random.once(2)) value = (value & ~(ones(bits) << BigInt(low))) | (wanted << BigInt(low));
    }
    this.inputs.set(name, value);
    return value;
  }

  result(application: Term, token: bigint): bigint {
    const value = mixed(application.name, [token, this.#salt]);
    const shape = value & 7n;
    const wide = shape === 0n ? 0n : shape === 1n ? 1n : shape === 2n ? value >> 56n : (value >> 3n) | (value << 64n);
    return BigInt.asUintN(application.width || 1, application.width === 0 ? value >> 5n : wide);
  }

  #anything(width: number): bigint {
    const kind = this.#random.below(8);
    if (kind < 2) return 0n;
    if (kind === 2) return BigInt.asUintN(width, 1n);
    if (kind === 3) return ones(width);
    let value = 0n;
    for (let bits = 0; bits < width; bits += 32) value = (value << 32n) | BigInt(this.#random.word());
    return BigInt.asUintN(width, value);
  }
}
