// Violations: everything a run finds outside the subset, with its place, its reason and what to write instead. All are collected
// before any is told, so that one run shows the whole work to do.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { TreeNode } from './compiler-shapes.ts';

export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Violation extends Position {
  readonly reason: string;
  readonly hint: string;
}

/** Place of a node, lines and columns counted from 1. */
export function positionOf(node: TreeNode): Position {
  const { source, start } = node.range;
  const before = source.text.slice(0, start);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { file: source.normalizedPath, line: before.split('\n').length, column: start - lineStart + 1 };
}

/** `file:line:column: reason; hint: hint`. */
export function describe(violation: Violation): string {
  return `${violation.file}:${violation.line}:${violation.column}: ${violation.reason}; hint: ${violation.hint}`;
}

export class Violations {
  readonly #found = new Map<string, Violation>();

  /** A second report of the same thing at the same place is the same violation. */
  report(position: Position, reason: string, hint: string): void {
    const violation = { file: position.file, line: position.line, column: position.column, reason, hint };
    this.#found.set(describe(violation), violation);
  }

  /** In the order in which a reader meets them. */
  list(): Violation[] {
    return [...this.#found.values()].sort((a, b) =>
      a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
    );
  }
}

/** Thrown instead of any output when a run found violations; the message has one line for each. */
export class SubsetError extends Error {
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(violations.map(describe).join('\n'));
    this.name = 'SubsetError';
    this.violations = violations;
  }
}
