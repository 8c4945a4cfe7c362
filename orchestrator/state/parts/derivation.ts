// The loop of a derived table: which units a change concerns, running their function again, writing the difference. derive.ts says
// which units there are.

import { Bell } from '../bell.ts';
import { type Clock, realClock, sleep } from '../clock.ts';
import type { Follower, Key, Table } from '../table.ts';
import type { TableWriter } from '../table-writer.ts';
import { type Claims, claimsOf } from './claims.ts';

/** A table that a derivation reads, and the units that one of its rows concerns. */
export interface Input<Row> {
  readonly table: Table<Row, string>;
  readonly unitsOf: (row: Row) => Iterable<Key>;
  /** Whether a row that changes may concern other units than before. Then what was seen of each row is kept. */
  readonly isMoving: boolean;
}

export interface DerivationParts<Out extends object> {
  readonly inputs: readonly Input<never>[];
  readonly into: TableWriter<Out, string>;
  /** The rows of a unit as of now, from the inputs and nothing else. */
  readonly make: (unit: Key) => readonly Out[];
  readonly clock?: Clock;
}

/** Changes and units taken at a time: some milliseconds, after which others have their turn. */
const roundSize = 1024;

export class Derivation<Out extends object> {
  readonly metrics = { rounds: 0, units: 0, totalMs: 0, maxMs: 0 };
  readonly #parts: DerivationParts<Out>;
  readonly #clock: Clock;
  readonly #claims: Claims<Out>;
  readonly #nameOf: (unit: Key) => Key;
  readonly #dirty = new Set<Key>();
  readonly #source: string;
  #isRunning = false;

  /** The output is a source's table like any other: it is initialised when all inputs are and everything of theirs was worked on. */
  constructor(parts: DerivationParts<Out>) {
    this.#parts = parts;
    this.#clock = parts.clock ?? realClock;
    this.#claims = claimsOf(parts.into);
    const { number, nameOf } = this.#claims.enter();
    this.#nameOf = nameOf;
    this.#source = `derivation ${number} from ${[...new Set(parts.inputs.map(({ table }) => table.name))].join(', ')}`;
    parts.into.expect(this.#source);
  }

  /** Keys of the output that two units make, of this derivation or another; the smaller unit's row is the one there. */
  get contested(): number {
    return this.#claims.contested;
  }

  /** Until the signal is aborted. Once: a derivation that was stopped is not run again. An error of the function ends it. */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    if (this.#isRunning) throw new Error(`derivation of ${this.#parts.into.table.name}: it runs, or did`);
    this.#isRunning = true;
    const bell = new Bell();
    const watched = this.#parts.inputs.map((input) => new Watched(input as unknown as Input<unknown>, bell));
    try {
      while (!signal.aborted) {
        const isDone = this.#round(watched);
        if (isDone) await bell.wait({ signal });
        else await sleep(this.#clock, 0, signal);
      }
    } finally {
      for (const input of watched) input.close();
    }
  }

  /** Works on some of what changed; tells whether that was all. Nothing else runs meanwhile. */
  #round(watched: readonly Watched[]): boolean {
    const from = this.#clock.now();
    for (const input of watched) input.collect(this.#dirty, roundSize);
    let count = 0;
    for (const unit of this.#dirty) {
      if (count++ >= roundSize) break;
      this.#dirty.delete(unit);
      this.#claims.assign(this.#nameOf(unit), this.#parts.make(unit));
      this.metrics.units += 1;
    }
    const isDone = this.#dirty.size === 0 && watched.every((input) => !input.isBehind);
    if (watched.some((input) => !input.isInitialised)) this.#parts.into.expect(this.#source);
    else if (isDone) this.#parts.into.delivered(this.#source);
    const ms = this.#clock.now() - from;
    this.metrics.rounds += 1;
    this.metrics.totalMs += ms;
    this.metrics.maxMs = Math.max(this.metrics.maxMs, ms);
    return isDone;
  }
}

/** An input being followed. */
class Watched {
  readonly #input: Input<unknown>;
  readonly #follower: Follower<unknown>;
  readonly #seen: Map<Key, unknown> | undefined;

  constructor(input: Input<unknown>, bell: Bell) {
    this.#input = input;
    this.#follower = input.table.follow(bell);
    this.#seen = input.isMoving ? new Map() : undefined;
  }

  get isBehind(): boolean {
    return this.#follower.isBehind;
  }

  get isInitialised(): boolean {
    return this.#input.table.isInitialised;
  }

  collect(dirty: Set<Key>, limit: number): void {
    for (const { key, row, isDeleted } of this.#follower.take(limit)) {
      const before = this.#seen?.get(key);
      if (before !== undefined) for (const unit of this.#input.unitsOf(before)) dirty.add(unit);
      for (const unit of this.#input.unitsOf(row)) dirty.add(unit);
      if (isDeleted) this.#seen?.delete(key);
      else this.#seen?.set(key, row);
    }
  }

  close(): void {
    this.#follower.close();
  }
}
