// Tree: the core as the generator sees it, after the compiler has said the type of every expression and before it becomes C. Only what
// the subset allows can be spelled here.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Position } from './violations.ts';

/** No i8 and i16: AssemblyScript does not wrap them everywhere (`<i16><u16>x` of a negative i8 x is 65535 and more). */
export type Scalar = 'bool' | 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'i64';

/** A reference to an @unmanaged class. */
export interface Reference {
  readonly struct: string;
}

export type Type = Scalar | 'void' | Reference;

interface Typed {
  readonly at: Position;
  /** What the compiler made of it, before any conversion that its surroundings ask for. */
  readonly type: Type;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>' | '>>>';
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Expression = Typed &
  (
    | { readonly kind: 'integer'; readonly value: bigint; readonly hexadecimal: boolean }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'null' }
    | { readonly kind: 'local'; readonly name: string }
    | { readonly kind: 'constant'; readonly name: string; readonly value: bigint }
    | { readonly kind: 'field'; readonly object: Expression; readonly field: string }
    | { readonly kind: 'arithmetic'; readonly operator: ArithmeticOperator; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: 'comparison';
        readonly operator: ComparisonOperator;
        readonly left: Expression;
        readonly right: Expression;
        readonly common: Type;
      }
    | { readonly kind: 'logical'; readonly operator: '&&' | '||'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'not' | 'negate' | 'complement'; readonly operand: Expression }
    | {
        readonly kind: 'choice';
        readonly condition: Expression;
        readonly yes: Expression;
        readonly no: Expression;
        readonly eager: boolean;
      }
    | { readonly kind: 'convert'; readonly operand: Expression }
    | { readonly kind: 'call'; readonly callee: string; readonly values: readonly Expression[] }
    | { readonly kind: 'rotate'; readonly operand: Expression; readonly count: Expression }
    | { readonly kind: 'byteswap'; readonly operand: Expression }
    /** The block of `base` that starts at `field` (or at byte `offset`), seen as the struct of `type`. */
    | { readonly kind: 'embedded'; readonly base: Expression; readonly field: string | undefined; readonly offset: number }
    | { readonly kind: 'load'; readonly base: Expression; readonly offset: number; readonly memory: Scalar }
  );

export type ExpressionKind<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }>;

export type Statement = { readonly at: Position } & (
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly type: Type;
      readonly constant: boolean;
      readonly value: Expression | undefined;
    }
  | { readonly kind: 'assign'; readonly target: Expression; readonly operator: ArithmeticOperator | undefined; readonly value: Expression }
  | { readonly kind: 'store'; readonly base: Expression; readonly offset: number; readonly memory: Scalar; readonly value: Expression }
  | { readonly kind: 'call'; readonly call: Expression }
  | { readonly kind: 'if'; readonly condition: Expression; readonly yes: readonly Statement[]; readonly no: readonly Statement[] }
  | {
      readonly kind: 'for';
      readonly start: Statement;
      readonly condition: Expression;
      readonly step: Statement;
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'return'; readonly value: Expression | undefined }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
);

export type StatementKind<K extends Statement['kind']> = Extract<Statement, { readonly kind: K }>;

export interface Parameter {
  readonly name: string;
  readonly type: Type;
}

export interface CoreFunction {
  readonly at: Position;
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly returns: Type;
  /** Re-exported by core/exports.ts: a subprogram of its own. */
  readonly exported: boolean;
  /** Re-exported by core/inlined.ts: a subprogram of its own too, but its callers get its body, for a call would cost more than it. */
  readonly inlined: boolean;
  /** Undefined for host functions: each machine has its own body. */
  readonly body: readonly Statement[] | undefined;
}

export interface Field {
  readonly name: string;
  readonly type: Scalar;
  readonly offset: number;
}

export interface Struct {
  readonly at: Position;
  readonly name: string;
  readonly size: number;
  readonly fields: readonly Field[];
}

export interface Constant {
  readonly at: Position;
  readonly name: string;
  readonly type: Scalar;
  readonly value: bigint;
  readonly hexadecimal: boolean;
}

export interface Core {
  readonly structs: ReadonlyMap<string, Struct>;
  readonly constants: ReadonlyMap<string, Constant>;
  /** By name; only what exported functions reach. */
  readonly functions: ReadonlyMap<string, CoreFunction>;
}

const bits: Readonly<Record<Scalar, number>> = { bool: 1, u8: 8, u16: 16, u32: 32, i32: 32, u64: 64, i64: 64 };

export function isScalar(type: Type | string): type is Scalar {
  return typeof type === 'string' && type in bits;
}

/** Width in bits; bool has 1. */
export function widthOf(type: Scalar): number {
  return bits[type];
}

/** Bytes in memory. */
export function sizeOf(type: Scalar): number {
  return Math.max(1, bits[type] / 8);
}

export function isSigned(type: Scalar): boolean {
  return type.startsWith('i');
}

export function isReference(type: Type): type is Reference {
  return typeof type === 'object';
}

export function sameType(a: Type, b: Type): boolean {
  return isReference(a) && isReference(b) ? a.struct === b.struct : a === b;
}
