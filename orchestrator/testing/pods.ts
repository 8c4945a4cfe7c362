// Pods: endpoints with labels, identity, and an address in each family.

import type { Identity, NamedPort } from '../model/identity.ts';
import { podLabels } from '../model/pod-labels.ts';
import type { Subject } from '../model/policy/evaluate/question.ts';
import type { Resolver } from '../model/policy/resolve/resolver.ts';
import type { IdentityBook } from './identity-book.ts';
import type { Family, Place } from './place.ts';
import type { SparePlaces } from './spare-places.ts';
import type { PodFact, World } from './world.ts';

export interface Pod {
  readonly fact: PodFact;
  readonly identity: Identity;
  readonly subject: Subject;
  readonly places: Readonly<Record<Family, Place>>;
}

const families: readonly Family[] = [4, 6];

export class Pods {
  readonly byKey = new Map<string, Pod>();
  readonly byAddress = new Map<string, Pod>();
  private readonly book: IdentityBook;
  private readonly resolver: Resolver | undefined;
  private readonly spare: SparePlaces;
  private readonly cluster: string;

  constructor(book: IdentityBook, resolver: Resolver | undefined, spare: SparePlaces, cluster: string) {
    this.book = book;
    this.resolver = resolver;
    this.spare = spare;
    this.cluster = cluster;
  }

  /** Brings them up to date with the world. */
  settle(world: World): void {
    const before = new Map(this.byKey);
    const declared = new Set(declaredAddresses(world));
    this.byKey.clear();
    this.byAddress.clear();
    for (const fact of world.pods.values()) {
      const pod = this.pod(world, fact, before.get(fact.key), declared);
      this.byKey.set(fact.key, pod);
      for (const family of families) this.byAddress.set(pod.places[family].text, pod);
    }
    this.tell(before);
  }

  private pod(world: World, fact: PodFact, before: Pod | undefined, declared: ReadonlySet<string>): Pod {
    const labels = podLabels({
      namespace: fact.namespace,
      labels: fact.labels,
      namespaceLabels: world.namespaceLabels(fact.namespace),
      serviceAccount: fact.serviceAccount,
      cluster: this.cluster,
    });
    const place = (family: Family): Place => {
      const own = fact.places.find((one) => one.family === family);
      if (own !== undefined) return own;
      const kept = before?.places[family];
      return kept !== undefined && !declared.has(kept.text) ? kept : this.spare.next('pod', family, (text) => declared.has(text));
    };
    const isSame = before?.fact === fact && before.subject.labels.text === labels.text;
    const places = { 4: place(4), 6: place(6) };
    return { fact, identity: this.book.ofLabels(labels), subject: isSame ? before.subject : { labels, namedPorts: fact.ports }, places };
  }

  /** Everybody's ports are told with the identity: names of egress rules look there. */
  private tell(before: ReadonlyMap<string, Pod>): void {
    const now = new Map<number, { identity: Identity; ports: NamedPort[] }>();
    for (const { identity, fact } of this.byKey.values()) {
      const known = now.get(identity.number);
      if (known === undefined) now.set(identity.number, { identity, ports: [...fact.ports] });
      else known.ports.push(...fact.ports);
    }
    for (const { identity, ports } of now.values()) this.book.put(identity, ports);
    for (const { fact, identity } of this.byKey.values()) this.resolver?.putEndpoint(fact.endpoint, identity.number, fact.ports);
    const left = new Set([...this.byKey.values()].map(({ fact }) => fact.endpoint));
    for (const { fact } of before.values()) if (!left.has(fact.endpoint)) this.resolver?.removeEndpoint(fact.endpoint);
    const gone = new Map([...before.values()].map(({ identity }) => [identity.number, identity]));
    for (const [number, identity] of gone) if (!now.has(number)) this.book.remove(identity);
  }
}

function* declaredAddresses(world: World): Iterable<string> {
  for (const { places } of world.pods.values()) for (const { text } of places) yield text;
  for (const { places } of world.outside.values()) for (const { text } of places) yield text;
}
