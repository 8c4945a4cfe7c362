// Name sets: a DNS name stands for the set of selectors that match it. One identity per set, however many names and addresses there are.

import { matchesName } from './policy/name-match.ts';
import type { NameSelector, Policy } from './policy/rule.ts';

/** Distinct selectors that peers of bound policies use, by text. */
export function namesInForce(policies: Iterable<Policy>): NameSelector[] {
  const found = new Map<string, NameSelector>();
  for (const { sections } of policies) {
    for (const { rules } of sections) {
      for (const { peers } of rules) for (const peer of peers) if (peer.kind === 'name') found.set(peer.name.text, peer.name);
    }
  }
  return [...found.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** Whether it has rules for names: whom pods may ask for them, or whom they may reach by them. */
export function speaksOfNames({ sections }: Policy): boolean {
  const rules = sections.flatMap((section) => section.rules);
  return rules.some(
    ({ peers, traffic }) => peers.some(({ kind }) => kind === 'name') || traffic.some(({ layer7 }) => layer7?.kind === 'dns'),
  );
}

/** Texts of the selectors that match a DNS name, sorted: `Identity.names`. Undefined: no policy speaks of it. */
export function nameSet(selectors: Iterable<NameSelector>, dnsName: string): readonly string[] | undefined {
  const texts = new Set<string>();
  for (const selector of selectors) if (matchesName(selector, dnsName)) texts.add(selector.text);
  return texts.size === 0 ? undefined : [...texts].sort();
}
