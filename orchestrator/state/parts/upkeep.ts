// What a reconciler does without a change: pruning once everything is known, and writing all rows anew now and then, for a target that
// others changed behind our back.

import { type Backoff, delayAfter } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import type { Follower, Table } from '../table.ts';
import type { Change } from './journal.ts';

export class Upkeep<Row> {
  readonly #table: Table<Row, string>;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #refreshEveryMs: number;
  #refresh: { readonly follower: Follower<Row>; readonly until: number } | undefined;
  #refreshAt: number;
  /** Revision up to which every row shall have been tried before; undefined when nothing is to be pruned. */
  #pruneAfter: number | undefined;
  #pruneAt = 0;
  #pruneError: unknown;
  #pruneAttempts = 0;
  #wasInitialised = false;

  constructor(options: { table: Table<Row, string>; clock: Clock; backoff: Backoff; refreshEveryMs: number }) {
    this.#table = options.table;
    this.#clock = options.clock;
    this.#backoff = options.backoff;
    this.#refreshEveryMs = options.refreshEveryMs;
    this.#refreshAt = this.#nextRefresh();
  }

  /** Why the last attempt to prune failed. */
  get pruneError(): unknown {
    return this.#pruneError;
  }

  /** Whether something is left to prune that may be pruned. */
  get isPending(): boolean {
    return this.#table.isInitialised && (this.#pruneAfter !== undefined || !this.#wasInitialised);
  }

  get isRefreshing(): boolean {
    return this.#refresh !== undefined;
  }

  /** When there is something to do, if nothing changes. */
  get nextAt(): number {
    return Math.min(this.#refreshAt, this.#pruneAfter !== undefined && this.#wasInitialised ? this.#pruneAt : Number.POSITIVE_INFINITY);
  }

  /** Rows to be written anew, at most `limit`. */
  takeRefresh(limit: number): Change<Row>[] {
    if (this.#refresh === undefined) {
      if (this.#clock.now() < this.#refreshAt) return [];
      this.#refreshAt = this.#nextRefresh();
      this.#refresh = { follower: this.#table.follow(), until: this.#table.revision };
    }
    const { follower, until } = this.#refresh;
    const changes = follower.take(limit).filter(({ isDeleted }) => !isDeleted);
    if (follower.revision >= until) {
      this.stop();
      this.#pruneAfter = until;
    }
    return changes;
  }

  /** Whether to prune now, when all changes up to `revision` were tried. */
  isPruneDue(revision: number): boolean {
    const { isInitialised } = this.#table;
    if (isInitialised && !this.#wasInitialised) this.#pruneAfter = this.#table.revision;
    this.#wasInitialised = isInitialised;
    return isInitialised && this.#pruneAfter !== undefined && revision >= this.#pruneAfter && this.#clock.now() >= this.#pruneAt;
  }

  pruned(): void {
    this.#pruneAfter = undefined;
    this.#pruneError = undefined;
    this.#pruneAttempts = 0;
    this.#pruneAt = 0;
  }

  pruneFailed(error: unknown): void {
    this.#pruneError = error;
    this.#pruneAt = this.#clock.now() + delayAfter(++this.#pruneAttempts, this.#backoff, this.#clock);
  }

  /** The target is well again. */
  hasten(): void {
    this.#pruneAt = 0;
  }

  stop(): void {
    this.#refresh?.follower.close();
    this.#refresh = undefined;
  }

  /** Not all nodes of a cluster at once. */
  #nextRefresh(): number {
    return this.#clock.now() + this.#refreshEveryMs * (0.9 + 0.2 * this.#clock.random());
  }
}
