// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// WASM's integer instructions as terms. i64 instructions mirror the i32 ones at other opcodes, so one table serves both.

import { add, divide, multiply, remainder, subtract } from '../terms/normalise-arithmetic.ts';
import { bitAnd, bitOr, bitXor, rotateLeft, shiftLeft, shiftRight, shiftRightSigned } from '../terms/normalise-bitwise.ts';
import { bit, not } from '../terms/normalise-boolean.ts';
import { atMost, atMostSigned, equal, less, lessSigned } from '../terms/normalise-compare.ts';
import { extract, signExtend, zeroExtend } from '../terms/normalise-slices.ts';
import { constant, type Term } from '../terms/terms.ts';

type Binary = (a: Term, b: Term) => Term;

function shifted(shift: Binary): Binary {
  return (a, b) => shift(a, bitAnd(b, constant(a.width, a.width - 1)));
}

function rotatedRight(a: Term, b: Term): Term {
  return rotateLeft(a, bitAnd(subtract(constant(a.width, a.width), b), constant(a.width, a.width - 1)));
}

/** By distance from `i32.eq` / `i64.eq`. */
const comparisons: readonly Binary[] = [
  equal,
  (a, b) => not(equal(a, b)),
  lessSigned,
  less,
  (a, b) => lessSigned(b, a),
  (a, b) => less(b, a),
  atMostSigned,
  atMost,
  (a, b) => atMostSigned(b, a),
  (a, b) => atMost(b, a),
];

/** By distance from `i32.add` / `i64.add`; signed division is outside the subset. */
const arithmetic: readonly (Binary | undefined)[] = [
  add,
  subtract,
  multiply,
  undefined,
  divide,
  undefined,
  remainder,
  bitAnd,
  bitOr,
  bitXor,
  shifted(shiftLeft),
  shifted(shiftRightSigned),
  shifted(shiftRight),
  rotateLeft,
  rotatedRight,
];

export interface Numeric {
  readonly operands: 1 | 2;
  /** Division: a zero divisor traps. */
  readonly divides: boolean;
  compute(a: Term, b: Term): Term;
}

function binary(compute: Binary, divides = false): Numeric {
  return { operands: 2, divides, compute };
}

function unary(compute: (a: Term) => Term): Numeric {
  return { operands: 1, divides: false, compute };
}

function comparison(compare: Binary): Numeric {
  return binary((a, b) => bit(compare(a, b), 32));
}

function signed(from: number, to: number): Numeric {
  return unary((a) => signExtend(to, extract(from - 1, 0, a)));
}

function built(): Map<number, Numeric> {
  const table = new Map<number, Numeric>();
  for (const first of [0x46, 0x51]) {
    for (const [i, compare] of comparisons.entries()) table.set(first + i, comparison(compare));
  }
  for (const first of [0x6a, 0x7c]) {
    arithmetic.forEach((compute, i) => {
      if (compute) table.set(first + i, binary(compute, i === 4 || i === 6));
    });
  }
  table.set(
    0xa7,
    unary((a) => extract(31, 0, a)),
  );
  table.set(
    0xac,
    unary((a) => signExtend(64, a)),
  );
  table.set(
    0xad,
    unary((a) => zeroExtend(64, a)),
  );
  table.set(0xc0, signed(8, 32));
  table.set(0xc1, signed(16, 32));
  table.set(0xc2, signed(8, 64));
  table.set(0xc3, signed(16, 64));
  table.set(0xc4, signed(32, 64));
  return table;
}

/** Integer instructions by opcode; `eqz` and what touches memory or control stand in the executor. */
export const numeric: ReadonlyMap<number, Numeric> = built();

/** Loads by opcode: bytes read, width of the result, and whether the sign is extended. */
export const loads: ReadonlyMap<number, readonly [bytes: number, width: number, signed: boolean]> = new Map([
  [0x28, [4, 32, false]],
  [0x29, [8, 64, false]],
  [0x2c, [1, 32, true]],
  [0x2d, [1, 32, false]],
  [0x2e, [2, 32, true]],
  [0x2f, [2, 32, false]],
  [0x30, [1, 64, true]],
  [0x31, [1, 64, false]],
  [0x32, [2, 64, true]],
  [0x33, [2, 64, false]],
  [0x34, [4, 64, true]],
  [0x35, [4, 64, false]],
]);

/** Stores by opcode: bytes written. */
export const stores: ReadonlyMap<number, number> = new Map([
  [0x36, 4],
  [0x37, 8],
  [0x3a, 1],
  [0x3b, 2],
  [0x3c, 1],
  [0x3d, 2],
  [0x3e, 4],
]);
