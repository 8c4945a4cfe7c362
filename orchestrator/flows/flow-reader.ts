// One reader's queue of flows to come: bounded, and what does not fit is counted and told.

import type { FlowLine } from './flow.ts';

interface ReaderParts {
  readonly wants: (line: FlowLine) => boolean;
  readonly capacity: number;
  /** The line that tells of so many lost ones. */
  readonly lost: (count: number) => FlowLine;
  readonly leave: () => void;
}

export class FlowReader {
  readonly #parts: ReaderParts;
  #queue: FlowLine[] = [];
  #lost = 0;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Lines that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Called by the log. */
  offer(line: FlowLine): void {
    if (!this.#parts.wants(line)) return;
    if (this.#queue.length < this.#parts.capacity) this.#queue.push(line);
    else this.#lost += 1;
    this.#wake?.();
  }

  /** All that wait, at least one; none when it is closed. What was lost is told behind those that it followed. */
  async take(): Promise<FlowLine[]> {
    while (this.#queue.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const taken = this.#queue;
    if (this.#lost > 0) taken.push(this.#parts.lost(this.#lost));
    this.#queue = [];
    this.#lost = 0;
    return taken;
  }

  /** Ends a `take` that waits; may be repeated. */
  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#lost = 0;
    this.#parts.leave();
    this.#wake?.();
  }
}
