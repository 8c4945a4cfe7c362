// Local identities: numbers for prefixes and for sets of name selectors, which mean something on this node only.

import type { Prefix } from '../net/prefix.ts';
import { type Identity, localScope } from './identity.ts';
import { Labels } from './labels.ts';

/** What a number is asked for: the addresses of a prefix with these labels, or of names with these selectors. */
export type LocalMeaning =
  | { readonly kind: 'prefix'; readonly prefix: Prefix; readonly labels: Labels }
  | { readonly kind: 'names'; readonly names: readonly string[] };

export interface LocalOptions {
  readonly first?: number;
  readonly last?: number;
  /** Numbers of an earlier life, by `meaningText`: each is kept for its meaning until `forgetRestored`. */
  readonly restored?: Iterable<readonly [text: string, number: number]>;
  /** `LocalIdentities.next` of an earlier life: what it gave and took back is not given again at once, for somebody may still mean it. */
  readonly next?: number;
}

interface Held {
  readonly identity: Identity;
  uses: number;
}

const noLabels = new Labels([]);

/** Meanings of equal text have one number. */
export function meaningText(meaning: LocalMeaning): string {
  if (meaning.kind === 'prefix') return `prefix ${meaning.prefix.text} ${meaning.labels.text}`;
  return `names ${[...new Set(meaning.names)].sort().join(' ')}`;
}

/** Each meaning has one number as long as somebody uses it. Numbers that were released come back last and in their order. */
export class LocalIdentities implements Iterable<Identity> {
  private readonly first: number;
  private readonly last: number;
  private fresh: number;
  private readonly released: number[] = [];
  private readonly held = new Map<string, Held>();
  private readonly restored: Map<string, number>;
  private readonly taken: Set<number>;
  private readonly wantedBy = new Map<string, Map<string, LocalMeaning>>();

  constructor({ first = localScope + 1, last = 2 * localScope - 1, restored = [], next = first }: LocalOptions = {}) {
    this.first = first;
    this.fresh = next >= first && next <= last ? next : first;
    this.last = last;
    this.restored = new Map();
    this.taken = new Set();
    for (const [text, number] of restored) {
      // Of two meanings of one number neither can be trusted more: the first keeps it.
      if (number < first || number > last || this.taken.has(number)) continue;
      this.restored.set(text, number);
      this.taken.add(number);
    }
  }

  /** Throws a RangeError when every number is in use; nothing has changed then. */
  acquire(meaning: LocalMeaning): { readonly identity: Identity; readonly isNew: boolean } {
    const text = meaningText(meaning);
    const known = this.held.get(text);
    if (known !== undefined) {
      known.uses += 1;
      return { identity: known.identity, isNew: false };
    }
    const identity = describe(meaning, this.takeNumber(text));
    this.held.set(text, { identity, uses: 1 });
    return { identity, isNew: true };
  }

  /** The identity that nobody uses any longer; undefined while somebody does, or if nobody did. */
  release(meaning: LocalMeaning): Identity | undefined {
    const text = meaningText(meaning);
    const known = this.held.get(text);
    if (known === undefined) return undefined;
    known.uses -= 1;
    if (known.uses > 0) return undefined;
    this.held.delete(text);
    this.released.push(known.identity.number);
    return known.identity;
  }

  /**
   * Makes `wanted` all that `owner` uses. New ones are acquired before old ones are released; a RangeError leaves the owner with what it had.
   */
  sync(owner: string, wanted: Iterable<LocalMeaning>): { readonly added: readonly Identity[]; readonly removed: readonly Identity[] } {
    const before = this.wantedBy.get(owner) ?? new Map<string, LocalMeaning>();
    const after = new Map([...wanted].map((meaning) => [meaningText(meaning), meaning]));
    const added: Identity[] = [];
    const acquired: LocalMeaning[] = [];
    try {
      for (const [text, meaning] of after) {
        if (before.has(text)) continue;
        const { identity, isNew } = this.acquire(meaning);
        acquired.push(meaning);
        if (isNew) added.push(identity);
      }
    } catch (error) {
      for (const meaning of acquired) this.release(meaning);
      throw error;
    }
    const gone = [...before].filter(([text]) => !after.has(text)).map(([, meaning]) => this.release(meaning));
    this.wantedBy.set(owner, after);
    return { added, removed: gone.filter((identity) => identity !== undefined) };
  }

  find(meaning: LocalMeaning): Identity | undefined {
    return this.held.get(meaningText(meaning))?.identity;
  }

  /** Numbers kept for meanings of an earlier life that nobody asked for become free. */
  forgetRestored(): void {
    for (const number of this.restored.values()) this.released.push(number);
    this.restored.clear();
  }

  /** What a later life restores. */
  entries(): [text: string, number: number][] {
    return [...this.held].map(([text, { identity }]) => [text, identity.number]);
  }

  /** The number after all that were given. */
  get next(): number {
    return this.fresh;
  }

  *[Symbol.iterator](): Iterator<Identity> {
    for (const { identity } of this.held.values()) yield identity;
  }

  private takeNumber(text: string): number {
    const restored = this.restored.get(text);
    if (restored !== undefined) {
      this.restored.delete(text);
      return restored;
    }
    while (this.taken.has(this.fresh)) this.fresh += 1;
    if (this.fresh <= this.last) return this.fresh++;
    const reused = this.released.shift() ?? this.unused();
    if (reused === undefined) throw new RangeError(`local identities: no number is free: ${this.held.size} are in use`);
    return reused;
  }

  /** One that an earlier life released. */
  private unused(): number | undefined {
    const held = new Set([...this].map(({ number }) => number));
    for (const number of this.restored.values()) held.add(number);
    for (let number = this.first; number <= this.last; number += 1) if (!held.has(number)) return number;
    return undefined;
  }
}

function describe(meaning: LocalMeaning, number: number): Identity {
  if (meaning.kind === 'prefix') return { number, labels: meaning.labels, prefix: meaning.prefix };
  return { number, labels: noLabels, names: [...new Set(meaning.names)].sort() };
}
