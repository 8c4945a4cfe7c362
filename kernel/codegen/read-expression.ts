// Expressions, read: from the compiler's syntax and recorded types to the tree; what the tree cannot spell is a violation.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { ExpressionNode } from './compiler-shapes.ts';
import { internals } from './compiler-shapes.ts';
import { normalise } from './evaluate.ts';
import { readChangetype, readLoad } from './read-address.ts';
import type { ReadContext } from './read-context.ts';
import { AssertionKind, bare, LiteralKind, NodeKind, unknownType } from './read-context.ts';
import type { ArithmeticOperator, ComparisonOperator, Expression, Type } from './tree.ts';
import { isReference, isScalar, sameType, widthOf } from './tree.ts';
import { positionOf } from './violations.ts';

const comparisons = new Map<string, ComparisonOperator>(
  ['==', '!=', '<', '<=', '>', '>='].map((operator) => [operator, operator as ComparisonOperator]),
);
comparisons.set('===', '==').set('!==', '!=');
const arithmetic = new Set(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '>>>']);

export function operatorText(token: number): string {
  return internals.operatorTokenToString(token);
}

export function asArithmetic(text: string): ArithmeticOperator | undefined {
  return arithmetic.has(text) ? (text as ArithmeticOperator) : undefined;
}

function integerValue(node: ExpressionNode): bigint {
  const { low, high } = node.value as { low: number; high: number };
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function readLiteral(context: ReadContext, node: ExpressionNode, negated: boolean): Expression {
  if (node.literalKind !== LiteralKind.Integer) {
    const text = node.literalKind === LiteralKind.Float ? 'floating point' : 'a string or other managed literal';
    return context.refuse(node, `${text} is outside the subset`, 'the core computes with integers only');
  }
  const type = context.typeOf(node) ?? unknownType;
  if (type === unknownType) return context.unknown(node);
  if (!isScalar(type)) return context.refuse(node, 'a number in place of a reference', 'write null');
  const source = node.range.source.text.slice(node.range.start, node.range.end);
  const magnitude = integerValue(node);
  const value = normalise(negated ? -magnitude : magnitude, type);
  return { kind: 'integer', at: positionOf(node), type, value, hexadecimal: /^0x/i.test(source) };
}

function readIdentifier(context: ReadContext, node: ExpressionNode): Expression {
  const at = positionOf(node);
  const local = context.lookup(node.text);
  if (local !== undefined) return { kind: 'local', at, type: local, name: node.text };
  const constant = context.constants.get(node.text);
  if (constant !== undefined) {
    context.usedConstants.add(node.text);
    return { kind: 'constant', at, type: constant.type, name: node.text, value: constant.value };
  }
  if (context.constants.has(node.text)) return context.unknown(node);
  return context.refuse(
    node,
    `${node.text} is neither a local nor a constant of the core`,
    'pass it as a parameter, and import names unchanged',
  );
}

function readBinary(context: ReadContext, node: ExpressionNode): Expression {
  const text = operatorText(node.operator);
  const at = positionOf(node);
  if (text === '&&' || text === '||') {
    const type = context.typeOf(node) ?? 'bool';
    if (type !== 'bool')
      return context.refuse(node, `${text} of other than truth values picks a value`, 'compare with 0 or null, or use ? :');
    return {
      kind: 'logical',
      at,
      type,
      operator: text,
      left: readExpression(context, node.left),
      right: readExpression(context, node.right),
    };
  }
  if (text.endsWith('=') && !comparisons.has(text)) {
    return context.refuse(
      node,
      'an assignment inside an expression is outside the subset: C promises no order',
      'make it a statement of its own',
    );
  }
  const left = readExpression(context, node.left);
  const right = readExpression(context, node.right);
  const comparison = comparisons.get(text);
  if (comparison !== undefined)
    return { kind: 'comparison', at, type: 'bool', operator: comparison, left, right, common: commonType(left.type, right.type) };
  const operator = asArithmetic(text);
  if (operator === undefined)
    return context.refuse(node, `operator ${text} is outside the subset`, 'use + - * & | ^ << >> and comparisons');
  const found = context.compiled.types.get(node)?.toString();
  if (found === 'usize' || found === 'isize') return context.refuse(node, 'address arithmetic outside an address', 'use u32 or u64');
  return { kind: 'arithmetic', at, type: context.typeOf(node) ?? unknownType, operator, left, right };
}

/** Type in which the compiler compares: the wider one, the left one among equals. */
function commonType(left: Type, right: Type): Type {
  if (!isScalar(left) || !isScalar(right)) return isReference(left) ? left : right;
  return widthOf(right) <= widthOf(left) ? left : right;
}

function readUnary(context: ReadContext, node: ExpressionNode): Expression {
  const text = operatorText(node.operator);
  const at = positionOf(node);
  const operand = bare(node.operand);
  if (text === '-' && operand.kind === NodeKind.Literal) return readLiteral(context, operand, true);
  const type = context.typeOf(node) ?? unknownType;
  if (text === '!') return { kind: 'not', at, type: 'bool', operand: readExpression(context, operand) };
  if (text === '-') return { kind: 'negate', at, type, operand: readExpression(context, operand) };
  if (text === '~') return { kind: 'complement', at, type, operand: readExpression(context, operand) };
  if (text === '+') return readExpression(context, operand);
  return context.refuse(node, `${text} inside an expression is outside the subset: C promises no order`, 'make it a statement of its own');
}

function readAssertion(context: ReadContext, node: ExpressionNode): Expression {
  if (node.assertionKind === AssertionKind.NonNull) return readExpression(context, node.expression);
  const target = context.compiled.types.get(node)?.toString();
  const from = context.compiled.types.get(bare(node.expression));
  if (from !== undefined && from.classReference !== null && !from.isManaged && target !== undefined && isScalar(target)) {
    return context.refuse(node, 'a reference became a number', 'compare with null; a pointer has another width on each machine');
  }
  const type = context.typeOf(node) ?? unknownType;
  const operand = readExpression(context, node.expression);
  return sameType(type, operand.type) ? operand : { kind: 'convert', at: positionOf(node), type, operand };
}

function readBuiltin(context: ReadContext, node: ExpressionNode, name: string): Expression {
  const at = positionOf(node);
  const values = () => node.args.map((value) => readExpression(context, value));
  if (name === 'load') return readLoad(context, node);
  if (name === 'changetype') return readChangetype(context, node);
  const type = context.typeOf(node) ?? unknownType;
  if (name === 'select') {
    const [yes, no, condition] = values();
    return { kind: 'choice', at, type, condition: condition!, yes: yes!, no: no!, eager: true };
  }
  if (name === 'rotl') {
    if (type !== 'u32' && type !== 'u64')
      return context.refuse(node, 'rotl of other than u32 and u64 is outside the subset', 'write rotl<u32> or rotl<u64>');
    const [operand, count] = values();
    return { kind: 'rotate', at, type, operand: operand!, count: count! };
  }
  if (name === 'bswap') {
    if (type !== 'u16' && type !== 'u32' && type !== 'u64')
      return context.refuse(
        node,
        'bswap of other than u16, u32 and u64 is outside the subset',
        'write bswap<u16>, bswap<u32> or bswap<u64>',
      );
    return { kind: 'byteswap', at, type, operand: values()[0]! };
  }
  return context.refuse(
    node,
    `${name} is outside the subset`,
    'builtins of the subset: load, store, changetype, offsetof, rotl, bswap, select; casts are <T>x',
  );
}

function readCall(context: ReadContext, node: ExpressionNode): Expression {
  const builtin = context.compiled.builtins.get(node);
  if (builtin !== undefined) return readBuiltin(context, node, builtin);
  const callee = context.compiled.callees.get(node);
  if (callee === undefined || bare(node.expression).kind !== NodeKind.Identifier) {
    return context.refuse(node, 'only functions of the core can be called, by name', 'no methods, no function values');
  }
  const name = callee.prototype.name;
  // bswap is written in AssemblyScript's own library, out of the builtins of WASM.
  if (positionOf(callee.declaration).file.startsWith('~lib/')) return readBuiltin(context, node, name);
  context.called.push({ name, node });
  if (callee.signature.parameterTypes.length !== node.args.length) {
    return context.refuse(node, 'a default argument is outside the subset', 'pass every argument');
  }
  return {
    kind: 'call',
    at: positionOf(node),
    type: context.typeOf(node) ?? 'void',
    callee: name,
    values: node.args.map((value) => readExpression(context, value)),
  };
}

function readField(context: ReadContext, node: ExpressionNode): Expression {
  const object = readExpression(context, node.expression);
  if (object.type === unknownType) return context.unknown(node);
  const field = isReference(object.type)
    ? context.structs.get(object.type.struct)?.fields.find((candidate) => candidate.name === node.property.text)
    : undefined;
  if (field === undefined)
    return context.refuse(node, `${node.property.text} is no field of an @unmanaged class of the core`, 'no methods, accessors or statics');
  return { kind: 'field', at: positionOf(node), type: field.type, object, field: field.name };
}

/** One branch is dead when the condition is a compile-time constant: the compiler then never looked at it. */
function readTernary(context: ReadContext, node: ExpressionNode): Expression {
  const { types } = context.compiled;
  if (!types.has(bare(node.ifThen))) return readExpression(context, node.ifElse);
  if (!types.has(bare(node.ifElse))) return readExpression(context, node.ifThen);
  const [condition, yes, no] = [node.condition, node.ifThen, node.ifElse].map((part) => readExpression(context, part));
  return {
    kind: 'choice',
    at: positionOf(node),
    type: context.typeOf(node) ?? unknownType,
    condition: condition!,
    yes: yes!,
    no: no!,
    eager: false,
  };
}

export function readExpression(context: ReadContext, parenthesised: ExpressionNode): Expression {
  const node = bare(parenthesised);
  const at = positionOf(node);
  switch (node.kind) {
    case NodeKind.Literal:
      return readLiteral(context, node, false);
    case NodeKind.True:
    case NodeKind.False:
      return { kind: 'boolean', at, type: 'bool', value: node.kind === NodeKind.True };
    case NodeKind.Null:
      return { kind: 'null', at, type: { struct: '' } };
    case NodeKind.Identifier:
      return readIdentifier(context, node);
    case NodeKind.Assertion:
      return readAssertion(context, node);
    case NodeKind.Binary:
      return readBinary(context, node);
    case NodeKind.UnaryPrefix:
      return readUnary(context, node);
    case NodeKind.Ternary:
      return readTernary(context, node);
    case NodeKind.Call:
      return readCall(context, node);
    case NodeKind.PropertyAccess:
      return readField(context, node);
    case NodeKind.New:
      return context.refuse(node, 'an allocation is outside the subset', 'use the scratch');
    case NodeKind.UnaryPostfix:
      return context.refuse(
        node,
        `${operatorText(node.operator)} inside an expression is outside the subset: C promises no order`,
        'make it a statement of its own',
      );
    default:
      return context.refuse(node, 'this expression is outside the subset', 'see kernel/codegen/README.md');
  }
}
