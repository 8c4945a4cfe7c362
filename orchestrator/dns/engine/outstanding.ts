// Outstanding: queries that were passed on and not answered yet. Their number is bounded, in all and for each pod; every one has the same time
// to be answered, so they stand in the order of their deadlines. Nothing is allocated for a query: what it may need lies in places of its own.

import { randomFillSync } from 'node:crypto';
import { longestOwnAnswer } from '../message/own-answer.ts';

/** Queries in all; one lane has ids for four times as many. */
export const mostOutstanding = 16_384;
const ids = 65_536;
const none = 0xffff;
const idPool = 4096;

export class Outstanding<Owner> {
  /** By slot. */
  readonly owners: (Owner | undefined)[] = new Array(mostOutstanding).fill(undefined);
  /** What the pod gets if nothing else comes, with its id and its question, `longestOwnAnswer` bytes apart. */
  readonly failures = Buffer.alloc(mostOutstanding * longestOwnAnswer);
  readonly failureLengths = new Uint16Array(mostOutstanding);
  readonly questionLengths = new Uint16Array(mostOutstanding);
  /** The id that the server sees. */
  readonly sentIds = new Uint16Array(mostOutstanding);
  /** Milliseconds, as given to `take`. */
  readonly since = new Float64Array(mostOutstanding);
  private readonly lanes: readonly Uint16Array[];
  private readonly laneOf = new Uint16Array(mostOutstanding);
  /** A ring of both: free slots are a list through `after`; the others a list through both, oldest first. */
  private readonly before = new Uint16Array(mostOutstanding);
  private readonly after = new Uint16Array(mostOutstanding);
  private readonly random = new Uint16Array(idPool);
  private randomLeft = 0;
  private free = 0;
  private oldest = none;
  private newest = none;
  private used = 0;

  /** A lane is what an id is unique in, and answers come back by. */
  constructor(lanes: number) {
    this.lanes = Array.from({ length: lanes }, () => new Uint16Array(ids).fill(none));
    for (let slot = 0; slot < mostOutstanding; slot += 1) this.after[slot] = slot + 1 === mostOutstanding ? none : slot + 1;
  }

  get size(): number {
    return this.used;
  }

  /** A slot, with an id that nobody can guess, or -1: there is none. */
  take(lane: number, owner: Owner, now: number): number {
    const slot = this.free;
    if (slot === none) return -1;
    const table = this.lanes[lane] as Uint16Array;
    let id = this.randomId();
    while (table[id] !== none) id = this.randomId();
    table[id] = slot;
    this.free = this.after[slot] as number;
    this.owners[slot] = owner;
    this.sentIds[slot] = id;
    this.laneOf[slot] = lane;
    this.since[slot] = now;
    this.before[slot] = this.newest;
    this.after[slot] = none;
    if (this.newest === none) this.oldest = slot;
    else this.after[this.newest] = slot;
    this.newest = slot;
    this.used += 1;
    return slot;
  }

  /** The slot whose query has that id on that lane, or -1. */
  find(lane: number, id: number): number {
    const slot = (this.lanes[lane] as Uint16Array)[id] as number;
    return slot === none ? -1 : slot;
  }

  release(slot: number): void {
    (this.lanes[this.laneOf[slot] as number] as Uint16Array)[this.sentIds[slot] as number] = none;
    const [before, after] = [this.before[slot] as number, this.after[slot] as number];
    if (before === none) this.oldest = after;
    else this.after[before] = after;
    if (after === none) this.newest = before;
    else this.before[after] = before;
    this.owners[slot] = undefined;
    this.after[slot] = this.free;
    this.free = slot;
    this.used -= 1;
  }

  /** The slot that has waited for longest, or -1. */
  first(): number {
    return this.oldest === none ? -1 : this.oldest;
  }

  private randomId(): number {
    if (this.randomLeft === 0) {
      randomFillSync(this.random);
      this.randomLeft = idPool;
    }
    this.randomLeft -= 1;
    return this.random[this.randomLeft] as number;
  }
}
