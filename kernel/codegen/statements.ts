// Statements in C.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { evaluate } from './evaluate.ts';
import type { Surroundings } from './expressions.ts';
import { place, spell } from './expressions.ts';
import { cType } from './fragment.ts';
import { snakeCase } from './names.ts';
import type { Expression, Scalar, Statement, StatementKind, Type } from './tree.ts';
import { isReference, isScalar, isSigned, widthOf } from './tree.ts';

/** `u32 name` or `struct x *name`. */
export function declared(type: Type, name: string): string {
  const text = cType(type);
  return text.endsWith('*') ? `${text}${name}` : `${text} ${name}`;
}

/** Whether C's own `target op= value` means what the core means: no promotion that overflows, no unmasked count. */
function isPlainCompound({ target, operator, value }: StatementKind<'assign'>): boolean {
  const type = target.type as Scalar;
  if (isSigned(type) || type === 'bool' || !isScalar(value.type)) return operator === '&' || operator === '|' || operator === '^';
  if (operator === '<<' || operator === '>>') {
    const count = evaluate(value);
    return count !== undefined && count >= 0n && count < BigInt(widthOf(type)) && (operator === '>>' || widthOf(type) >= 32);
  }
  if (operator === '*') return widthOf(type) >= 32;
  return operator !== '>>>' && operator !== '/' && operator !== '%' && !(isSigned(value.type) && widthOf(value.type) < widthOf(type));
}

function assignment(context: Surroundings, statement: StatementKind<'assign'>): string {
  const { target, operator, value, at } = statement;
  const left = spell(context, target).text;
  if (operator === undefined) return `${left} = ${spell(context, value).text}`;
  const isStep = value.kind === 'integer' && value.value === 1n && !isSigned(target.type as Scalar);
  if (isStep && (operator === '+' || operator === '-')) return `${left}${operator}${operator}`;
  if (isPlainCompound(statement)) return `${left} ${operator}= ${spell(context, value).text}`;
  const whole: Expression = { kind: 'arithmetic', at, type: target.type, operator, left: target, right: value };
  return `${left} = ${spell(context, whole).text}`;
}

function variable(context: Surroundings, { name, type, constant, value }: StatementKind<'variable'>): string {
  const text = value === undefined ? '0' : spell(context, value).text;
  return `${constant && !isReference(type) ? 'const ' : ''}${declared(type, snakeCase(name))} = ${text}`;
}

/** A statement without its semicolon, for the head of a loop. */
function inHead(context: Surroundings, statement: Statement): string {
  if (statement.kind === 'variable') return variable(context, statement);
  return statement.kind === 'assign' ? assignment(context, statement) : '';
}

function block(context: Surroundings, body: readonly Statement[], indent: string): string {
  return body.map((statement) => spellStatement(context, statement, indent)).join('');
}

/** One statement needs no braces unless the other branch has them, or an `else` could be taken for another's. */
function isSimple(body: readonly Statement[]): boolean {
  return body.length === 1 && !['if', 'for', 'block', 'variable'].includes(body[0]!.kind);
}

function conditional(context: Surroundings, { condition, yes, no }: StatementKind<'if'>, indent: string): string {
  const inner = `${indent}\t`;
  const head = `if (${spell(context, condition).text})`;
  const chained = no.length === 1 && no[0]!.kind === 'if' ? no[0] : undefined;
  if (isSimple(yes) && no.length === 0) return `${head}\n${block(context, yes, inner)}`;
  if (isSimple(yes) && isSimple(no)) return `${head}\n${block(context, yes, inner)}${indent}else\n${block(context, no, inner)}`;
  const start = `${head} {\n${block(context, yes, inner)}${indent}}`;
  if (no.length === 0) return `${start}\n`;
  if (chained !== undefined) return `${start} else ${conditional(context, chained, indent)}`;
  return `${start} else {\n${block(context, no, inner)}${indent}}\n`;
}

/** C for one statement, each line indented and ended. */
export function spellStatement(context: Surroundings, statement: Statement, indent: string): string {
  switch (statement.kind) {
    case 'variable':
      return `${indent}${variable(context, statement)};\n`;
    case 'assign':
      return `${indent}${assignment(context, statement)};\n`;
    case 'store':
      return `${indent}${place(context, statement.base, statement.offset, statement.memory).text} = ${spell(context, statement.value).text};\n`;
    case 'call':
      return `${indent}${spell(context, statement.call).text};\n`;
    case 'if':
      return `${indent}${conditional(context, statement, indent)}`;
    case 'for': {
      const head = [inHead(context, statement.start), spell(context, statement.condition).text, inHead(context, statement.step)];
      return `${indent}for (${head.join('; ')}) {\n${block(context, statement.body, `${indent}\t`)}${indent}}\n`;
    }
    case 'return':
      return `${indent}return${statement.value === undefined ? '' : ` ${spell(context, statement.value).text}`};\n`;
    case 'break':
    case 'continue':
      return `${indent}${statement.kind};\n`;
    case 'block':
      return `${indent}{\n${block(context, statement.body, `${indent}\t`)}${indent}}\n`;
  }
}
