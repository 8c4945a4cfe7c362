// Pace: so many events a while are told; in a storm the rest is only counted, so that the agent's thread stays free for its work.

export class Pace {
  readonly #most: number;
  readonly #whileMs: number;
  readonly #now: () => number;
  #start = Number.NEGATIVE_INFINITY;
  #admitted = 0;
  #refused = 0;

  constructor({ most, whileMs, now }: { readonly most: number; readonly whileMs: number; readonly now: () => number }) {
    this.#most = most;
    this.#whileMs = whileMs;
    this.#now = now;
  }

  admit(): boolean {
    const now = this.#now();
    // A clock that was set back begins anew, too.
    if (now - this.#start >= this.#whileMs || now < this.#start) {
      this.#start = now;
      this.#admitted = 0;
    }
    if (this.#admitted >= this.#most) {
      this.#refused += 1;
      return false;
    }
    this.#admitted += 1;
    return true;
  }

  /** Milliseconds until the next one would be admitted. */
  get restMs(): number {
    const gone = this.#now() - this.#start;
    return this.#admitted < this.#most || gone < 0 ? 0 : Math.max(0, this.#whileMs - gone);
  }

  /** Refused since this was last asked. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }
}
