// Aliases: no call passes the same bytes by two references. The proofs take the arguments of a function to be apart, and this is why they may.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Core, CoreFunction, Expression } from './tree.ts';
import { isReference } from './tree.ts';
import type { Violations } from './violations.ts';
import { eachExpression, eachStatement } from './walk.ts';

/** Bytes that a reference means: from a root that is known by name, `size` bytes from `offset` on. */
interface Extent {
  readonly root: string;
  readonly offset: number;
  readonly size: number;
}

class AliasCheck {
  readonly #core: Core;
  /** Values of the function's constant locals; several where scopes beside each other use one name. */
  readonly #locals = new Map<string, Expression[]>();

  constructor(core: Core, one: CoreFunction) {
    this.#core = core;
    eachStatement(one.body ?? [], (statement) => {
      if (statement.kind !== 'variable' || !statement.constant || statement.value === undefined) return;
      this.#locals.set(statement.name, [...(this.#locals.get(statement.name) ?? []), statement.value]);
    });
  }

  #sizeOf({ type }: Expression): number {
    return isReference(type) ? (this.#core.structs.get(type.struct)?.size ?? 0) : 0;
  }

  /** The one expression that an accessor returns, with the argument in its parameter's place. */
  #returned(expression: Expression): Expression | undefined {
    if (expression.kind !== 'call' || expression.values.length !== 1) return undefined;
    const statement = this.#core.functions.get(expression.callee)?.body?.[0];
    const value = statement?.kind === 'return' ? statement.value : undefined;
    return value?.kind === 'embedded' && value.base.kind === 'local' ? { ...value, base: expression.values[0]! } : undefined;
  }

  extentsOf(expression: Expression): Extent[] {
    const returned = this.#returned(expression);
    if (returned !== undefined) return this.extentsOf(returned);
    if (expression.kind === 'embedded') {
      const size = this.#sizeOf(expression);
      return this.extentsOf(expression.base).map(({ root, offset }) => ({ root, offset: offset + expression.offset, size }));
    }
    if (expression.kind !== 'local') return [];
    const known = (this.#locals.get(expression.name) ?? []).flatMap((value) => this.extentsOf(value));
    return known.length > 0 ? known : [{ root: expression.name, offset: 0, size: this.#sizeOf(expression) }];
  }
}

function overlap(a: Extent, b: Extent): boolean {
  return a.root === b.root && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

/** Reports calls whose references overlap, as far as names and offsets tell. */
export function checkAliases(core: Core, one: CoreFunction, violations: Violations): void {
  const check = new AliasCheck(core, one);
  eachExpression(one.body ?? [], (expression) => {
    if (expression.kind !== 'call') return;
    const extents = expression.values.filter(({ type }) => isReference(type)).map((value) => check.extentsOf(value));
    const isTwice = extents.some((some, i) => extents.slice(i + 1).some((others) => some.some((a) => others.some((b) => overlap(a, b)))));
    if (isTwice) violations.report(expression.at, 'this call passes the same bytes by two references', 'pass the outer reference alone');
  });
}
