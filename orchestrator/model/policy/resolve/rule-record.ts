// Rule records: a rule in force, the sets it is applied to, and its traffic worked out. While no set uses it nothing of it is kept.

import type { NamedPort } from '../../identity.ts';
import type { BoundPeer, Direction, Peer, Rule } from '../rule.ts';
import type { RuleName, Variant } from './cell.ts';
import { type Clause, clausesOf, hasPortName, ownNumbers } from './clause.ts';
import { type PeerIndex, type PeerNode, type PickyPeer, peerKey } from './peer-index.ts';
import type { PolicySet, Side } from './policy-set.ts';
import { PortCounts } from './port-names.ts';

/** The identity of cells that speak of every peer. */
export const anyIdentity = 0;

/** What all rules of a resolver share. */
export interface RuleSurroundings {
  readonly peers: PeerIndex<RuleRecord>;
  /** Of all pods. */
  readonly allPorts: PortCounts;
  /** Rules in use that look their port names up there. */
  readonly askAllPods: Set<RuleRecord>;
  nextVariant(): number;
}

export class RuleRecord {
  readonly rule: Rule;
  readonly name: RuleName;
  readonly direction: Direction;
  readonly sets = new Set<PolicySet>();
  /** It speaks of every peer: then its other peers add nothing. */
  readonly isForAll: boolean;
  /** Numbers behind its port names depend on the pods that it selects. */
  readonly hasPeerPorts: boolean;
  private readonly surroundings: RuleSurroundings;
  private readonly peers: readonly PickyPeer[];
  private nodes: readonly PeerNode<RuleRecord>[] = [];
  private readonly variants = new Map<string, Variant>();
  private ports: PortCounts | undefined;

  constructor(rule: Rule, name: RuleName, surroundings: RuleSurroundings) {
    this.rule = rule;
    this.name = name;
    this.direction = rule.direction;
    this.surroundings = surroundings;
    this.isForAll = rule.peers.some(({ kind }) => kind === 'any');
    this.hasPeerPorts = rule.direction === 'egress' && hasPortName(rule);
    this.peers = this.isForAll ? [] : pickyPeers(rule);
  }

  /** `portsOf`: named ports of an identity's pods. */
  apply(set: PolicySet, portsOf: (identity: number) => readonly NamedPort[]): void {
    if (this.sets.size === 0) this.wake(portsOf);
    this.sets.add(set);
    const variant = this.variantFor(set);
    this.forEachIdentity((identity) => this.side(set).add(identity, variant));
  }

  unapply(set: PolicySet): void {
    const variant = this.variantFor(set);
    this.forEachIdentity((identity) => this.side(set).remove(identity, variant));
    this.sets.delete(set);
    if (this.sets.size === 0) this.sleep();
  }

  /** An identity that one of its peers selects came or went; true when a port name of the rule may now mean something else. */
  join(identity: number, ports: readonly NamedPort[]): boolean {
    for (const set of this.sets) this.side(set).add(identity, this.variantFor(set));
    this.ports?.add(ports);
    return this.hasPeerPorts && ports.length > 0;
  }

  leave(identity: number, ports: readonly NamedPort[]): boolean {
    for (const set of this.sets) this.side(set).remove(identity, this.variantFor(set));
    this.ports?.remove(ports);
    return this.hasPeerPorts && ports.length > 0;
  }

  /** Looks its port names up again. */
  renewPorts(): void {
    const before = this.variants.get('');
    if (before === undefined) return;
    const after = this.makeVariant(this.numbers());
    if (isSame(before.clauses, after.clauses)) return;
    this.variants.set('', after);
    for (const set of this.sets) {
      const side = this.side(set);
      this.forEachIdentity((identity) => {
        side.remove(identity, before);
        side.add(identity, after);
      });
    }
  }

  private wake(portsOf: (identity: number) => readonly NamedPort[]): void {
    this.nodes = this.peers.map((peer) => this.surroundings.peers.use(peer, this));
    if (!this.hasPeerPorts) return;
    if (this.isForAll) {
      this.surroundings.askAllPods.add(this);
      return;
    }
    this.ports = new PortCounts();
    for (const { members } of this.nodes) for (const identity of members) this.ports.add(portsOf(identity));
  }

  private sleep(): void {
    for (const peer of this.peers) this.surroundings.peers.release(peer, this);
    this.nodes = [];
    this.variants.clear();
    this.surroundings.askAllPods.delete(this);
    this.ports = undefined;
  }

  private forEachIdentity(visit: (identity: number) => void): void {
    if (this.isForAll) visit(anyIdentity);
    for (const { members } of this.nodes) for (const identity of members) visit(identity);
  }

  private side(set: PolicySet): Side {
    return set.sides[this.direction];
  }

  /** Port names of ingress are the subject's own, so sets with other ports may have another variant. */
  private variantFor(set: PolicySet): Variant {
    const isOwn = this.direction === 'ingress' && hasPortName(this.rule);
    const key = isOwn ? set.portsText : '';
    let variant = this.variants.get(key);
    if (variant === undefined) {
      variant = this.makeVariant(isOwn ? ownNumbers(set.ports) : this.numbers());
      this.variants.set(key, variant);
    }
    return variant;
  }

  private numbers() {
    return (this.ports ?? this.surroundings.allPorts).numbers;
  }

  private makeVariant(numbers: Parameters<typeof clausesOf>[1]): Variant {
    return { id: this.surroundings.nextVariant(), rule: this.name, clauses: clausesOf(this.rule, numbers) };
  }
}

/** Each once. */
function pickyPeers({ peers }: Rule): PickyPeer[] {
  const byKey = new Map<string, PickyPeer>();
  for (const peer of peers) if (peer.kind !== 'any' && isBound(peer)) byKey.set(peerKey(peer), peer);
  return [...byKey.values()];
}

/** No reference: what those stand for is decided before. */
export function isBound(peer: Peer): peer is BoundPeer {
  return peer.kind !== 'service' && peer.kind !== 'group';
}

function isSame(clauses: readonly Clause[], others: readonly Clause[]): boolean {
  return clauses.length === others.length && clauses.every(({ key }, index) => key === others[index]?.key);
}
