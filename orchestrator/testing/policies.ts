// Policies in force: bound to what services and groups are at the moment.

import { prefixesInForce } from '../model/ipcache/in-force.ts';
import { namesInForce } from '../model/name-sets.ts';
import { bindPeers } from '../model/policy/bind.ts';
import type { Resolver } from '../model/policy/resolve/resolver.ts';
import type { NameSelector, Policy } from '../model/policy/rule.ts';
import type { Prefix } from '../net/prefix.ts';
import type { World } from './world.ts';

export class Policies {
  /** Bound, by the text of their reference. */
  readonly bound = new Map<string, Policy>();
  names: readonly NameSelector[] = [];
  prefixes: readonly Prefix[] = [];
  private readonly resolver: Resolver | undefined;
  private readonly cluster: string;

  constructor(resolver: Resolver | undefined, cluster: string) {
    this.resolver = resolver;
    this.cluster = cluster;
  }

  settle({ policies, services, addresses, groups }: World): void {
    const references = { services, addresses, groups, cluster: this.cluster };
    for (const [key, policy] of policies) {
      const bound = bindPeers(policy, references);
      if (bound === this.bound.get(key)) continue;
      this.bound.set(key, bound);
      this.resolver?.putPolicy(bound);
    }
    for (const [key, { ref }] of this.bound) {
      if (policies.has(key)) continue;
      this.bound.delete(key);
      this.resolver?.removePolicy(ref);
    }
    this.names = namesInForce(this.bound.values());
    this.prefixes = prefixesInForce(this.bound.values());
  }
}
