// Rows whose last operation failed: a table of their own, so that status stands beside the row and never in it, and when to try again.

import { type Backoff, delayAfter } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import { type Key, openTable, type Table } from '../table.ts';
import type { TableWriter } from '../table-writer.ts';
import type { Failed } from './batch.ts';
import { DueQueue } from './due-queue.ts';
import type { Change } from './journal.ts';

export interface Failure<Row> {
  readonly key: Key;
  readonly change: Change<Row>;
  readonly error: unknown;
  /** Without a success in between. */
  readonly attempts: number;
  /** By the reconciler's clock. */
  readonly since: number;
  readonly retryAt: number;
}

export class Retries<Row> {
  readonly table: Table<Failure<Row>>;
  readonly #writer: TableWriter<Failure<Row>>;
  readonly #due = new DueQueue<Key>();
  readonly #backoff: Backoff;
  readonly #clock: Clock;

  constructor(name: string, backoff: Backoff, clock: Clock) {
    const { table, writer } = openTable<Failure<Row>>({
      name: `${name}-failing`,
      key: ({ key }) => key,
      isSame: () => false,
      sources: [],
      columns: {
        key: ({ key }) => key,
        operation: ({ change }) => (change.isDeleted ? 'delete' : 'update'),
        attempts: ({ attempts }) => attempts,
        'failing for': ({ since }) => `${Math.round((clock.now() - since) / 1000)} s`,
        'retry in': ({ retryAt }) => `${Math.max(Math.round((retryAt - clock.now()) / 1000), 0)} s`,
        error: ({ error }) => sentenceOf(error),
      },
    });
    this.table = table;
    this.#writer = writer;
    this.#backoff = backoff;
    this.#clock = clock;
  }

  get nextAt(): number {
    return this.#due.nextAt;
  }

  done(key: Key): void {
    this.#writer.delete(key);
  }

  failed({ change, error }: Failed<Row>): void {
    const now = this.#clock.now();
    const before = this.table.get(change.key);
    const attempts = (before?.attempts ?? 0) + 1;
    // Of an error that says that trying again is useless, no haste: only time or another row may help.
    const isHopeless = (error as { retryable?: unknown } | undefined)?.retryable === false;
    const { maxMs } = this.#backoff;
    const retryAt = now + delayAfter(attempts, isHopeless ? { minMs: maxMs, maxMs } : this.#backoff, this.#clock);
    this.#writer.put({ key: change.key, change, error, attempts, since: before?.since ?? now, retryAt });
    this.#due.push(retryAt, change.key);
  }

  takeDue(limit: number): Failure<Row>[] {
    const now = this.#clock.now();
    const taken: Failure<Row>[] = [];
    while (taken.length < limit && this.#due.nextAt <= now) {
      const failure = this.table.get(this.#due.shift(now) as Key);
      // What was done since, or failed again, has no more to do with this time.
      if (failure !== undefined && failure.retryAt <= now) taken.push(failure);
    }
    return taken;
  }

  /** The target is well again: nobody waits for the rest of a time that was set while it was not. */
  hasten(): void {
    const now = this.#clock.now();
    this.#due.clear();
    for (const failure of [...this.table.rows()]) {
      const retryAt = Math.min(failure.retryAt, now + this.#backoff.minMs * this.#clock.random());
      this.#writer.put({ ...failure, retryAt });
      this.#due.push(retryAt, failure.key);
    }
  }
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
