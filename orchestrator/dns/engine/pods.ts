// Pods: who may ask what, by the rules in force: endpoints by their addresses, each with the matcher of its set. What belongs to an endpoint for
// longer than one version of the rules, such as the number of its queries, stays with it.

import { SetMatcher } from '../matcher/set-matcher.ts';
import type { DnsEndpoint, DnsRules, DnsSet } from '../rules.ts';
import { type AddressKey, addressKey } from './address-key.ts';

export interface Pod {
  fact: DnsEndpoint;
  matcher: SetMatcher;
  /** Under which it may be granted addresses. */
  identities: ReadonlySet<number>;
  /** Queries that were passed on and not answered. */
  outstanding: number;
  /** Connections over TCP. */
  connections: number;
  isGone: boolean;
}

/** What a version of the rules has changed. */
export interface Changed {
  /** Endpoints that are not there any more; one whose number has another pod now is among them. */
  readonly gone: readonly Pod[];
  /** Those with other rules than before, and new ones. */
  readonly changed: readonly Pod[];
  /** Identities that stand for another selector now: what is granted under them is void. */
  readonly reused: ReadonlySet<number>;
}

interface Ready {
  readonly matcher: SetMatcher;
  readonly identities: ReadonlySet<number>;
}

export class Pods {
  /** Of the rules in force; 0: none yet. */
  generation = 0;
  reject: DnsRules['reject'] = 'refused';
  private readonly byId = new Map<number, Pod>();
  private byAddress = new Map<AddressKey, Pod>();
  private sets = new Map<string, Ready>();
  /** Selectors by identity, as the rules had them last. */
  private selectors: ReadonlyMap<number, string>;

  constructor(selectors: ReadonlyMap<number, string> = new Map()) {
    this.selectors = selectors;
  }

  /** To be given to the next life: what the map holds by then was granted under these. */
  get selectorsByIdentity(): ReadonlyMap<number, string> {
    return this.selectors;
  }

  find(address: AddressKey): Pod | undefined {
    return this.byAddress.get(address);
  }

  byNumber(id: number): Pod | undefined {
    return this.byId.get(id);
  }

  all(): Iterable<Pod> {
    return this.byId.values();
  }

  apply(rules: DnsRules): Changed {
    const ready = this.makeReady(rules);
    const byAddress = new Map<AddressKey, Pod>();
    const before = new Map(this.byId);
    const changed: Pod[] = [];
    this.byId.clear();
    for (const fact of rules.endpoints) {
      const { matcher, identities } = ready.get(fact.set) as Ready;
      const known = before.get(fact.id);
      const isSame = known !== undefined && known.fact.namespace === fact.namespace && known.fact.pod === fact.pod;
      if (isSame) before.delete(fact.id);
      const pod = isSame ? known : { fact, matcher, identities, outstanding: 0, connections: 0, isGone: false };
      if (!isSame || pod.matcher !== matcher) changed.push(pod);
      Object.assign(pod, { fact, matcher, identities });
      this.byId.set(fact.id, pod);
      for (const address of fact.addresses) byAddress.set(addressKey(address), pod);
    }
    for (const pod of before.values()) pod.isGone = true;
    this.byAddress = byAddress;
    this.generation = rules.generation;
    this.reject = rules.reject;
    return { gone: [...before.values()], changed, reused: this.noteSelectors(rules) };
  }

  private makeReady(rules: DnsRules): Map<number, Ready> {
    const sets = new Map<string, Ready>();
    const ready = new Map<number, Ready>();
    for (const set of rules.sets) {
      const text = setText(set);
      // A set that is as it was keeps what it has found out about names.
      const one = sets.get(text) ?? this.sets.get(text) ?? readyOf(set);
      sets.set(text, one);
      ready.set(set.set, one);
    }
    this.sets = sets;
    return ready;
  }

  private noteSelectors({ sets }: DnsRules): Set<number> {
    const selectors = new Map(sets.flatMap(({ granted }) => granted.map(({ identity, name }) => [identity, name.text] as const)));
    const reused = new Set<number>();
    for (const [identity, text] of selectors) {
      const before = this.selectors.get(identity);
      if (before !== undefined && before !== text) reused.add(identity);
    }
    this.selectors = selectors;
    return reused;
  }
}

function readyOf(set: DnsSet): Ready {
  return { matcher: new SetMatcher(set), identities: new Set(set.granted.map(({ identity }) => identity)) };
}

function setText({ allowed, granted }: DnsSet): string {
  return JSON.stringify([allowed, granted]);
}
