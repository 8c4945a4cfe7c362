// Label index: which identities a selector selects, and which selectors select an identity, without asking everybody. Each selector
// waits under one label that it demands; selectors that demand none are asked about every identity.

import type { Labels } from '../../labels.ts';
import { type Requirement, type Selector, selects } from '../../selector.ts';

/** A selector and the identities that it selects now. */
export interface SelectorNode<User> {
  readonly selector: Selector;
  readonly members: Set<number>;
  readonly users: Set<User>;
}

type Place<User> = Set<SelectorNode<User>>;

export class LabelIndex<User> {
  private readonly identities = new Map<number, Labels>();
  /** Identities by key and value of their labels, whatever the source. */
  private readonly byLabel = new Map<string, Map<string, Set<number>>>();
  private readonly nodes = new Map<string, SelectorNode<User>>();
  /** Nodes by the key and value that they wait under. */
  private readonly byValue = new Map<string, Map<string, Place<User>>>();
  /** Nodes that wait under a key with any value. */
  private readonly byKey = new Map<string, Place<User>>();
  private readonly everywhere: Place<User> = new Set();

  /** Nodes that select the newcomer, which is now one of their members. */
  add(number: number, labels: Labels): SelectorNode<User>[] {
    this.identities.set(number, labels);
    for (const { key, value } of labels) setIn(mapIn(this.byLabel, key), value).add(number);
    const found = this.waiting(labels).filter(({ selector }) => selects(selector, labels));
    for (const { members } of found) members.add(number);
    return found;
  }

  /** Nodes of which it was a member. */
  remove(number: number): SelectorNode<User>[] {
    const labels = this.identities.get(number);
    if (labels === undefined) return [];
    this.identities.delete(number);
    for (const { key, value } of labels) {
      const values = this.byLabel.get(key);
      const numbers = values?.get(value);
      numbers?.delete(number);
      if (numbers?.size === 0) values?.delete(value);
      if (values?.size === 0) this.byLabel.delete(key);
    }
    return this.waiting(labels).filter(({ members }) => members.delete(number));
  }

  /** The node of a selector, for one more user. */
  use(selector: Selector, user: User): SelectorNode<User> {
    let node = this.nodes.get(selector.text);
    if (node === undefined) {
      node = { selector, members: this.selected(selector), users: new Set() };
      this.nodes.set(selector.text, node);
      for (const place of this.placesOf(selector)) place.add(node);
    }
    node.users.add(user);
    return node;
  }

  /** One user less; a node without users is forgotten. */
  release({ requirements, text }: Selector, user: User): void {
    const node = this.nodes.get(text);
    node?.users.delete(user);
    if (node === undefined || node.users.size > 0) return;
    this.nodes.delete(text);
    this.everywhere.delete(node);
    for (const { key, values } of requirements) {
      this.byKey.get(key)?.delete(node);
      for (const value of values) this.byValue.get(key)?.get(value)?.delete(node);
    }
  }

  /** Identities that a selector in use selects. */
  members({ text }: Selector): Iterable<number> {
    return this.nodes.get(text)?.members ?? [];
  }

  /** Nodes that may select somebody with these labels, each once. */
  private waiting(labels: Labels): SelectorNode<User>[] {
    const found = new Set(this.everywhere);
    for (const { key, value } of labels) {
      for (const node of this.byKey.get(key) ?? []) found.add(node);
      for (const node of this.byValue.get(key)?.get(value) ?? []) found.add(node);
    }
    return [...found];
  }

  private selected(selector: Selector): Set<number> {
    const [fewest] = selector.requirements.filter(isPositive).sort((a, b) => this.count(a) - this.count(b));
    const asked = fewest === undefined ? this.identities.keys() : this.holders(fewest);
    const members = new Set<number>();
    for (const number of asked) if (selects(selector, this.identities.get(number) as Labels)) members.add(number);
    return members;
  }

  /** Under the demand that the fewest identities meet, then the one under which the fewest selectors wait. */
  private placesOf(selector: Selector): Place<User>[] {
    const [rarest] = selector.requirements
      .filter(isPositive)
      .sort((a, b) => this.count(a) - this.count(b) || this.crowd(a) - this.crowd(b));
    if (rarest === undefined) return [this.everywhere];
    const { key, operator, values } = rarest;
    if (operator === 'Exists') return [setIn(this.byKey, key)];
    return values.map((value) => setIn(mapIn(this.byValue, key), value));
  }

  private *holders({ key, operator, values }: Requirement): Iterable<number> {
    const known = this.byLabel.get(key);
    if (known === undefined) return;
    for (const value of operator === 'Exists' ? known.keys() : values) yield* known.get(value) ?? [];
  }

  private count({ key, operator, values }: Requirement): number {
    const known = this.byLabel.get(key);
    let count = 0;
    for (const value of operator === 'Exists' ? (known?.keys() ?? []) : values) count += known?.get(value)?.size ?? 0;
    return count;
  }

  private crowd({ key, operator, values }: Requirement): number {
    if (operator === 'Exists') return this.byKey.get(key)?.size ?? 0;
    return values.reduce((count, value) => count + (this.byValue.get(key)?.get(value)?.size ?? 0), 0);
  }
}

function isPositive({ operator }: Requirement): boolean {
  return operator === 'In' || operator === 'Exists';
}

function mapIn<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let found = map.get(key);
  if (found === undefined) {
    found = new Map();
    map.set(key, found);
  }
  return found;
}

function setIn<V>(map: Map<string, Set<V>>, key: string): Set<V> {
  let found = map.get(key);
  if (found === undefined) {
    found = new Set();
    map.set(key, found);
  }
  return found;
}
