// Functions in C: who calls whom, who needs the host, and the text of each.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Surroundings } from './expressions.ts';
import { calledName, snakeCase } from './names.ts';
import { declared, spellStatement } from './statements.ts';
import type { Core, CoreFunction } from './tree.ts';
import { eachExpression } from './walk.ts';

/** Names of the functions that one calls, each once, in the order of the calls. */
export function calleesOf({ body }: CoreFunction): Set<string> {
  const names = new Set<string>();
  eachExpression(body ?? [], (expression) => {
    if (expression.kind === 'call') names.add(expression.callee);
  });
  return names;
}

export interface CallOrder {
  /** Callees before their callers. */
  readonly functions: readonly CoreFunction[];
  /** Functions that are on a circle of calls. */
  readonly recursive: readonly CoreFunction[];
}

export function callOrder({ functions }: Core): CallOrder {
  const done = new Set<string>();
  const entered = new Set<string>();
  const order: CoreFunction[] = [];
  const recursive: CoreFunction[] = [];
  const visit = (name: string) => {
    const one = functions.get(name);
    if (one === undefined || done.has(name)) return;
    if (entered.has(name)) {
      recursive.push(one);
      return;
    }
    entered.add(name);
    for (const callee of calleesOf(one)) visit(callee);
    done.add(name);
    order.push(one);
  };
  for (const name of functions.keys()) visit(name);
  return { functions: order, recursive };
}

/** Names of host functions and of everything that reaches one. */
export function hostedFunctions(core: Core): Set<string> {
  const hosted = new Set<string>();
  for (let size = -1; size !== hosted.size; ) {
    size = hosted.size;
    for (const one of core.functions.values()) {
      if (one.body === undefined || [...calleesOf(one)].some((name) => hosted.has(name))) hosted.add(one.name);
    }
  }
  return hosted;
}

/** `type name(parameters)`, with the host where the function needs it. */
function signature(name: string, { name: own, parameters, returns }: CoreFunction, hosted: ReadonlySet<string>): string {
  const list = parameters.map((parameter) => declared(parameter.type, snakeCase(parameter.name)));
  if (hosted.has(own)) list.unshift('struct host *h');
  return declared(returns, `${name}(${list.join(', ') || 'void'})`);
}

const subprogram = '__hidden __noinline';
const insideCallers = 'static __always_inline';

function linkage({ exported, inlined, body }: CoreFunction): string {
  return exported && !inlined && body !== undefined ? subprogram : insideCallers;
}

/** The subprogram of a function whose callers get its body. */
function subprogramOf(one: CoreFunction, hosted: ReadonlySet<string>): string {
  const list = one.parameters.map((parameter) => snakeCase(parameter.name));
  if (hosted.has(one.name)) list.unshift('h');
  const result = one.returns === 'void' ? '' : 'return ';
  const body = `\t${result}${calledName(one)}(${list.join(', ')});\n`;
  return `\n${subprogram} ${signature(snakeCase(one.name), one, hosted)}\n{\n${body}}\n`;
}

export function prototype(one: CoreFunction, hosted: ReadonlySet<string>): string {
  const own = `${linkage(one)} ${signature(calledName(one), one, hosted)};\n`;
  return one.inlined ? `${own}${subprogram} ${signature(snakeCase(one.name), one, hosted)};\n` : own;
}

export function definition(one: CoreFunction, context: Surroundings): string {
  const body = (one.body ?? []).map((statement) => spellStatement(context, statement, '\t')).join('');
  const text = `/* from ${one.at.file}:${one.at.line} */\n${linkage(one)} ${signature(calledName(one), one, context.hosted)}\n{\n${body}}\n`;
  return one.inlined ? text + subprogramOf(one, context.hosted) : text;
}
