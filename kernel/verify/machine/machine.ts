// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What both executors share: the questions they put to the contract, and what an execution leaves behind.

import type { Term } from '../terms/terms.ts';
import type { Memory, Pointer, Value } from './memory.ts';

/** The state that a call sees and changes. */
export interface CallState {
  readonly condition: Term;
  readonly memory: Memory;
}

/** Answers of the contract. The executors never look into callees that it claims. */
export interface Contract {
  lookup(map: string, key: readonly Term[], state: CallState): Pointer;
  call(name: string, args: readonly Value[], state: CallState): Value | undefined;
  /** Notes a condition under which a machine would trap or read through null. */
  unsafe(condition: Term): void;
}

export interface Outcome {
  readonly condition: Term;
  readonly memory: Memory;
  readonly result: Value | undefined;
}
