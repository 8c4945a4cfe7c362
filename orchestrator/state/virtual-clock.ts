// A clock that stands still until it is told to go on: an hour of retries takes milliseconds, and every run is the same.

import type { Clock } from './clock.ts';
import { DueQueue } from './parts/due-queue.ts';

/** So many timers without time moving on are a loop that doesn't wait. */
const mostAtOnce = 100_000;

export class VirtualClock implements Clock {
  readonly #due = new DueQueue<{ callback: (() => void) | undefined }>();
  #now = 0;
  #state: number;
  #pending = 0;

  constructor(seed = 1) {
    this.#state = seed;
  }

  /** Timers that were neither fired nor cancelled. */
  get pendingTimers(): number {
    return this.#pending;
  }

  now(): number {
    return this.#now;
  }

  timer(ms: number, callback: () => void): () => void {
    const timer = { callback: callback as (() => void) | undefined };
    this.#due.push(this.#now + Math.max(ms, 0), timer);
    this.#pending += 1;
    return () => {
      if (timer.callback !== undefined) this.#pending -= 1;
      timer.callback = undefined;
    };
  }

  /** Mulberry32: small, and good enough for jitter. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Lets `ms` go by: every timer fires at its time, and what it sets going in promises comes to rest before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await rest();
    for (let atOnce = 0; this.#due.nextAt <= end; ) {
      const at = this.#due.nextAt;
      atOnce = at > this.#now ? 0 : atOnce + 1;
      if (atOnce > mostAtOnce) throw new Error(`virtual clock: ${mostAtOnce} timers at ${this.#now} ms: something loops without waiting`);
      const timer = this.#due.shift(at);
      const callback = timer?.callback;
      if (timer === undefined || callback === undefined) continue;
      timer.callback = undefined;
      this.#now = Math.max(this.#now, at);
      this.#pending -= 1;
      callback();
      await rest();
    }
    this.#now = end;
  }
}

/** All promise jobs that are waiting, and those that they start, run before the event loop comes here. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
