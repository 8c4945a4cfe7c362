// Surroundings: whom addresses stand for that are no pod's. Policies claim the prefixes they name, nodes and the like their addresses.

import type { Identity } from '../model/identity.ts';
import { reservedLabels } from '../model/identity.ts';
import type { Claim } from '../model/ipcache/claim.ts';
import { prefixClaim } from '../model/ipcache/in-force.ts';
import { Ipcache } from '../model/ipcache/ipcache.ts';
import type { Meaning } from '../model/ipcache/meaning.ts';
import type { LocalIdentities } from '../model/local-identities.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import type { IdentityBook } from './identity-book.ts';
import type { Place } from './place.ts';
import type { OutsideFact, World } from './world.ts';

export class Surroundings {
  private readonly ipcache = new Ipcache();
  private readonly locals: LocalIdentities;
  private readonly book: IdentityBook;
  private claims = new Map<string, Claim>();
  /** Of addresses that were asked for, until something changes. */
  private found = new Map<string, Identity>();

  constructor(locals: LocalIdentities, book: IdentityBook) {
    this.locals = locals;
    this.book = book;
  }

  settle(world: World, inForce: readonly Prefix[]): void {
    const wanted = new Map<string, Claim>();
    for (const claim of [...inForce.map((prefix) => prefixClaim(prefix)), ...outsideClaims(world)]) {
      const text = `${claim.owner} ${claim.prefix.text} ${claim.labels?.text ?? ''}`;
      const known = this.claims.get(text);
      wanted.set(text, known ?? claim);
      if (known === undefined) this.ipcache.claim(claim);
    }
    const kept = new Set([...wanted.values()].map(({ owner, prefix }) => `${owner} ${prefix.text}`));
    for (const [text, { prefix, owner }] of this.claims) {
      // What says something else under the same name has taken the place of it.
      if (!wanted.has(text) && !kept.has(`${owner} ${prefix.text}`)) this.ipcache.release(prefix, owner);
    }
    this.claims = wanted;
    this.found = new Map();
    const meanings = [...this.ipcache.rows()].flatMap(({ meaning }) => (meaning.kind === 'local' ? [meaning.local] : []));
    const { added, removed } = this.locals.sync('prefixes', meanings);
    for (const identity of added) this.book.put(identity);
    for (const identity of removed) this.book.remove(identity);
  }

  identityOf(place: Place): Identity {
    const known = this.found.get(place.text);
    if (known !== undefined) return known;
    const identity = this.book.get(this.numberOf(this.ipcache.lookup(parsePrefix(place.text)).meaning));
    this.found.set(place.text, identity);
    return identity;
  }

  *rows(): Iterable<{ readonly prefix: Prefix; readonly identity: number }> {
    for (const { prefix, meaning } of this.ipcache.rows()) yield { prefix, identity: this.numberOf(meaning) };
  }

  private numberOf(meaning: Meaning): number {
    if (meaning.kind === 'number') return meaning.number;
    const identity = this.locals.find(meaning.local);
    if (identity === undefined) throw new Error(`surroundings: no number for ${meaning.local.prefix.text}`);
    return identity.number;
  }
}

/** The service by which pods reach the API server: what is behind it is one. */
const apiService = { namespace: 'default', name: 'kubernetes' };

function* outsideClaims(world: World): Iterable<Claim> {
  for (const { namespace, service, prefixes } of world.addresses.values()) {
    if (namespace !== apiService.namespace || service !== apiService.name) continue;
    const labels = reservedLabels('kube-apiserver');
    for (const prefix of prefixes) yield { prefix, source: 'kube-apiserver', owner: `service ${namespace}/${service}`, labels };
  }
  for (const fact of world.outside.values()) {
    if (fact.reserved.length === 0) continue;
    const labels = reservedLabels(...fact.reserved);
    for (const { text } of fact.places) yield { prefix: parsePrefix(text), source: sourceOf(fact), owner: `address ${text}`, labels };
  }
}

function sourceOf({ reserved }: OutsideFact): Claim['source'] {
  if (reserved.includes('host')) return 'local';
  return reserved.includes('kube-apiserver') ? 'kube-apiserver' : 'custom-resource';
}
