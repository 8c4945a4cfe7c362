// Drives a target (a map, a device, a key-value store) to a table's rows and keeps it there. It alone writes to that target, one
// operation at a time.

import type { Backoff } from './backoff.ts';
import { delayAfter } from './backoff.ts';
import { Bell } from './bell.ts';
import { type Clock, realClock, sleep } from './clock.ts';
import type { Operations } from './operations.ts';
import { perform, Streak } from './parts/batch.ts';
import type { Change } from './parts/journal.ts';
import { type Failure, Retries, sentenceOf } from './parts/retries.ts';
import { Upkeep } from './parts/upkeep.ts';
import type { Follower, Key, Table } from './table.ts';

export interface ReconcilerOptions<Row> {
  /** For health and tables; the table's name when left out. */
  readonly name?: string;
  readonly table: Table<Row, string>;
  readonly operations: Operations<Row>;
  readonly clock?: Clock;
  /** Of a row, and of pruning. 100 ms: a target that is busy for a moment. A minute: what nobody repairs is not asked more often. */
  readonly retry?: Backoff;
  /** Most rows in one call of an operation. */
  readonly batchSize?: number;
  /** All rows are written anew, and the target pruned, after so long, more or less a tenth. */
  readonly refreshEveryMs?: number;
}

/** absent: neither here nor, as far as is known, there. pending: not tried yet as it is now. */
export type RowStatus = 'absent' | 'pending' | 'done' | 'failing';

export type Health = { readonly level: 'ok' } | { readonly level: 'degraded'; readonly reason: string };

export interface ReconcilerMetrics {
  /** Rows, each time that it succeeded. */
  readonly updated: number;
  readonly deleted: number;
  /** Rows, each time that it did not. */
  readonly failed: number;
  readonly prunes: number;
  readonly rounds: number;
  /** Calls of operations, and how long they took. */
  readonly calls: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

const defaultRetry: Backoff = { minMs: 100, maxMs: 60_000 };
const defaultBatch = 256;
const defaultRefreshMs = 30 * 60_000;
/** Rows of a round, in batches; retries and refresh have a quarter of that each, so that neither starves the other. */
const batchesInRound = 4;
/** While the target refuses everything, rounds are further and further apart, up to this. */
const pause: Backoff = { minMs: 50, maxMs: 1000 };
/** An operation that takes longer is told in health. */
const slowMs = 10_000;

export class Reconciler<Row> {
  readonly name: string;
  /** Rows whose last operation failed; prints itself. */
  readonly failing: Table<Failure<Row>>;
  readonly #options: ReconcilerOptions<Row>;
  readonly #table: Table<Row, string>;
  readonly #clock: Clock;
  readonly #batchSize: number;
  readonly #retries: Retries<Row>;
  readonly #streak = new Streak();
  readonly #metrics = { updated: 0, deleted: 0, failed: 0, prunes: 0, rounds: 0, calls: 0, totalMs: 0, maxMs: 0 };
  readonly #settling = new Set<() => void>();
  #inWork: ReadonlyMap<Key, Change<Row>> = new Map();
  #running: { readonly follower: Follower<Row>; readonly upkeep: Upkeep<Row> } | undefined;
  #callSince: number | undefined;

  constructor(options: ReconcilerOptions<Row>) {
    this.name = options.name ?? options.table.name;
    this.#options = options;
    this.#table = options.table;
    this.#clock = options.clock ?? realClock;
    this.#batchSize = options.batchSize ?? defaultBatch;
    this.#retries = new Retries(this.name, options.retry ?? defaultRetry, this.#clock);
    this.failing = this.#retries.table;
  }

