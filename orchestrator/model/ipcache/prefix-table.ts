// Prefix table: values by prefix, with the questions that containment asks.

import { containsPrefix, type Prefix, widenPrefix } from '../../net/prefix.ts';

type Lengths = Map<number, Map<bigint, Entry<unknown>>>;

interface Entry<V> {
  readonly prefix: Prefix;
  readonly value: V;
}

export class PrefixTable<V> implements Iterable<V> {
  private readonly families: Readonly<Record<4 | 6, Lengths>> = { 4: new Map(), 6: new Map() };

  get(prefix: Prefix): V | undefined {
    return (this.families[prefix.family].get(prefix.length)?.get(prefix.value) as Entry<V> | undefined)?.value;
  }

  set(prefix: Prefix, value: V): void {
    const lengths = this.families[prefix.family];
    const known = lengths.get(prefix.length);
    if (known === undefined) lengths.set(prefix.length, new Map([[prefix.value, { prefix, value }]]));
    else known.set(prefix.value, { prefix, value });
  }

  delete(prefix: Prefix): void {
    const lengths = this.families[prefix.family];
    const known = lengths.get(prefix.length);
    known?.delete(prefix.value);
    if (known?.size === 0) lengths.delete(prefix.length);
  }

  /** Value of the longest prefix that is wider than this one; at most as many questions as there are distinct lengths. */
  around(prefix: Prefix): V | undefined {
    const shorter = [...this.families[prefix.family].keys()].filter((length) => length < prefix.length).sort((a, b) => b - a);
    for (const length of shorter) {
      const found = this.families[prefix.family].get(length)?.get(widenPrefix(prefix, length).value);
      if (found !== undefined) return found.value as V;
    }
    return undefined;
  }

  /** Values of the narrower prefixes in it, wider ones first. Looks at every prefix that is narrower. */
  within(prefix: Prefix): V[] {
    const narrower = [...this.families[prefix.family]].filter(([length]) => length > prefix.length).sort(([a], [b]) => a - b);
    return narrower.flatMap(([, entries]) =>
      [...entries.values()].filter((entry) => containsPrefix(prefix, entry.prefix)).map(({ value }) => value as V),
    );
  }

  *[Symbol.iterator](): Iterator<V> {
    for (const lengths of Object.values(this.families))
      for (const entries of lengths.values()) for (const { value } of entries.values()) yield value as V;
  }
}
