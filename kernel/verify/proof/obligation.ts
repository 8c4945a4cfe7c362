// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Obligations: what must hold for all inputs so that a core function is the same on both machines. Each asks whether it can be broken.

import { isPointer, isPresent, loadThrough, type Pointer, type Value } from '../machine/memory.ts';
import { Unsupported } from '../machine/unsupported.ts';
import { and, or } from '../terms/normalise-boolean.ts';
import { extract } from '../terms/normalise-slices.ts';
import { constant, isFalse, type Term, truth } from '../terms/terms.ts';
import { wordWidth, writtenRuns } from './contract.ts';
import type { Execution } from './execution.ts';
import { difference, type Question } from './question.ts';

/** All obligations of an execution that the normaliser has not already discharged. */
export function obligations(execution: Execution): Question[] {
  const { wasm, bpf } = execution;
  const both = and(wasm.outcome.condition, bpf.outcome.condition);
  const list: Question[] = [
    { what: 'wasm traps or reads through null', guard: or(...wasm.hazards), pairs: [[truth(true), truth(false)]] },
    { what: 'eBPF reads through null or breaks the calling convention', guard: or(...bpf.hazards), pairs: [[truth(true), truth(false)]] },
  ];
  for (const { what, guard, pairs } of [...resultDifferences(execution), ...memoryDifferences(execution)]) {
    list.push({ what, guard: and(both, guard), pairs });
  }
  return list.filter((each) => !isFalse(difference(each)));
}

function resultDifferences(execution: Execution): Question[] {
  const type = execution.core.result;
  const a = execution.wasm.outcome.result;
  const b = execution.bpf.outcome.result;
  if (!type) return [];
  if (a === undefined || b === undefined) throw new Unsupported('a result has no single value');
  if (type.kind === 'reference') return referenceDifferences(execution, type.size, a, b);
  if (isPointer(a) || isPointer(b)) throw new Unsupported('a number is returned as a pointer');
  const { width } = type;
  const always = truth(true);
  const list: Question[] = [{ what: 'the results differ', guard: always, pairs: [[extract(width - 1, 0, a), extract(width - 1, 0, b)]] }];
  // In wasm the callee widens a narrow result, in eBPF the caller does.
  if (width < 32)
    list.push({ what: 'the wasm result is not canonical', guard: always, pairs: [[extract(31, width, a), constant(32 - width, 0)]] });
  return list;
}

/** Returned references are compared by what they lead to: where an entry lies is each machine's own affair. */
function referenceDifferences(execution: Execution, size: number, a: Value, b: Value): Question[] {
  const left = asPointer(a);
  const right = asPointer(b);
  const present = isPresent(left);
  const list: Question[] = [{ what: 'one machine returns null', guard: truth(true), pairs: [[present, isPresent(right)]] }];
  for (let index = 0; index * 8 < size; index++) {
    const bytes = wordWidth(size, index) / 8;
    const before = loadThrough(
      execution.wasm.outcome.memory,
      left.targets.filter((each) => each.region),
      index * 8,
      bytes,
    );
    const after = loadThrough(
      execution.bpf.outcome.memory,
      right.targets.filter((each) => each.region),
      index * 8,
      bytes,
    );
    list.push({
      what: `the returned entry differs at byte ${index * 8}`,
      guard: and(present, isPresent(right)),
      pairs: [[before as Term, after as Term]],
    });
  }
  return list;
}

function asPointer(value: Value): Pointer {
  if (!isPointer(value)) throw new Unsupported('a reference is returned as a number');
  return value;
}

function memoryDifferences(execution: Execution): Question[] {
  const list: Question[] = [];
  for (const region of execution.regions.values()) {
    for (const [at, bytes] of writtenRuns(region.writes)) {
      const a = execution.wasm.outcome.memory.load(region, at, bytes);
      const b = execution.bpf.outcome.memory.load(region, at, bytes);
      if (isPointer(a) || isPointer(b)) throw new Unsupported(`a pointer is stored in ${region.name}`);
      list.push({ what: `${region.name} differs at bytes ${at}..${at + bytes - 1}`, guard: truth(true), pairs: [[a, b]] });
    }
  }
  return list;
}
