// Prefix index: which identities have a prefix within what a rule names, and which rules' prefixes are around an identity's. Prefixes of
// one length are in one table, so the question is asked once for each length that there is.

import { containsPrefix, makePrefix, type Prefix } from '../../../net/prefix.ts';
import type { Peer } from '../rule.ts';

export type PrefixPeer = Extract<Peer, { kind: 'prefix' }>;

export interface PrefixNode<User> {
  readonly peer: PrefixPeer;
  readonly members: Set<number>;
  readonly users: Set<User>;
}

export class PrefixIndex<User> {
  private readonly identities = new Map<number, Prefix>();
  private readonly nodes = new Map<string, PrefixNode<User>>();
  /** Nodes by family and length, then by the prefix's text; they differ in what they except. */
  private readonly byLength = new Map<string, { prefix: Prefix; byText: Map<string, Set<PrefixNode<User>>> }>();

  add(number: number, prefix: Prefix): PrefixNode<User>[] {
    this.identities.set(number, prefix);
    const found = this.around(prefix).filter(({ peer }) => selectsPrefix(peer, prefix));
    for (const { members } of found) members.add(number);
    return found;
  }

  remove(number: number): PrefixNode<User>[] {
    const prefix = this.identities.get(number);
    if (prefix === undefined) return [];
    this.identities.delete(number);
    return this.around(prefix).filter(({ members }) => members.delete(number));
  }

  use(peer: PrefixPeer, user: User): PrefixNode<User> {
    const key = prefixKey(peer);
    let node = this.nodes.get(key);
    if (node === undefined) {
      const members = new Set<number>();
      for (const [number, prefix] of this.identities) if (selectsPrefix(peer, prefix)) members.add(number);
      node = { peer, members, users: new Set() };
      this.nodes.set(key, node);
      this.place(node);
    }
    node.users.add(user);
    return node;
  }

  release(peer: PrefixPeer, user: User): void {
    const key = prefixKey(peer);
    const node = this.nodes.get(key);
    node?.users.delete(user);
    if (node === undefined || node.users.size > 0) return;
    this.nodes.delete(key);
    const { prefix } = node.peer;
    const table = this.byLength.get(lengthKey(prefix));
    const same = table?.byText.get(prefix.text);
    same?.delete(node);
    if (same?.size === 0) table?.byText.delete(prefix.text);
    if (table?.byText.size === 0) this.byLength.delete(lengthKey(prefix));
  }

  private place(node: PrefixNode<User>): void {
    const { prefix } = node.peer;
    const table = this.byLength.get(lengthKey(prefix)) ?? { prefix, byText: new Map<string, Set<PrefixNode<User>>>() };
    this.byLength.set(lengthKey(prefix), table);
    const same = table.byText.get(prefix.text);
    if (same === undefined) table.byText.set(prefix.text, new Set([node]));
    else same.add(node);
  }

  /** Nodes whose prefix contains this one. */
  private around(prefix: Prefix): PrefixNode<User>[] {
    const found: PrefixNode<User>[] = [];
    for (const { prefix: one, byText } of this.byLength.values()) {
      if (one.family !== prefix.family || one.length > prefix.length) continue;
      found.push(...(byText.get(makePrefix(prefix.family, prefix.value, one.length).text) ?? []));
    }
    return found;
  }
}

export function selectsPrefix({ prefix, except }: PrefixPeer, asked: Prefix): boolean {
  return containsPrefix(prefix, asked) && !except.some((excepted) => containsPrefix(excepted, asked));
}

function lengthKey({ family, length }: Prefix): string {
  return `${family}/${length}`;
}

/** Equal texts select the same. */
export function prefixKey({ prefix, except }: PrefixPeer): string {
  return [prefix.text, ...except.map(({ text }) => text).sort()].join(' ');
}
