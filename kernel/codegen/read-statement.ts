// Statements, read: from the compiler's syntax to the tree.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { DeclarationNode, ExpressionNode, StatementNode } from './compiler-shapes.ts';
import { builtinOf, readAccess } from './read-address.ts';
import type { ReadContext } from './read-context.ts';
import { bare, CommonFlags, NodeKind, unknownType } from './read-context.ts';
import { asArithmetic, operatorText, readExpression } from './read-expression.ts';
import type { Statement, Type } from './tree.ts';
import { isScalar } from './tree.ts';
import { positionOf } from './violations.ts';

function declaredType(context: ReadContext, node: DeclarationNode): Type | undefined {
  if (node.type === null) return node.initializer === null ? undefined : context.typeOf(node.initializer);
  const name = node.type.name?.identifier.text ?? '';
  if (isScalar(name)) return name;
  if (context.structs.has(name)) return { struct: name };
  if (name === 'i8' || name === 'i16') {
    context.report(node.type, `${name} is outside the subset: AssemblyScript does not wrap it everywhere`, 'use i32');
    return undefined;
  }
  const hint = 'use bool, u8 to u64, i32, i64 or a reference to an @unmanaged class';
  context.report(node.type, `type ${name === '' ? 'of this local' : name} is outside the subset`, hint);
  return undefined;
}

function readVariables(context: ReadContext, node: StatementNode): Statement[] {
  return node.declarations.map((declaration) => {
    const value = declaration.initializer === null ? undefined : readExpression(context, declaration.initializer);
    const type = declaredType(context, declaration) ?? value?.type ?? unknownType;
    context.declare(declaration, declaration.name.text, type);
    const constant = (declaration.flags & CommonFlags.Const!) !== 0;
    return { kind: 'variable', at: positionOf(declaration), name: declaration.name.text, type, constant, value };
  });
}

function readAssignment(
  context: ReadContext,
  node: ExpressionNode,
  left: ExpressionNode,
  operator: string,
  right: ExpressionNode | undefined,
): Statement[] {
  const at = positionOf(node);
  const target = readExpression(context, left);
  if (target.kind !== 'local' && target.kind !== 'field') {
    context.report(left, 'only locals and fields can be assigned', 'use store<T> for other bytes');
    return [];
  }
  const value =
    right === undefined
      ? { kind: 'integer' as const, at, type: target.type, value: 1n, hexadecimal: false }
      : readExpression(context, right);
  if (operator === '') return [{ kind: 'assign', at, target, operator: undefined, value }];
  const arithmetic = asArithmetic(operator);
  if (arithmetic === undefined) {
    context.report(node, `operator ${operator}= is outside the subset`, 'write it out');
    return [];
  }
  return [{ kind: 'assign', at, target, operator: arithmetic, value }];
}

/** An expression in the place of a statement: an assignment, a step, a store or a call. */
function readEffect(context: ReadContext, expression: ExpressionNode): Statement[] {
  const node = bare(expression);
  if (node.kind === NodeKind.Binary && operatorText(node.operator).endsWith('=')) {
    return readAssignment(context, node, node.left, operatorText(node.operator).slice(0, -1), node.right);
  }
  if (node.kind === NodeKind.UnaryPrefix || node.kind === NodeKind.UnaryPostfix) {
    const text = operatorText(node.operator);
    if (text === '++' || text === '--') return readAssignment(context, node, node.operand, text.charAt(0), undefined);
  }
  if (builtinOf(context, node) === 'store') return readStore(context, node);
  if (node.kind === NodeKind.Call) {
    const call = readExpression(context, node);
    return call.kind === 'call' ? [{ kind: 'call', at: call.at, call }] : [];
  }
  context.report(node, 'this statement does nothing', 'remove it');
  return [];
}

function readStore(context: ReadContext, node: ExpressionNode): Statement[] {
  const memory = context.typeArgument(node);
  if (memory === undefined || !isScalar(memory) || node.args.length > 3) {
    context.report(
      node,
      'this store is outside the subset',
      'store<T>(changetype<usize>(reference), value, OFFSET) with an integer type T',
    );
    return [];
  }
  const address = readAccess(context, node.args[0]!, node.args[2], memory);
  const value = readExpression(context, node.args[1]!);
  return address === undefined ? [] : [{ kind: 'store', at: positionOf(node), base: address.base, offset: address.offset, memory, value }];
}

