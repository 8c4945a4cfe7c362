// Addresses: the three shapes in which the core computes with one. An embedded struct, a load, a store; each a reference plus a constant.
// Nothing else may turn a reference into a number: a pointer has another width on each machine.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { ExpressionNode } from './compiler-shapes.ts';
import type { ReadContext } from './read-context.ts';
import { bare, LiteralKind, NodeKind } from './read-context.ts';
import { readExpression } from './read-expression.ts';
import type { Expression, Scalar } from './tree.ts';
import { isReference, isScalar, sizeOf } from './tree.ts';
import { positionOf } from './violations.ts';

export interface Address {
  readonly base: Expression;
  readonly offset: number;
  /** Set when the whole offset was spelled as one offsetof of the base's own class. */
  readonly field: string | undefined;
}

const shape = "an address is changetype<usize>(reference), or that + offsetof<S>('field'), or + a constant";

/** Name of the builtin that a node calls. */
export function builtinOf(context: ReadContext, node: ExpressionNode): string | undefined {
  const inner = bare(node);
  return inner.kind === NodeKind.Call ? context.compiled.builtins.get(inner) : undefined;
}

interface Offset {
  readonly bytes: number;
  readonly struct?: string;
  readonly field?: string;
}

/** A compile-time offset: a literal, a module constant, or offsetof<S>('field'). */
function readOffset(context: ReadContext, node: ExpressionNode): Offset | undefined {
  const inner = bare(node);
  if (inner.kind === NodeKind.Literal && inner.literalKind === LiteralKind.Integer && typeof inner.value === 'object') {
    return { bytes: inner.value.low };
  }
  if (inner.kind === NodeKind.Identifier) {
    const constant = context.constants.get(inner.text);
    if (constant !== undefined && context.lookup(inner.text) === undefined) return { bytes: Number(constant.value) };
  }
  if (builtinOf(context, inner) === 'offsetof') {
    const name = context.typeArgument(inner);
    const struct = name === undefined ? undefined : context.structs.get(name);
    const literal = inner.args[0] === undefined ? undefined : bare(inner.args[0]);
    if (struct !== undefined && literal === undefined) return { bytes: struct.size };
    const field = struct?.fields.find((candidate) => candidate.name === literal?.value);
    if (struct !== undefined && field !== undefined) return { bytes: field.offset, struct: struct.name, field: field.name };
  }
  context.report(node, 'the offset of an address must be known at compile time', shape);
  return undefined;
}

/** Reads `changetype<usize>(reference) [+ offset]`; undefined (and reported) for any other computation. */
export function readAddress(context: ReadContext, node: ExpressionNode): Address | undefined {
  const inner = bare(node);
  if (inner.kind === NodeKind.Binary && inner.left !== undefined) {
    const base = readAddress(context, inner.left);
    const offset = readOffset(context, inner.right);
    if (base === undefined || offset === undefined) return undefined;
    const own = isReference(base.base.type) && base.base.type.struct === offset.struct && base.offset === 0;
    return { base: base.base, offset: base.offset + offset.bytes, field: own ? offset.field : undefined };
  }
  if (builtinOf(context, inner) === 'changetype' && context.typeArgument(inner) === 'usize') {
    const base = readExpression(context, inner.args[0]!);
    if (isReference(base.type)) return { base, offset: 0, field: undefined };
  }
  context.report(node, 'this address is outside the subset', shape);
  return undefined;
}

/** The address of a load or store of `memory`, `extra` bytes after `node`'s; checked against the struct's bounds and alignment. */
export function readAccess(
  context: ReadContext,
  node: ExpressionNode,
  extra: ExpressionNode | undefined,
  memory: Scalar,
): Address | undefined {
  const address = readAddress(context, node);
  const offset = extra === undefined ? { bytes: 0 } : readOffset(context, extra);
  if (address === undefined || offset === undefined) return undefined;
  const bytes = address.offset + offset.bytes;
  const struct = isReference(address.base.type) ? context.structs.get(address.base.type.struct) : undefined;
  if (struct !== undefined && (bytes < 0 || bytes + sizeOf(memory) > struct.size)) {
    context.report(
      node,
      `bytes ${bytes} to ${bytes + sizeOf(memory)} reach outside ${struct.name}, which has ${struct.size}`,
      'stay inside the struct',
    );
  }
  if (bytes % sizeOf(memory) !== 0) {
    context.report(
      node,
      `a ${memory} at byte ${bytes} is not aligned`,
      'the eBPF verifier refuses it: choose an aligned offset or a narrower type',
    );
  }
  return { base: address.base, offset: bytes, field: undefined };
}

/** `load<T>(address, offset)`. */
export function readLoad(context: ReadContext, node: ExpressionNode): Expression {
  const memory = context.typeArgument(node);
  if (memory === undefined || !isScalar(memory) || node.args.length > 2) {
    return context.refuse(node, 'this load is outside the subset', 'load<T>(changetype<usize>(reference), OFFSET) with an integer type T');
  }
  const type = context.typeOf(node) ?? memory;
  const address = readAccess(context, node.args[0]!, node.args[1], memory);
  const at = positionOf(node);
  if (address === undefined) return { kind: 'integer', at, type, value: 0n, hexadecimal: false };
  return { kind: 'load', at, type, base: address.base, offset: address.offset, memory };
}

/** `changetype<T>(reference)` or `changetype<T>(address)`. */
export function readChangetype(context: ReadContext, node: ExpressionNode): Expression {
  if (context.typeArgument(node) === 'usize') {
    return context.refuse(node, 'a reference became a number outside an address', shape);
  }
  const type = context.typeOf(node);
  const at = positionOf(node);
  if (type === undefined || !isReference(type))
    return context.refuse(node, 'changetype to a number is outside the subset', 'use <T>x for numbers');
  const operandType = context.compiled.types.get(bare(node.args[0]!));
  if (operandType !== undefined && operandType.classReference !== null) {
    return { kind: 'embedded', at, type, base: readExpression(context, node.args[0]!), field: undefined, offset: 0 };
  }
  const address = readAddress(context, node.args[0]!);
  if (address === undefined) return { kind: 'null', at, type };
  const outer = isReference(address.base.type) ? context.structs.get(address.base.type.struct) : undefined;
  const inner = context.structs.get(type.struct);
  if (outer !== undefined && inner !== undefined && address.offset + inner.size > outer.size) {
    context.report(
      node,
      `${inner.name} at byte ${address.offset} reaches outside ${outer.name}, which has ${outer.size} bytes`,
      'stay inside the struct',
    );
  }
  return { kind: 'embedded', at, type, base: address.base, field: address.field, offset: address.offset };
}
