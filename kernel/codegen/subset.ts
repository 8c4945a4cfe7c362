// Subset: what the tree can say and the core still must not. The reader refuses what the tree cannot say at all.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { checkAliases } from './aliases.ts';
import { checkDivisors } from './divisors.ts';
import { checkEvaluationOrder } from './evaluation-order.ts';
import { callOrder, hostedFunctions } from './functions.ts';
import { checkLoops } from './loops.ts';
import { isReservedInC, snakeCase } from './names.ts';
import type { ArithmeticOperator, Core, CoreFunction, Expression, Struct, Type } from './tree.ts';
import { isReference, isScalar, isSigned, sizeOf } from './tree.ts';
import type { Position, Violations } from './violations.ts';
import { eachExpression, eachStatement } from './walk.ts';

/** Registers that a call has for its arguments. */
const mostParameters = 5;

/** binaryen 131 makes i64.extend_i32_u(i32.load) an i64.load32_s when AssemblyScript called the load signed. */
const misread = 'the WASM optimizer forgets that a cast took its sign away';

function checkStruct({ at, name, size, fields }: Struct, violations: Violations): void {
  let end = 0;
  for (const field of fields) {
    if (field.offset !== end)
      violations.report(
        at,
        `${name} has unnamed padding before ${field.name}, bytes ${end} to ${field.offset}`,
        'name it: pad0, pad1, ...',
      );
    if (field.type === 'i32')
      violations.report(at, `${name}.${field.name} is an i32 in memory: ${misread}`, 'make it a u32 and cast what is read');
    end = field.offset + sizeOf(field.type);
    checkName(snakeCase(field.name), at, violations);
  }
  const alignment = Math.max(1, ...fields.map(({ type }) => sizeOf(type)));
  if (size % alignment !== 0 || size !== end) {
    violations.report(at, `${name} has ${end} bytes, C makes it ${Math.ceil(end / alignment) * alignment}`, 'name the padding at its end');
  }
}

function checkName(name: string, at: Position, violations: Violations): void {
  if (isReservedInC(name)) violations.report(at, `${name} means something else in C`, 'choose another name');
}

function checkOperation(operator: ArithmeticOperator, type: Type, at: Position, violations: Violations): void {
  if (!isScalar(type)) return;
  const isDivision = operator === '/' || operator === '%';
  if (isDivision && isSigned(type)) {
    violations.report(at, 'signed division is outside the subset: eBPF has no such instruction before cpu v4', 'cast to unsigned');
  }
  if (type === 'bool' && !['&', '|', '^'].includes(operator))
    violations.report(at, `${operator} of truth values`, 'use && and ||, or cast to a number');
}

function checkExpression(expression: Expression, violations: Violations): void {
  const { at } = expression;
  if (expression.kind === 'arithmetic') checkOperation(expression.operator, expression.type, at, violations);
  if (expression.kind === 'load' && expression.memory === 'i32') violations.report(at, `load<i32>: ${misread}`, 'load a u32 and cast it');
  if ((expression.kind === 'negate' || expression.kind === 'complement') && expression.type === 'bool') {
    violations.report(at, `${expression.kind === 'negate' ? '-' : '~'} of a truth value`, 'use !');
  }
  if (expression.kind === 'comparison' && isReference(expression.common)) {
    const hasNull = expression.left.kind === 'null' || expression.right.kind === 'null';
    if (!hasNull)
      violations.report(
        at,
        'two references are compared: they have no order and no number on both machines',
        'compare with null, or compare keys',
      );
  }
}

function checkFunction(one: CoreFunction, hosted: boolean, violations: Violations): void {
  const { at, name, parameters, returns, exported } = one;
  checkName(snakeCase(name), at, violations);
  for (const parameter of parameters) checkName(snakeCase(parameter.name), at, violations);
  if (exported && parameters.length + (hosted ? 1 : 0) > mostParameters) {
    const reason = hosted ? ', with the host that it reaches' : '';
    violations.report(
      at,
      `${name} has ${parameters.length + (hosted ? 1 : 0)} parameters${reason}: an eBPF call has five registers`,
      'put some into the scratch',
    );
  }
  if (exported && isReference(returns))
    violations.report(at, `${name} is exported and returns a reference`, 'exported functions return numbers');
  eachStatement(one.body ?? [], (statement) => {
    if (statement.kind === 'variable') checkName(snakeCase(statement.name), statement.at, violations);
    if (statement.kind === 'assign' && statement.operator !== undefined)
      checkOperation(statement.operator, statement.target.type, statement.at, violations);
  });
  eachExpression(one.body ?? [], (expression) => checkExpression(expression, violations));
  checkLoops(one, violations);
  checkDivisors(one, violations);
}

/** Names that become equal only in C. */
function checkNamespace(core: Core, mapNames: ReadonlySet<string>, violations: Violations): void {
  const taken = new Map([...mapNames].map((name) => [name, `map ${name}`]));
  for (const { name, at } of [...core.functions.values(), ...core.constants.values()]) {
    const inC = snakeCase(name);
    const other = taken.get(inC);
    if (other !== undefined) violations.report(at, `${name} is ${inC} in C, and so is ${other}`, 'choose another name');
    taken.set(inC, name);
  }
  const tags = new Map<string, string>();
  for (const { name, at } of core.structs.values()) {
    const tag = snakeCase(name);
    if (tags.has(tag)) violations.report(at, `${name} is struct ${tag} in C, and so is ${tags.get(tag)}`, 'choose another name');
    tags.set(tag, name);
    checkName(tag, at, violations);
  }
}

/** Reports everything in `core` that the subset forbids. `mapNames` are taken in C already. */
export function checkSubset(core: Core, mapNames: ReadonlySet<string>, violations: Violations): void {
  for (const struct of core.structs.values()) checkStruct(struct, violations);
  checkNamespace(core, mapNames, violations);
  const { recursive } = callOrder(core);
  for (const { name, at } of recursive) violations.report(at, `${name} calls itself, straight or through others`, 'use a bounded loop');
  const hosted = hostedFunctions(core);
  for (const one of core.functions.values()) {
    checkFunction(one, hosted.has(one.name), violations);
    checkAliases(core, one, violations);
  }
  checkEvaluationOrder(core, violations);
}
