// Relevant labels: those that some policy asks for. Pods that differ in others only can share an identity, since no selector tells
// them apart.

import { type Label, Labels } from './labels.ts';
import type { Policy } from './policy/rule.ts';
import type { Selector } from './selector.ts';

export class RelevantLabels {
  /** Key → sources asked for; `any` stands for all of them. */
  private readonly sources = new Map<string, Set<string>>();

  constructor(selectors: Iterable<Selector>) {
    for (const { requirements } of selectors) {
      for (const { source, key } of requirements) {
        const known = this.sources.get(key);
        if (known === undefined) this.sources.set(key, new Set([source]));
        else known.add(source);
      }
    }
  }

  get keys(): string[] {
    return [...this.sources.keys()].sort();
  }

  keeps({ source, key }: Label): boolean {
    const asked = this.sources.get(key);
    return asked !== undefined && (asked.has('any') || asked.has(source));
  }

  /** Labels about which every selector says the same as about the given ones. */
  collapse(labels: Labels): Labels {
    return new Labels([...labels].filter((label) => this.keeps(label)));
  }
}

/** Of bound policies: services' selectors ask for labels of pods too. */
export function relevantLabels(policies: Iterable<Policy>): RelevantLabels {
  return new RelevantLabels(selectorsOf(policies));
}

function* selectorsOf(policies: Iterable<Policy>): Iterable<Selector> {
  for (const { sections } of policies) {
    for (const { subject, rules } of sections) {
      if (subject !== undefined) yield subject;
      for (const { peers } of rules) for (const peer of peers) if (peer.kind === 'labels') yield peer.selector;
    }
  }
}
