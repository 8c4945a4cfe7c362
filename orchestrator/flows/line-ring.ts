// A ring of lines: the last so many, with the order in which they came among others.

import type { FlowLine } from './flow.ts';

export interface OrderedLine {
  /** Of all lines of the log. */
  readonly order: number;
  readonly line: FlowLine;
}

export class LineRing {
  readonly #capacity: number;
  /** Once it is full, the oldest stands at `#next`. */
  readonly #lines: OrderedLine[] = [];
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(line: OrderedLine): void {
    if (this.#lines.length < this.#capacity) this.#lines.push(line);
    else {
      this.#lines[this.#next] = line;
      this.#next = (this.#next + 1) % this.#capacity;
    }
  }

  /** Oldest first. */
  lines(): OrderedLine[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }
}
