// Peers: every identity that a policy may speak of, as the resolver knows it, with what its pods call their ports.

import { reservedIdentities } from '../model/identities.ts';
import type { Identity, NamedPort } from '../model/identity.ts';
import { type Labels, parseLabels } from '../model/labels.ts';
import type { Resolver } from '../model/policy/resolve/resolver.ts';

export interface PeersOptions {
  readonly resolver: Resolver;
  /** Labels of a number, as the cluster has it; undefined when it has none. */
  readonly clusterLabels: (number: number) => string | undefined;
  /** Labels of a number that a pod here has, which the cluster may not have told yet. */
  readonly ownLabels: (number: number) => Labels | undefined;
}

export class Peers {
  private readonly options: PeersOptions;
  private readonly byNumber = new Map<number, Identity>();
  private readonly locals = new Map<number, Identity>();
  /** Number → who has it → its ports. Somebody without named ports is not in it. */
  private readonly ports = new Map<number, Map<string, readonly NamedPort[]>>();
  private readonly portsOf = new Map<string, number>();
  private readonly dirty = new Set<number>();

  constructor(options: PeersOptions) {
    this.options = options;
    for (const identity of reservedIdentities) {
      this.byNumber.set(identity.number, identity);
      options.resolver.putIdentity(identity);
    }
  }

  get(number: number): Identity | undefined {
    return this.byNumber.get(number);
  }

  /** Whether anybody has told who has this number. */
  isKnown(number: number): boolean {
    if (number < firstNumber) return this.byNumber.has(number);
    return this.options.ownLabels(number) !== undefined || this.options.clusterLabels(number) !== undefined;
  }

  values(): Iterable<Identity> {
    return this.byNumber.values();
  }

  touch(number: number): void {
    this.dirty.add(number);
  }

  putLocal(identity: Identity): void {
    this.locals.set(identity.number, identity);
    this.dirty.add(identity.number);
  }

  removeLocal(number: number): void {
    this.locals.delete(number);
    this.dirty.add(number);
  }

  /** What `who` (an endpoint, an address) calls its ports, under its number; undefined when it is there no more. */
  setPorts(who: string, number: number | undefined, ports: readonly NamedPort[] = []): void {
    const before = this.portsOf.get(who);
    if (before !== undefined && before !== number) {
      const others = this.ports.get(before);
      others?.delete(who);
      if (others?.size === 0) this.ports.delete(before);
      this.dirty.add(before);
      this.portsOf.delete(who);
    }
    if (number === undefined || (ports.length === 0 && before !== number)) return;
    const all = this.ports.get(number) ?? new Map<string, readonly NamedPort[]>();
    all.set(who, ports);
    this.ports.set(number, all);
    this.portsOf.set(who, number);
    this.dirty.add(number);
  }

  /** Tells the resolver; answers the numbers that are new, other or gone. */
  settle(): number[] {
    const changed = [...this.dirty];
    for (const number of changed) {
      const identity = this.identityOf(number);
      if (identity === undefined) {
        this.byNumber.delete(number);
        this.options.resolver.removeIdentity(number);
      } else {
        this.byNumber.set(number, identity);
        this.options.resolver.putIdentity(identity, this.portsUnder(number));
      }
    }
    this.dirty.clear();
    return changed;
  }

  private identityOf(number: number): Identity | undefined {
    const { clusterLabels, ownLabels } = this.options;
    const known = this.byNumber.get(number);
    if (number < firstNumber) return known;
    const local = this.locals.get(number);
    if (local !== undefined) return local;
    // What a pod here has counts, whatever the store says meanwhile: it is being put right there.
    const own = ownLabels(number);
    if (own !== undefined) return known?.labels.text === own.text ? known : { number, labels: own };
    const text = clusterLabels(number);
    if (text === undefined) return undefined;
    return known?.labels.text === text ? known : { number, labels: parseLabels(text) };
  }

  /** What those who have the number call their ports. */
  namedPorts(number: number): readonly NamedPort[] {
    return this.portsUnder(number);
  }

  /** Everybody who names ports, by what egress rules may mean by a name. */
  withPorts(): { readonly labels: Labels; readonly namedPorts: readonly NamedPort[] }[] {
    return [...this.ports.keys()].flatMap((number) => {
      const identity = this.byNumber.get(number);
      return identity === undefined ? [] : [{ labels: identity.labels, namedPorts: this.portsUnder(number) }];
    });
  }

  /** Each once and sorted: who came first makes no difference. */
  private portsUnder(number: number): NamedPort[] {
    const found = new Map<string, NamedPort>();
    for (const ports of this.ports.get(number)?.values() ?? []) {
      for (const port of ports) found.set(`${port.name} ${port.protocol} ${port.port}`, port);
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, port]) => port);
  }
}

/** Numbers below are reserved ones. */
const firstNumber = 256;
