// Room: which parts of a range of numbers are free. The lowest part that is large enough is taken.

export class Room {
  /** Free parts, in order, none touching the next: [from, to). */
  readonly #free: { from: number; to: number }[];

  constructor(size: number) {
    this.#free = size > 0 ? [{ from: 0, to: size }] : [];
  }

  /** What is free, in order. */
  parts(): readonly { readonly from: number; readonly to: number }[] {
    return this.#free;
  }

  /** Takes the lowest place of that size that ends by `end`; undefined when there is none. */
  find(size: number, end = Number.POSITIVE_INFINITY): number | undefined {
    const part = this.#free.find(({ from, to }) => Math.min(to, end) - from >= size);
    if (part === undefined) return undefined;
    const { from } = part;
    this.take(from, size);
    return from;
  }

  /** Takes what is free of a part. */
  take(from: number, size: number): void {
    const to = from + size;
    const touched = this.#free.findIndex((part) => part.to > from);
    if (touched < 0) return;
    let count = 0;
    const rest: { from: number; to: number }[] = [];
    for (const part of this.#free.slice(touched)) {
      if (part.from >= to) break;
      count += 1;
      if (part.from < from) rest.push({ from: part.from, to: from });
      if (part.to > to) rest.push({ from: to, to: part.to });
    }
    this.#free.splice(touched, count, ...rest);
  }

  /** Gives back what was taken. */
  give(from: number, size: number): void {
    const next = this.#free.findIndex((part) => part.from > from);
    const at = next < 0 ? this.#free.length : next;
    const part = { from, to: from + size };
    const [before, after] = [this.#free[at - 1], this.#free[at]];
    if (before?.to === part.from) part.from = before.from;
    if (after?.from === part.to) part.to = after.to;
    const first = before !== undefined && before.from === part.from ? at - 1 : at;
    const last = after !== undefined && after.to === part.to ? at + 1 : at;
    this.#free.splice(first, last - first, part);
  }
}