/** Branches under a compile-time constant: the compiler looks at the live one only. */
function readIf(context: ReadContext, node: StatementNode): Statement[] {
  const isLive = (branch: StatementNode): boolean => {
    const inside = branch.kind === NodeKind.Block ? branch.statements : [branch];
    return inside.length === 0 || context.compiled.statements.has(inside[0]!);
  };
  const branch = (statement: StatementNode | null) => (statement === null ? [] : context.inScope(() => readBody(context, statement)));
  if (!isLive(node.ifTrue)) return wrap(node, branch(node.ifFalse));
  if (node.ifFalse !== null && !isLive(node.ifFalse)) return wrap(node, branch(node.ifTrue));
  const condition = readExpression(context, node.condition!);
  return [{ kind: 'if', at: positionOf(node), condition, yes: branch(node.ifTrue), no: branch(node.ifFalse) }];
}

function wrap(node: StatementNode, body: Statement[]): Statement[] {
  return body.length === 0 ? [] : [{ kind: 'block', at: positionOf(node), body }];
}

function readFor(context: ReadContext, node: StatementNode): Statement[] {
  return context.inScope(() => {
    const start = node.initializer === null ? [] : readStatement(context, node.initializer);
    const condition = node.condition === null ? undefined : readExpression(context, node.condition);
    const body = context.inScope(() => readBody(context, node.body));
    const step = node.incrementor === null ? [] : readEffect(context, node.incrementor);
    if (start.length !== 1 || step.length !== 1 || condition === undefined) {
      context.report(node, 'a loop without start, bound and step is outside the subset', 'for (let i: u32 = 0; i < BOUND; i++)');
      return [];
    }
    return [{ kind: 'for', at: positionOf(node), start: start[0]!, condition, step: step[0]!, body }];
  });
}

function readBody(context: ReadContext, node: StatementNode): Statement[] {
  return node.kind === NodeKind.Block ? readStatements(context, node.statements) : readStatement(context, node);
}

/** Statements in order; those after a jump are dead, and the compiler has no types for them. */
export function readStatements(context: ReadContext, nodes: readonly StatementNode[]): Statement[] {
  const result: Statement[] = [];
  for (const node of nodes) {
    if (!context.compiled.statements.has(node) && !context.compiled.failed) {
      context.report(node, 'the compiler found this code dead', 'remove it');
      break;
    }
    result.push(...readStatement(context, node));
  }
  return result;
}

function readStatement(context: ReadContext, node: StatementNode): Statement[] {
  const at = positionOf(node);
  switch (node.kind) {
    case NodeKind.Empty:
      return [];
    case NodeKind.Block:
      return wrap(
        node,
        context.inScope(() => readStatements(context, node.statements)),
      );
    case NodeKind.Variable:
      return readVariables(context, node);
    case NodeKind.Expression:
      return readEffect(context, node.expression);
    case NodeKind.Return:
      return [{ kind: 'return', at, value: node.value === null ? undefined : readExpression(context, node.value) }];
    case NodeKind.If:
      return readIf(context, node);
    case NodeKind.For:
      return readFor(context, node);
    case NodeKind.Break:
    case NodeKind.Continue:
      if (node.label !== null) context.report(node, 'labels are outside the subset', 'split the function');
      return [{ kind: node.kind === NodeKind.Break ? 'break' : 'continue', at }];
    case NodeKind.While:
    case NodeKind.Do:
    case NodeKind.ForOf:
      context.report(
        node,
        'a loop without a constant bound is outside the subset: the eBPF verifier walks every turn',
        'for (let i: u32 = 0; i < BOUND; i++)',
      );
      return [];
    case NodeKind.Switch:
      context.report(node, 'switch is outside the subset', 'use if and else');
      return [];
    default:
      context.report(node, 'this statement is outside the subset', 'see kernel/codegen/README.md');
      return [];
  }
}
