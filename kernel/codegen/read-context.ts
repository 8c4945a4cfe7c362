// Reading context: what the readers of expressions and statements share while one function of the core is read.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Compiled } from './compile.ts';
import type { CompilerType, ExpressionNode, TreeNode, TypeNode } from './compiler-shapes.ts';
import { internals } from './compiler-shapes.ts';
import type { Constants } from './read-constants.ts';
import type { Expression, Reference, Struct, Type } from './tree.ts';
import { isScalar } from './tree.ts';
import type { Violations } from './violations.ts';
import { positionOf } from './violations.ts';

/** Where the core lives in the repository. */
export const corePath = 'datapath-as/core';

export const { NodeKind, LiteralKind, AssertionKind, ElementKind, CommonFlags } = internals;

/** A node without its parentheses. */
export function bare(node: ExpressionNode): ExpressionNode {
  let inner = node;
  while (inner.kind === NodeKind.Parenthesized) inner = inner.expression;
  return inner;
}

/** Type of what could not be read. */
export const unknownType: Reference = { struct: '?' };

export class ReadContext {
  readonly compiled: Compiled;
  readonly structs: ReadonlyMap<string, Struct>;
  readonly constants: Constants;
  readonly violations: Violations;
  /** Names that the functions read so far call, in the order of their calls. */
  readonly called: { readonly name: string; readonly node: ExpressionNode }[] = [];
  readonly usedConstants = new Set<string>();
  readonly #scopes: Map<string, Type>[] = [];

  constructor(compiled: Compiled, structs: ReadonlyMap<string, Struct>, constants: Constants, violations: Violations) {
    this.compiled = compiled;
    this.structs = structs;
    this.constants = constants;
    this.violations = violations;
  }

  report(node: TreeNode, reason: string, hint: string): void {
    this.violations.report(positionOf(node), reason, hint);
  }

  /** Stands where an expression could not be read, so that reading goes on and finds the other violations too. */
  refuse(node: TreeNode, reason: string, hint: string): Expression {
    this.report(node, reason, hint);
    return this.unknown(node);
  }

  /** For what was refused already: nothing more is said about it. */
  unknown(node: TreeNode): Expression {
    return { kind: 'null', at: positionOf(node), type: unknownType };
  }

  inScope<T>(read: () => T): T {
    this.#scopes.push(new Map());
    try {
      return read();
    } finally {
      this.#scopes.pop();
    }
  }

  declare(node: TreeNode, name: string, type: Type): void {
    if (this.lookup(name) !== undefined)
      this.report(node, `${name} hides another local`, 'give it a name of its own: C would read its own initializer');
    this.#scopes.at(-1)!.set(name, type);
  }

  lookup(name: string): Type | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const type = this.#scopes[i]!.get(name);
      if (type !== undefined) return type;
    }
    return undefined;
  }

  /** The tree's type for one of the compiler's; undefined (and reported) when the subset has none. */
  type(type: CompilerType, node: TreeNode): Type | undefined {
    const text = type.toString();
    if (isScalar(text) || text === 'void') return text;
    if (type.classReference !== null && !type.isManaged) return { struct: type.classReference.name };
    if (text === 'usize' || text === 'isize') {
      this.report(
        node,
        `${text} outside an address is outside the subset: pointers are wider in the kernel`,
        'use u32 or u64, or a reference to an @unmanaged class',
      );
    } else if (text === 'i8' || text === 'i16') {
      this.report(node, `${text} is outside the subset: AssemblyScript does not wrap it everywhere`, 'use i32');
    } else if (type.isManaged && text.startsWith(`${corePath}/`)) {
      // The class itself is reported.
    } else if (type.isManaged) {
      this.report(node, `${text} is managed by a garbage collector, which the kernel has not`, 'use an @unmanaged class');
    } else if (/^f(32|64)$/.test(text)) {
      this.report(node, 'floating point is outside the subset: eBPF has none', 'use integers');
    } else {
      this.report(node, `type ${text} is outside the subset`, 'use bool, u8 to u64, i32, i64 or a reference to an @unmanaged class');
    }
    return undefined;
  }

  /** Type of an expression before its surroundings convert it. */
  typeOf(node: ExpressionNode): Type | undefined {
    const found = this.compiled.types.get(bare(node));
    if (found !== undefined) return this.type(found, node);
    if (!this.compiled.failed) this.report(node, 'the compiler found this code dead', 'remove it');
    return undefined;
  }

  /** The name that a type argument spells. */
  typeArgument(node: ExpressionNode): string | undefined {
    const argument: TypeNode | undefined = node.typeArguments?.[0];
    return argument?.name?.next === null && !argument.isNullable ? argument.name.identifier.text : undefined;
  }
}
