// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// eBPF's arithmetic and conditional jumps as terms, after the kernel's instruction-set document: shifts are masked, division by
// zero gives 0, remainder by zero the dividend.

import { add, divide, multiply, negate, remainder, subtract } from '../terms/normalise-arithmetic.ts';
import { bitAnd, bitOr, bitXor, shiftLeft, shiftRight, shiftRightSigned } from '../terms/normalise-bitwise.ts';
import { ite, not } from '../terms/normalise-boolean.ts';
import { atMost, atMostSigned, equal, isNonZero, less, lessSigned } from '../terms/normalise-compare.ts';
import { byteSwap, extract, zeroExtend } from '../terms/normalise-slices.ts';
import { constant, type Term } from '../terms/terms.ts';
import { Unsupported } from './unsupported.ts';

function count(b: Term): Term {
  return bitAnd(b, constant(b.width, b.width - 1));
}

/** Operation `code` (upper four bits of the opcode) on operands of 32 or 64 bits. */
export function computed(code: number, a: Term, b: Term): Term {
  switch (code) {
    case 0x0:
      return add(a, b);
    case 0x1:
      return subtract(a, b);
    case 0x2:
      return multiply(a, b);
    case 0x3:
      return ite(equal(b, constant(b.width, 0)), constant(a.width, 0), divide(a, b));
    case 0x4:
      return bitOr(a, b);
    case 0x5:
      return bitAnd(a, b);
    case 0x6:
      return shiftLeft(a, count(b));
    case 0x7:
      return shiftRight(a, count(b));
    case 0x8:
      return negate(a);
    case 0x9:
      return remainder(a, b);
    case 0xa:
      return bitXor(a, b);
    case 0xb:
      return b;
    case 0xc:
      return shiftRightSigned(a, count(b));
    default:
      throw new Unsupported(`bpf: arithmetic operation ${code} is not supported`);
  }
}

/** The low `bits` of a register in the other byte order, or just cut, zero-extended: the `be16`… and `le16`… instructions. */
export function endian(register: Term, bits: number, swap: boolean): Term {
  const low = extract(bits - 1, 0, register);
  return zeroExtend(64, swap ? byteSwap(low) : low);
}

/** The condition of jump `code` on operands of 32 or 64 bits. */
export function jumpCondition(code: number, a: Term, b: Term): Term {
  switch (code) {
    case 0x1:
      return equal(a, b);
    case 0x2:
      return less(b, a);
    case 0x3:
      return atMost(b, a);
    case 0x4:
      return isNonZero(bitAnd(a, b));
    case 0x5:
      return not(equal(a, b));
    case 0x6:
      return lessSigned(b, a);
    case 0x7:
      return atMostSigned(b, a);
    case 0xa:
      return less(a, b);
    case 0xb:
      return atMost(a, b);
    case 0xc:
      return lessSigned(a, b);
    case 0xd:
      return atMostSigned(a, b);
    default:
      throw new Unsupported(`bpf: jump ${code} is not supported`);
  }
}
