// Constants, read: each module constant's value, worked out when first asked for, because one may be made of others.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { CompilerGlobal } from './compiler-shapes.ts';
import { evaluate, normalise } from './evaluate.ts';
import type { ReadContext } from './read-context.ts';
import { CommonFlags } from './read-context.ts';
import { readExpression } from './read-expression.ts';
import type { Constant } from './tree.ts';
import { isScalar } from './tree.ts';
import { positionOf } from './violations.ts';

export class Constants {
  /** Set once, right after construction: reading an initializer needs the context, which needs the constants. */
  context: ReadContext | undefined;
  readonly #globals: ReadonlyMap<string, CompilerGlobal>;
  readonly #read = new Map<string, Constant | undefined>();

  constructor(globals: ReadonlyMap<string, CompilerGlobal>) {
    this.#globals = globals;
  }

  /** Whether a module variable has this name, constant or not. */
  has(name: string): boolean {
    return this.#globals.has(name);
  }

  get(name: string): Constant | undefined {
    const global = this.#globals.get(name);
    if (global === undefined) return undefined;
    if (!this.#read.has(name)) {
      this.#read.set(name, undefined);
      this.#read.set(name, this.#evaluate(global));
    }
    return this.#read.get(name);
  }

  /** Those with these names, in the order of their declaration. */
  named(names: ReadonlySet<string>): Map<string, Constant> {
    const found = new Map<string, Constant>();
    for (const name of this.#globals.keys()) {
      const constant = names.has(name) ? this.get(name) : undefined;
      if (constant !== undefined) found.set(name, constant);
    }
    return found;
  }

  #evaluate(global: CompilerGlobal): Constant | undefined {
    const context = this.context!;
    const at = positionOf(global.declaration);
    if ((global.flags & CommonFlags.Const!) === 0) {
      context.report(
        global.declaration,
        `${global.name} is a variable of the module: the core keeps no state`,
        'make it a const, or a field of the scratch',
      );
      return undefined;
    }
    const node = global.initializerNode;
    const type = context.type(global.type, global.declaration);
    if (node === null || type === undefined) return undefined;
    const value = evaluate(readExpression(context, node));
    if (value === undefined || !isScalar(type)) {
      context.report(node, `the value of ${global.name} is not known at compile time`, 'use literals and other constants');
      return undefined;
    }
    const hexadecimal = /^\(*-?0x/i.test(node.range.source.text.slice(node.range.start, node.range.end));
    return { at, name: global.name, type, value: normalise(value, type), hexadecimal };
  }
}
