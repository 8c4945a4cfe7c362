// What is due when: a binary heap by time; of what is due at the same time, first come, first served.

interface Due<Value> {
  readonly at: number;
  readonly turn: number;
  readonly value: Value;
}

export class DueQueue<Value> {
  readonly #heap: Due<Value>[] = [];
  #turn = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the first one is due; Infinity when there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(at: number, value: Value): void {
    const heap = this.#heap;
    heap.push({ at, turn: this.#turn++, value });
    for (let place = heap.length - 1; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(place, parent)) break;
      this.#swap(place, parent);
      place = parent;
    }
  }

  /** The first one if it is due by `now`. */
  shift(now: number): Value | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.at > now) return undefined;
    const last = heap.pop() as Due<Value>;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first.value;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(): void {
    const { length } = this.#heap;
    for (let place = 0; ; ) {
      const left = 2 * place + 1;
      if (left >= length) return;
      const child = left + 1 < length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, place)) return;
      this.#swap(child, place);
      place = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one] as Due<Value>, this.#heap[other] as Due<Value>];
    return a.at < b.at || (a.at === b.at && a.turn < b.turn);
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    [heap[one], heap[other]] = [heap[other] as Due<Value>, heap[one] as Due<Value>];
  }
}
