// Steps: in which order the rows of a set are changed while packets are judged by it. Every step leaves every packet between its old
// verdict and its new one: it is never let through where neither would, nor stopped where both would not.
//
// A packet's verdict is the highest precedence among its cells (its peer's, everybody's, granted names'), each of which shows its longest
// match. So changing two cells at once could show the wrong half of both. Therefore the set goes from the old rows up to rows that say
// the higher of old and new everywhere, and from there down to the new ones. On a way that only rises, or only falls, it is enough to put
// the highest precedence first and to remove the lowest first; among equals, what is longer comes earlier and goes later.

import { fixedBits, type WrittenRow, widerKeys } from './policy-entry.ts';

/** What is there under one key and what shall be; never both undefined. */
export interface RowStep {
  readonly before: WrittenRow | undefined;
  readonly after: WrittenRow | undefined;
}

/** In this order. `drop` comes when nothing refers any more to what goes: prefixes and endpoints are written before it. */
export interface Steps {
  readonly raise: WrittenRow[];
  readonly clear: WrittenRow[];
  readonly lower: WrittenRow[];
  readonly drop: WrittenRow[];
}

type Rows = ReadonlyMap<string, WrittenRow>;

export function addSteps(changes: readonly RowStep[], written: Rows, wanted: (key: string) => WrittenRow | undefined, steps: Steps): void {
  const isOnlyNew = changes.every(({ before }) => before === undefined);
  const isWritten = (key: string): WrittenRow | undefined => written.get(key);
  for (const { before, after } of changes) {
    if (after === undefined) {
      const row = before as WrittenRow;
      (isOverruled(row, wanted) ? steps.clear : steps.drop).push(row);
    } else if (after.precedence < (before?.precedence ?? 0) || (!isOnlyNew && isOverruled(after, isWritten))) steps.lower.push(after);
    else steps.raise.push(after);
  }
}

export function sortSteps({ raise, clear, lower, drop }: Steps): void {
  for (const put of [raise, lower]) put.sort((a, b) => b.precedence - a.precedence || fixedBits(b) - fixedBits(a));
  for (const remove of [clear, drop]) remove.sort((a, b) => a.precedence - b.precedence || fixedBits(a) - fixedBits(b));
}

/** Rows of equal precedence together: a packet between two lookups meets at most the border of two. */
export function byPrecedence(rows: readonly WrittenRow[]): WrittenRow[][] {
  const groups: WrittenRow[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last?.[0]?.precedence === row.precedence) last.push(row);
    else groups.push([row]);
  }
  return groups;
}

/** Whether a broader row of the same cell has a higher precedence. */
function isOverruled(row: WrittenRow, rows: (key: string) => WrittenRow | undefined): boolean {
  for (const key of widerKeys(row)) if ((rows(key)?.precedence ?? 0) > row.precedence) return true;
  return false;
}
