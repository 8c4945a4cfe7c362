// Grants: what DNS answers let a pod reach. An answer's name stands for the selectors that match it; a name that expires stays in the
// table, because connections that it allowed go on.

import type { Grant, GrantKey } from '../datapath/generated/layouts.ts';
import type { Identity } from '../model/identity.ts';
import type { LocalIdentities, LocalMeaning } from '../model/local-identities.ts';
import { nameSet } from '../model/name-sets.ts';
import type { NameSelector } from '../model/policy/rule.ts';
import type { IdentityBook } from './identity-book.ts';
import type { Place } from './place.ts';
import type { Pod } from './pods.ts';
import type { Answer, World } from './world.ts';

/** A name of an address, for one pod or for all. */
interface Named {
  readonly pod: string | undefined;
  readonly names: readonly string[];
  readonly expires: number;
}

export interface GrantedName {
  readonly identity: Identity;
  readonly expires: number;
}

/** Places in an entry of `grants`. */
const most = 4;

export class Grants {
  private readonly locals: LocalIdentities;
  private readonly book: IdentityBook;
  /** By the text of the address. */
  private named = new Map<string, { readonly place: Place; readonly names: Named[] }>();
  private remembered = new Map<string, readonly GrantedName[]>();

  constructor(locals: LocalIdentities, book: IdentityBook) {
    this.locals = locals;
    this.book = book;
  }

  settle({ answers }: World, selectors: readonly NameSelector[], pods: Iterable<Pod>): void {
    this.named = new Map();
    this.remembered = new Map();
    for (const answer of answers) this.note(answer, nameSet(selectors, answer.name));
    const wanted: LocalMeaning[] = [];
    if (this.named.size > 0) {
      for (const { fact } of pods)
        for (const address of this.named.keys())
          wanted.push(...this.of(fact.key, address).map(({ names }): LocalMeaning => ({ kind: 'names', names })));
    }
    const { added, removed } = this.locals.sync('names', wanted);
    for (const identity of added) this.book.put(identity);
    for (const identity of removed) this.book.remove(identity);
  }

  /** Names of the address that this pod was told, expired or not. */
  forPod(pod: string, { text }: Place): readonly GrantedName[] {
    if (!this.named.has(text)) return [];
    const key = `${pod} ${text}`;
    let known = this.remembered.get(key);
    if (known === undefined) {
      known = this.of(pod, text).flatMap(({ names, expires }) => {
        const identity = this.locals.find({ kind: 'names', names });
        return identity === undefined ? [] : [{ identity, expires }];
      });
      this.remembered.set(key, known);
    }
    return known;
  }

  /** Addresses that have names. */
  *places(): Iterable<Place> {
    for (const { place } of this.named.values()) yield place;
  }

  private note({ pod, places, expires }: Answer, names: readonly string[] | undefined): void {
    if (names === undefined) return;
    for (const place of places) {
      const known = this.named.get(place.text);
      if (known === undefined) this.named.set(place.text, { place, names: [{ pod, names, expires }] });
      else known.names.push({ pod, names, expires });
    }
  }

  /** At most four, the ones that live longest first; what is more shares the last place, and its life, with that one. */
  private of(pod: string, address: string): { names: readonly string[]; expires: number }[] {
    const sets = new Map<string, { names: readonly string[]; expires: number }>();
    for (const { pod: whose, names, expires } of this.named.get(address)?.names ?? []) {
      if (whose !== undefined && whose !== pod) continue;
      const text = names.join(' ');
      sets.set(text, { names, expires: Math.max(expires, sets.get(text)?.expires ?? 0) });
    }
    const sorted = [...sets.values()].sort((a, b) => b.expires - a.expires);
    if (sorted.length <= most) return sorted;
    const shared = sorted.slice(most - 1);
    return [
      ...sorted.slice(0, most - 1),
      { names: [...new Set(shared.flatMap(({ names }) => names))].sort(), expires: shared.at(-1)?.expires ?? 0 },
    ];
  }
}

/** An entry of the map; `expiry` is the tick for what ends at that time of the virtual clock. */
export function grantEntry(
  place: Place,
  endpoint: number,
  names: readonly GrantedName[],
  expiry: (at: number) => number,
): [GrantKey, Grant] {
  const at = (index: number): [identity: number, expires: number] => {
    const name = names[index];
    return name === undefined ? [0, 0] : [name.identity.number, expiry(name.expires)];
  };
  const [[identity0, expires0], [identity1, expires1], [identity2, expires2], [identity3, expires3]] = [at(0), at(1), at(2), at(3)];
  return [
    { ...place.key, endpoint },
    { identity0, expires0, identity1, expires1, identity2, expires2, identity3, expires3 },
  ];
}
