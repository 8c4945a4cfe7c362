// Functions in C: who calls whom, who needs the host, and the text of each.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Surroundings } from './expressions.ts';
import { snakeCase } from './names.ts';
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
function signature({ name, parameters, returns }: CoreFunction, hosted: ReadonlySet<string>): string {
  const list = parameters.map((parameter) => declared(parameter.type, snakeCase(parameter.name)));
  if (hosted.has(name)) list.unshift('struct host *h');
  return declared(returns, `${snakeCase(name)}(${list.join(', ') || 'void'})`);
}

function linkage({ exported, body }: CoreFunction): string {
  return exported && body !== undefined ? '__hidden __noinline' : 'static __always_inline';
}

export function prototype(one: CoreFunction, hosted: ReadonlySet<string>): string {
  return `${linkage(one)} ${signature(one, hosted)};\n`;
}

export function definition(one: CoreFunction, context: Surroundings): string {
  const body = (one.body ?? []).map((statement) => spellStatement(context, statement, '\t')).join('');
  return `/* from ${one.at.file}:${one.at.line} */\n${linkage(one)} ${signature(one, context.hosted)}\n{\n${body}}\n`;
}
