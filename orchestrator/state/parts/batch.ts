// A batch of rows for one operation. When it fails, halves are tried, so that one bad row does not hold up the others; when nothing
// succeeds any more it is the target that is bad, and asking it about every row would not help.

import type { Change } from './journal.ts';

export interface Failed<Row> {
  readonly change: Change<Row>;
  readonly error: unknown;
}

/** A row alone at the far end of 256 is found after nine failures; twice that in a row is another kind of trouble. */
const longStreak = 18;

/** Failures without a success in between. */
export class Streak {
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Failures beyond those that halving explains; 0 while it may. */
  get excess(): number {
    return Math.max(this.#length - longStreak + 1, 0);
  }

  succeeded(): void {
    this.#length = 0;
  }

  failed(): void {
    this.#length += 1;
  }
}

/** Always asks at least once; tells which rows are not known to be done. */
export async function perform<Row>(
  changes: readonly Change<Row>[],
  operation: (rows: readonly Row[]) => Promise<void>,
  streak: Streak,
): Promise<Failed<Row>[]> {
  try {
    await operation(changes.map(({ row }) => row));
    streak.succeeded();
    return [];
  } catch (error) {
    streak.failed();
    if (changes.length === 1 || streak.excess > 0) return changes.map((change) => ({ change, error }));
    const middle = changes.length >> 1;
    const failed = await perform(changes.slice(0, middle), operation, streak);
    const rest = changes.slice(middle);
    if (streak.excess > 0) return [...failed, ...rest.map((change) => ({ change, error }))];
    return [...failed, ...(await perform(rest, operation, streak))];
  }
}