  get metrics(): ReconcilerMetrics {
    return { ...this.#metrics };
  }

  status(key: Key): RowStatus {
    const revision = this.#table.revisionOf(key);
    const isUnseen = revision !== undefined && revision > (this.#running?.follower.revision ?? 0);
    if (isUnseen || this.#inWork.has(key)) return 'pending';
    if (this.failing.get(key) !== undefined) return 'failing';
    return this.#table.get(key) === undefined ? 'absent' : 'done';
  }

  health(): Health {
    const reasons: string[] = [];
    const [failure] = this.failing.rows();
    if (failure !== undefined) {
      const { size } = this.failing;
      reasons.push(`${size} ${size === 1 ? 'row fails' : 'rows fail'}, ${failure.key} with: ${sentenceOf(failure.error)}`);
    }
    const pruneError = this.#running?.upkeep.pruneError;
    if (pruneError !== undefined) reasons.push(`pruning fails: ${sentenceOf(pruneError)}`);
    const ms = this.#clock.now() - (this.#callSince ?? this.#clock.now());
    if (ms >= slowMs) reasons.push(`an operation has not ended for ${Math.round(ms / 1000)} s`);
    return reasons.length === 0 ? { level: 'ok' } : { level: 'degraded', reason: `${this.name}: ${reasons.join('; ')}` };
  }

  /** Whether the target is what the table says: nothing is pending or failing, and if it is initialised, nothing is to be pruned. */
  get isSettled(): boolean {
    if (this.#running === undefined || this.#inWork.size > 0 || this.failing.size > 0) return false;
    return !this.#running.follower.isBehind && !this.#running.upkeep.isPending;
  }

  /** Ends when it is settled, or the signal is aborted. */
  async settled({ signal }: { signal: AbortSignal }): Promise<void> {
    while (!this.isSettled && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = () => resolve();
      this.#settling.add(end);
      signal.addEventListener('abort', end);
      await promise;
      signal.removeEventListener('abort', end);
      this.#settling.delete(end);
    }
  }

  /**
   * Until the signal is aborted; the operation under way is waited for. Run again, it begins with every row and prunes, and so finds
   * whatever was left open. Operations that fail never end it.
   */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    if (this.#running !== undefined) throw new Error(`reconciler ${this.name}: it runs already`);
    const bell = new Bell();
    const { refreshEveryMs = defaultRefreshMs, retry: backoff = defaultRetry } = this.#options;
    const upkeep = new Upkeep({ table: this.#table, clock: this.#clock, backoff, refreshEveryMs });
    const follower = this.#table.follow(bell);
    this.#running = { follower, upkeep };
    try {
      while (!signal.aborted) {
        const { calls } = this.#metrics;
        await this.#round(follower, upkeep, signal);
        for (const end of this.#settling) end();
        if (this.#streak.excess > 0 && this.#metrics.calls > calls) {
          await sleep(this.#clock, delayAfter(this.#streak.excess, pause, this.#clock), signal);
        } else if (follower.isBehind || upkeep.isRefreshing) await sleep(this.#clock, 0, signal);
        else await bell.wait({ signal, clock: this.#clock, until: Math.min(this.#retries.nextAt, upkeep.nextAt) });
      }
    } finally {
      follower.close();
      upkeep.stop();
      this.#running = undefined;
    }
  }

  async #round(follower: Follower<Row>, upkeep: Upkeep<Row>, signal: AbortSignal): Promise<void> {
    const limit = this.#batchSize * batchesInRound;
    const work = new Map<Key, Change<Row>>();
    for (const change of follower.take(limit)) work.set(change.key, change);
    for (const { key, change } of this.#retries.takeDue(limit / batchesInRound)) if (!work.has(key)) work.set(key, this.#asItIs(change));
    for (const change of upkeep.takeRefresh(limit / batchesInRound)) {
      if (!work.has(change.key) && this.failing.get(change.key) === undefined) work.set(change.key, change);
    }
    this.#metrics.rounds += 1;
    this.#inWork = work;
    const all = [...work.values()];
    // What goes makes room for what comes.
    await this.#apply(
      all.filter(({ isDeleted }) => isDeleted),
      'delete',
    );
    await this.#apply(
      all.filter(({ isDeleted }) => !isDeleted),
      'update',
    );
    this.#inWork = new Map();
    if (upkeep.isPruneDue(follower.revision) && !signal.aborted) await this.#prune(upkeep);
  }

  /** A failed change of then, as the table has the row now; what changed since is written only once. */
  #asItIs(change: Change<Row>): Change<Row> {
    const row = this.#table.get(change.key);
    return row === undefined ? { ...change, isDeleted: true } : { ...change, row, isDeleted: false };
  }

  async #apply(changes: readonly Change<Row>[], kind: 'update' | 'delete'): Promise<void> {
    for (let from = 0; from < changes.length; from += this.#batchSize) {
      const batch = changes.slice(from, from + this.#batchSize);
      const wasBad = this.#streak.excess > 0;
      const failed = await perform(batch, (rows) => this.#call(() => this.#options.operations[kind](rows)), this.#streak);
      const open = new Set(failed.map(({ change }) => change.key));
      for (const { key } of batch) if (!open.has(key)) this.#retries.done(key);
      for (const failure of failed) this.#retries.failed(failure);
      this.#metrics[kind === 'update' ? 'updated' : 'deleted'] += batch.length - failed.length;
      this.#metrics.failed += failed.length;
      if (wasBad && this.#streak.length === 0) {
        this.#retries.hasten();
        this.#running?.upkeep.hasten();
      }
    }
  }

  async #prune(upkeep: Upkeep<Row>): Promise<void> {
    try {
      await this.#call(() => this.#options.operations.prune([...this.#table.rows()]));
      this.#metrics.prunes += 1;
      upkeep.pruned();
    } catch (error) {
      upkeep.pruneFailed(error);
    }
  }

  async #call(operation: () => Promise<void>): Promise<void> {
    const from = this.#clock.now();
    this.#callSince = from;
    try {
      await operation();
    } finally {
      const ms = this.#clock.now() - from;
      this.#callSince = undefined;
      this.#metrics.calls += 1;
      this.#metrics.totalMs += ms;
      this.#metrics.maxMs = Math.max(this.#metrics.maxMs, ms);
    }
  }
}
