// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Obligations: what must hold for all inputs so that a core function is the same on both machines. Each is stated as its violation.

import type { Execution } from './execution.ts';
import { isPointer, isPresent, loadThrough, type Pointer, type Value } from './memory.ts';
import { and, not, or } from './normalise-boolean.ts';
import { equal, isNonZero } from './normalise-compare.ts';
import { extract } from './normalise-slices.ts';
import { isFalse, type Term } from './terms.ts';
import { wordWidth, writtenRuns } from './contract.ts';
import { Unsupported } from './unsupported.ts';

export interface Obligation {
  /** What would be wrong, for the counterexample. */
  readonly what: string;
  /** Can be true exactly when it is. */
  readonly violation: Term;
}

/** All obligations of an execution that the normaliser has not already discharged. */
export function obligations(execution: Execution): Obligation[] {
  const { wasm, bpf } = execution;
  const both = and(wasm.outcome.condition, bpf.outcome.condition);
  const list: Obligation[] = [];
  const state = (what: string, violation: Term): void => {
    if (!isFalse(violation)) list.push({ what, violation });
  };
  state('wasm traps or reads through null', or(...wasm.hazards));
  state('eBPF reads through null or breaks the calling convention', or(...bpf.hazards));
  for (const [what, violation] of resultViolations(execution)) state(what, and(both, violation));
  for (const [what, violation] of memoryViolations(execution)) state(what, and(both, violation));
  return list;
}

function resultViolations(execution: Execution): [string, Term][] {
  const type = execution.core.result;
  const a = execution.wasm.outcome.result;
  const b = execution.bpf.outcome.result;
  if (!type) return [];
  if (a === undefined || b === undefined) throw new Unsupported('a result has no single value');
  if (type.kind === 'reference') return referenceViolations(execution, type.size, a, b);
  if (isPointer(a) || isPointer(b)) throw new Unsupported('a number is returned as a pointer');
  const { width } = type;
  const list: [string, Term][] = [['the results differ', not(equal(extract(width - 1, 0, a), extract(width - 1, 0, b)))]];
  // In wasm the callee widens a narrow result, in eBPF the caller does.
  if (width < 32) list.push(['the wasm result is not canonical', isNonZero(extract(31, width, a))]);
  return list;
}

/** Returned references are compared by what they lead to: where an entry lies is each machine's own affair. */
function referenceViolations(execution: Execution, size: number, a: Value, b: Value): [string, Term][] {
  const left = asPointer(a);
  const right = asPointer(b);
  const present = isPresent(left);
  const list: [string, Term][] = [['one machine returns null', not(equal(present, isPresent(right)))]];
  for (let index = 0; index * 8 < size; index++) {
    const bytes = wordWidth(size, index) / 8;
    const before = loadThrough(execution.wasm.outcome.memory, left.targets.filter((each) => each.region), index * 8, bytes);
    const after = loadThrough(execution.bpf.outcome.memory, right.targets.filter((each) => each.region), index * 8, bytes);
    list.push([`the returned entry differs at byte ${index * 8}`, and(present, isPresent(right), not(equal(before as Term, after as Term)))]);
  }
  return list;
}

function asPointer(value: Value): Pointer {
  if (!isPointer(value)) throw new Unsupported('a reference is returned as a number');
  return value;
}

function memoryViolations(execution: Execution): [string, Term][] {
  const list: [string, Term][] = [];
  for (const region of execution.regions.values()) {
    for (const [at, bytes] of writtenRuns(region.writes)) {
      const a = execution.wasm.outcome.memory.load(region, at, bytes);
      const b = execution.bpf.outcome.memory.load(region, at, bytes);
      if (isPointer(a) || isPointer(b)) throw new Unsupported(`a pointer is stored in ${region.name}`);
      list.push([`${region.name} differs at bytes ${at}..${at + bytes - 1}`, not(equal(a, b))]);
    }
  }
  return list;
}
