// Peer index: the peers that rules speak of, each once, with the identities that they select now.

import type { Identity } from '../../identity.ts';
import type { BoundPeer } from '../rule.ts';
import { LabelIndex } from './label-index.ts';
import { PrefixIndex, prefixKey } from './prefix-index.ts';

export interface PeerNode<User> {
  readonly members: Set<number>;
  readonly users: Set<User>;
}

/** A peer that selects some and not all. */
export type PickyPeer = Exclude<BoundPeer, { kind: 'any' }>;

export class PeerIndex<User> {
  private readonly labels = new LabelIndex<User>();
  private readonly prefixes = new PrefixIndex<User>();
  /** By the texts of name selectors: who uses one, and whose identity carries it. */
  private readonly names = new Map<string, PeerNode<User>>();
  private readonly named = new Map<number, readonly string[]>();

  /** Peers that select the newcomer. An identity of names has no labels: not even "everybody without this label" means it. */
  add({ number, labels, prefix, names }: Identity): PeerNode<User>[] {
    if (names !== undefined) {
      this.named.set(number, names);
      return [...new Set(names)].flatMap((text) => {
        const node = this.nameNode(text);
        node.members.add(number);
        return node.users.size > 0 ? [node] : [];
      });
    }
    const nodes: PeerNode<User>[] = this.labels.add(number, labels);
    return prefix === undefined ? nodes : [...nodes, ...this.prefixes.add(number, prefix)];
  }

  /** Peers that selected it. */
  remove(number: number): PeerNode<User>[] {
    const names = this.named.get(number);
    if (names === undefined) return [...this.labels.remove(number), ...this.prefixes.remove(number)];
    this.named.delete(number);
    return [...new Set(names)].flatMap((text) => {
      const node = this.nameNode(text);
      node.members.delete(number);
      this.forgetName(text, node);
      return node.users.size > 0 ? [node] : [];
    });
  }

  use(peer: PickyPeer, user: User): PeerNode<User> {
    if (peer.kind === 'labels') return this.labels.use(peer.selector, user);
    if (peer.kind === 'prefix') return this.prefixes.use(peer, user);
    const node = this.nameNode(peer.name.text);
    node.users.add(user);
    return node;
  }

  release(peer: PickyPeer, user: User): void {
    if (peer.kind === 'labels') this.labels.release(peer.selector, user);
    else if (peer.kind === 'prefix') this.prefixes.release(peer, user);
    else {
      const node = this.nameNode(peer.name.text);
      node.users.delete(user);
      this.forgetName(peer.name.text, node);
    }
  }

  private nameNode(text: string): PeerNode<User> {
    let node = this.names.get(text);
    if (node === undefined) {
      node = { members: new Set(), users: new Set() };
      this.names.set(text, node);
    }
    return node;
  }

  private forgetName(text: string, { members, users }: PeerNode<User>): void {
    if (members.size === 0 && users.size === 0) this.names.delete(text);
  }
}

/** Peers of equal keys select the same. */
export function peerKey(peer: PickyPeer): string {
  if (peer.kind === 'labels') return `labels ${peer.selector.text}`;
  return peer.kind === 'prefix' ? `prefix ${prefixKey(peer)}` : peer.name.text;
}
