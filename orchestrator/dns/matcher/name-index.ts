// Name index: many name selectors at once. A name is held only against those that can match it: the ones of its whole text, and the
// patterns that end in labels of its own.

import { matchesName } from '../../model/policy/name-match.ts';
import type { NameSelector } from '../../model/policy/rule.ts';

interface Entry<Value> {
  readonly order: number;
  /** Undefined: it matches whatever it is held against. */
  readonly pattern: NameSelector | undefined;
  readonly value: Value;
}

export class NameIndex<Value> {
  /** By name, with its dot. */
  readonly #exact = new Map<string, Entry<Value>[]>();
  /** By the labels behind the last one that has a star. */
  readonly #bySuffix = new Map<string, Entry<Value>[]>();
  readonly #loose: Entry<Value>[] = [];
  #size = 0;

  /** 'every': names that no text is written for, too. */
  add(names: 'every' | readonly NameSelector[], value: Value): void {
    const order = this.#size;
    this.#size += 1;
    if (names === 'every') this.#loose.push({ order, pattern: undefined, value });
    else for (const name of names) this.#addOne(name, order, value);
  }

  /** The value that was added first of those that match a name as `nameText` makes it. */
  first(name: string): Value | undefined {
    let best: Entry<Value> | undefined;
    for (const entry of this.#matching(name)) if (best === undefined || entry.order < best.order) best = entry;
    return best?.value;
  }

  /** All that match, each once, in the order in which they were added. */
  all(name: string): Value[] {
    const found = new Map<number, Value>();
    for (const { order, value } of this.#matching(name)) found.set(order, value);
    return [...found].sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  *#matching(name: string): Iterable<Entry<Value>> {
    yield* this.#exact.get(name) ?? [];
    yield* this.#fitting(this.#loose, name);
    if (this.#bySuffix.size === 0) return;
    for (let at = 0; at < name.length; at = name.indexOf('.', at) + 1) {
      const entries = this.#bySuffix.get(at === 0 ? name : name.slice(at));
      if (entries !== undefined) yield* this.#fitting(entries, name);
    }
  }

  *#fitting(entries: readonly Entry<Value>[], name: string): Iterable<Entry<Value>> {
    for (const entry of entries) if (entry.pattern === undefined || matchesName(entry.pattern, name)) yield entry;
  }

  #addOne(name: NameSelector, order: number, value: Value): void {
    const text = name.value.endsWith('.') ? name.value : `${name.value}.`;
    if (name.kind === 'name') put(this.#exact, text, { order, pattern: undefined, value });
    else {
      const entry = { order, pattern: name, value };
      // The label in which the last star stands is not a fixed one, and the text up to its dot no part of the suffix.
      const suffix = text.slice(text.includes('*') ? text.indexOf('.', text.lastIndexOf('*')) + 1 : 0);
      if (suffix === '' || suffix === '.') this.#loose.push(entry);
      else put(this.#bySuffix, suffix, entry);
    }
  }
}

function put<Value>(map: Map<string, Entry<Value>[]>, key: string, entry: Entry<Value>): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [entry]);
  else known.push(entry);
}
