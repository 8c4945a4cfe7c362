// Policies in force: bound to what services and groups are at the moment, the prefixes that they name, and whom of this node they select.

import { prefixesInForce } from '../model/ipcache/in-force.ts';
import type { Labels } from '../model/labels.ts';
import { namesInForce, speaksOfNames } from '../model/name-sets.ts';
import { bindPeers, hasReferences } from '../model/policy/bind.ts';
import type { References } from '../model/policy/references.ts';
import type { Resolver } from '../model/policy/resolve/resolver.ts';
import { type NameSelector, type Policy, type PolicyRef, refText } from '../model/policy/rule.ts';
import { selects } from '../model/selector.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PolicyRow } from '../sources/kubernetes/rows/policies.ts';

export interface InForce {
  readonly row: PolicyRow;
  readonly bound: Policy;
  readonly prefixes: readonly Prefix[];
  /** Selectors of DNS names that are peers. */
  readonly names: readonly NameSelector[];
  readonly speaksOfNames: boolean;
}

export class Policies {
  readonly byName = new Map<string, InForce>();
  /** Rows of which nothing is in force, for those who show them. */
  readonly idle = new Map<string, PolicyRow>();
  private readonly resolver: Resolver;
  private readonly references: References;
  /** Prefix → how many policies name it. */
  private readonly named = new Map<string, { readonly prefix: Prefix; uses: number }>();
  private readonly touchedPrefixes = new Map<string, Prefix>();

  constructor(resolver: Resolver, references: References) {
    this.resolver = resolver;
    this.references = references;
  }

  put(row: PolicyRow): void {
    const name = nameOf(row);
    this.idle.delete(name);
    if (row.policy === undefined) {
      this.remove(row);
      this.idle.set(name, row);
      return;
    }
    this.bind(name, row, row.policy);
  }

  /** Of any of them, whomever it selects. */
  get speakOfNames(): boolean {
    return this.byName.values().some((policy) => policy.speaksOfNames);
  }

  remove(row: PolicyRow): void {
    const name = nameOf(row);
    this.idle.delete(name);
    const before = this.byName.get(name);
    if (before === undefined) return;
    this.byName.delete(name);
    this.resolver.removePolicy(before.bound.ref);
    this.countPrefixes(before.prefixes, -1);
  }

  /** Services or groups are others than they were; answers the policies that mean something else by it. */
  rebind(): string[] {
    const changed: string[] = [];
    for (const [name, { row }] of this.byName) {
      if (row.policy !== undefined && hasReferences(row.policy) && this.bind(name, row, row.policy)) changed.push(name);
    }
    return changed;
  }

  /** Prefixes that some policy names by now, and those that none does any more. */
  takePrefixes(): { readonly named: Prefix[]; readonly dropped: Prefix[] } {
    const named: Prefix[] = [];
    const dropped: Prefix[] = [];
    for (const [text, prefix] of this.touchedPrefixes) (this.named.has(text) ? named : dropped).push(prefix);
    this.touchedPrefixes.clear();
    return { named, dropped };
  }

  /** Names of those that speak of pods with these labels. */
  selecting(labels: Labels): string[] {
    return [...this.byName].flatMap(([name, { bound }]) => (doesSelect(bound, labels) ? [name] : []));
  }

  private bind(name: string, row: PolicyRow, policy: Policy): boolean {
    const before = this.byName.get(name);
    const bound = bindPeers(policy, this.references);
    // Bound anew it is another object, though it may say the same.
    const isSame = before !== undefined && before.row.policy === policy && textOf(before.bound) === textOf(bound);
    const { prefixes, ...ofNames } = isSame
      ? before
      : { prefixes: prefixesInForce([bound]), names: namesInForce([bound]), speaksOfNames: speaksOfNames(bound) };
    this.byName.set(name, { ...ofNames, row, bound: isSame ? before.bound : bound, prefixes });
    if (isSame) return false;
    this.resolver.putPolicy(bound);
    this.countPrefixes(prefixes, 1);
    if (before !== undefined) this.countPrefixes(before.prefixes, -1);
    return true;
  }

  private countPrefixes(prefixes: readonly Prefix[], by: 1 | -1): void {
    for (const prefix of prefixes) {
      const known = this.named.get(prefix.text) ?? { prefix, uses: 0 };
      known.uses += by;
      if (known.uses > 0) this.named.set(prefix.text, known);
      else this.named.delete(prefix.text);
      this.touchedPrefixes.set(prefix.text, prefix);
    }
  }
}

export function doesSelect({ sections }: Policy, labels: Labels): boolean {
  return sections.some(({ subject }) => subject !== undefined && selects(subject, labels));
}

export function nameOf({ kind, namespace, name }: PolicyRow): string {
  return refText({ kind: kind as PolicyRef['kind'], namespace, name });
}

function textOf(policy: Policy): string {
  return JSON.stringify(policy, (key, value) => (key === 'value' && typeof value === 'bigint' ? undefined : value));
}
