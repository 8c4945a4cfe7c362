// In force: the prefixes that policies name. Each has an identity of its own, so that policy entries can tell it from what lies around.

import type { Prefix } from '../../net/prefix.ts';
import type { Policy } from '../policy/rule.ts';
import type { Claim } from './claim.ts';

/** Distinct prefixes of the peers of bound policies, and of what they except; in the order of their texts. */
export function prefixesInForce(policies: Iterable<Policy>): Prefix[] {
  const found = new Map<string, Prefix>();
  for (const { sections } of policies) {
    for (const { rules } of sections) {
      for (const { peers } of rules) {
        for (const peer of peers) {
          if (peer.kind !== 'prefix') continue;
          found.set(peer.prefix.text, peer.prefix);
          for (const except of peer.except) found.set(except.text, except);
        }
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** How policies claim a prefix: they say nothing of it but that it matters. */
export function prefixClaim(prefix: Prefix, owner = 'policies'): Claim {
  return { prefix, source: 'generated', owner };
}
