// Mix: what kinds of answers a run of scenarios met, so that nobody takes a thousand default denies for a proof.

import type { Flow } from '../../../orchestrator/testing/flow.ts';

export class Mix {
  scenarios = 0;
  policies = 0;
  /** Policies that are not accepted. */
  refused = 0;
  probes = 0;
  private readonly counts = new Map<string, number>();

  count(flow: Flow): void {
    this.probes += 1;
    this.add(flow.verdict);
    for (const { direction, verdict, ground } of [flow.egress, flow.ingress])
      this.add(`${direction} ${ground === 'rule' ? `${verdict} by rule` : ground}`);
  }

  share(what: string): number {
    return this.probes === 0 ? 0 : (this.counts.get(what) ?? 0) / this.probes;
  }

  toString(): string {
    const shares = [...this.counts.keys()].sort().map((what) => `${what} ${(100 * this.share(what)).toFixed(1)} %`);
    return [`${this.probes} probes, ${this.scenarios} scenarios, ${this.policies} policies (${this.refused} refused)`, ...shares].join(
      '\n  ',
    );
  }

  private add(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
