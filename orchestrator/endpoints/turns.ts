// Turns: what concerns one thing is done one after the other, whatever concerns others goes on meanwhile.

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` after everything of that key that was asked for before, whether or not it failed. */
  async take<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work, work);
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
