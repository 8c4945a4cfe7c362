// Selection: which policies speak of which pods of this node, kept step by step.

import type { Labels } from '../model/labels.ts';
import { doesSelect, type Policies } from './policies.ts';

interface Pods {
  readonly labels: Labels;
  readonly endpoints: Set<number>;
  readonly policies: Set<string>;
}

export class Selection {
  private readonly policies: Policies;
  private readonly byLabels = new Map<string, Pods>();
  private readonly byEndpoint = new Map<number, Pods>();
  /** Names of policies that select others than they did, or changed themselves. */
  readonly touched = new Set<string>();

  constructor(policies: Policies) {
    this.policies = policies;
  }

  setEndpoint(endpoint: number, labels: Labels | undefined): void {
    const before = this.byEndpoint.get(endpoint);
    if (before !== undefined && before.labels.text === labels?.text) return;
    if (before !== undefined) {
      before.endpoints.delete(endpoint);
      if (before.endpoints.size === 0) this.byLabels.delete(before.labels.text);
      this.byEndpoint.delete(endpoint);
      this.touch(before.policies);
    }
    if (labels === undefined) return;
    let pods = this.byLabels.get(labels.text);
    if (pods === undefined) {
      pods = { labels, endpoints: new Set(), policies: new Set(this.policies.selecting(labels)) };
      this.byLabels.set(labels.text, pods);
    }
    pods.endpoints.add(endpoint);
    this.byEndpoint.set(endpoint, pods);
    this.touch(pods.policies);
  }

  /** A policy is new, other or gone. */
  setPolicy(name: string): void {
    this.touched.add(name);
    const policy = this.policies.byName.get(name)?.bound;
    for (const { labels, policies } of this.byLabels.values()) {
      if (policy !== undefined && doesSelect(policy, labels)) policies.add(name);
      else policies.delete(name);
    }
  }

  /** Endpoints of which a policy speaks, in their order. */
  endpointsOf(name: string): number[] {
    const found = [...this.byLabels.values()].flatMap(({ endpoints, policies }) => (policies.has(name) ? [...endpoints] : []));
    return found.sort((a, b) => a - b);
  }

  /** Somebody speaks of it, and whoever does wants to be told and not obeyed. */
  isAudited(endpoint: number): boolean {
    const names = [...(this.byEndpoint.get(endpoint)?.policies ?? [])];
    return names.length > 0 && names.every((name) => this.policies.byName.get(name)?.row.isAudited === true);
  }

  private touch(names: Iterable<string>): void {
    for (const name of names) this.touched.add(name);
  }
}
