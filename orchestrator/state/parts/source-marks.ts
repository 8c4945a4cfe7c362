// Which sources of a table have delivered their first full list. Until all have, what is missing in the table says nothing.

export class SourceMarks {
  readonly #delivered = new Map<string, boolean>();
  #missing = 0;

  /** A table that no source is registered for knows nothing yet. */
  get isInitialised(): boolean {
    return this.#missing === 0 && this.#delivered.size > 0;
  }

  missing(): string[] {
    return [...this.#delivered].filter(([, delivered]) => !delivered).map(([source]) => source);
  }

  /** Sets the mark, or takes it away with undefined; tells whether that changed anything. */
  set(source: string, delivered: boolean | undefined): boolean {
    const old = this.#delivered.get(source);
    if (old === delivered) return false;
    if (old === false) this.#missing -= 1;
    if (delivered === false) this.#missing += 1;
    if (delivered === undefined) this.#delivered.delete(source);
    else this.#delivered.set(source, delivered);
    return true;
  }

  has(source: string): boolean {
    return this.#delivered.has(source);
  }
}
