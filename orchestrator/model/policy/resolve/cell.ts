// Cells: all that one set says of one identity in one direction. The datapath sees only the longest match in a cell, so what a broader
// clause of higher precedence covers must not be written.

import { type Clause, everything, portBits, widerKey } from './clause.ts';

/** A rule as entries know it. */
export interface RuleName {
  /** Of the registry of rules. */
  readonly number: number;
  readonly text: string;
  /** `refText` of its policy; empty when it is built in. */
  readonly policy: string;
  /** No user wrote it: named only where no user's rule says the same. */
  readonly isBuiltin: boolean;
}

/** A rule with its traffic worked out; another outcome (a port name has got another number) is another variant. */
export interface Variant {
  /** Unique for the life of a resolver. */
  readonly id: number;
  readonly rule: RuleName;
  readonly clauses: readonly Clause[];
}

export interface CellRow extends Omit<Clause, 'names'> {
  readonly rule: RuleName;
}

/**
 * Rows in the order of their keys. Where several rules say the same of the same, the first by its text is named, so that the order in which
 * they came does not show. A narrower row of equal precedence stays: the packet's rule is the most specific one.
 */
export function canonicalRows(variants: Iterable<Variant>): CellRow[] {
  const best = new Map<number, CellRow>();
  for (const { clauses, rule } of variants) {
    for (const clause of clauses) {
      const other = best.get(clause.key);
      if (other === undefined || isBefore(clause, rule, other)) best.set(clause.key, { ...clause, rule });
    }
  }
  if (best.size < 2) return [...best.values()];
  const kept = new Map<number, CellRow>();
  let lengths = 0;
  for (const row of [...best.values()].sort((a, b) => a.key - b.key)) {
    // Precedence never falls from a kept row to a narrower one, so the nearest has the highest of all that are around.
    if ((nearest(kept, row.key, lengths)?.precedence ?? 0) > row.precedence) continue;
    kept.set(row.key, row);
    if (row.key !== everything) lengths |= 1 << portBits(row.key);
  }
  return [...kept.values()];
}

function isBefore(clause: Clause, rule: RuleName, other: CellRow): boolean {
  if (clause.precedence !== other.precedence) return clause.precedence > other.precedence;
  if (rule.isBuiltin !== other.rule.isBuiltin) return other.rule.isBuiltin;
  return rule.text < other.rule.text;
}

/** The narrowest row that covers a key; `lengths`: a bit for every number of port bits that there is. */
function nearest(kept: ReadonlyMap<number, CellRow>, key: number, lengths: number): CellRow | undefined {
  if (key === everything) return undefined;
  let wider = lengths & ((1 << portBits(key)) - 1);
  while (wider !== 0) {
    const bits = 31 - Math.clz32(wider);
    const row = kept.get(widerKey(key, bits));
    if (row !== undefined) return row;
    wider &= ~(1 << bits);
  }
  return kept.get(everything);
}
