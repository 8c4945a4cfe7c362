// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Paths: where two ways through a function meet again, their states become one, with choices for what differs. The number of states
// then grows with the size of a function and not with its number of paths.

import { and, conjuncts, not, or } from '../terms/normalise-boolean.ts';
import type { Term } from '../terms/terms.ts';
import { chosenValue, type Memory, type Value } from './memory.ts';

export interface Path {
  /** Condition on the inputs under which this path is taken. */
  readonly condition: Term;
  readonly memory: Memory;
  /** Registers, or locals and operands. */
  readonly values: readonly (Value | undefined)[];
}

interface Split {
  /** Condition of both together. */
  readonly whole: Term;
  /** True on the first path, false on the second; meaningless elsewhere. */
  readonly first: Term;
}

function compared(a: Term, b: Term): Split {
  const left = conjuncts(a);
  const right = conjuncts(b);
  const shared = new Set(left.filter((part) => right.includes(part)));
  const restOfA = and(...left.filter((part) => !shared.has(part)));
  const restOfB = and(...right.filter((part) => !shared.has(part)));
  const whole = and(...shared, or(restOfA, restOfB));
  const first = conjuncts(restOfB).length < conjuncts(restOfA).length ? not(restOfB) : restOfA;
  return { whole, first };
}

export function joinPaths<P extends Path>(a: P, b: P): P {
  const { whole, first } = compared(a.condition, b.condition);
  const length = Math.max(a.values.length, b.values.length);
  const values: (Value | undefined)[] = [];
  for (let i = 0; i < length; i++) values.push(chosenValue(first, a.values[i], b.values[i]));
  return { ...a, condition: whole, memory: a.memory.joined(first, b.memory), values };
}

export function joinAll<P extends Path>(paths: readonly (P | undefined)[]): P | undefined {
  const present = paths.filter((path) => path !== undefined);
  return present.length === 0 ? undefined : present.reduce((a, b) => joinPaths(a, b));
}
