// What resolution costs in a cluster of 5,000 policies, 10,000 identities and 110 local endpoints: all at once, and one thing more or less.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Identity } from '../../orchestrator/model/identity.ts';
import type { Labels } from '../../orchestrator/model/labels.ts';
import { Resolver } from '../../orchestrator/model/policy/resolve/resolver.ts';
import type { Direction, Peer, Policy } from '../../orchestrator/model/policy/rule.ts';
import { type Selector, selects } from '../../orchestrator/model/selector.ts';
import { containsPrefix } from '../../orchestrator/net/prefix.ts';
import { fullSize, makePolicyWorld, type PolicyWorld, type WorldEndpoint } from './policy-world.ts';
import { type Comparison, quantile } from './rounds.ts';

/** Endpoints that the naive loop resolves; its time is taken times as many as that is a part of. */
const sampled = 2;
const identitiesARound = 200;
const policiesARound = 50;

export async function policyComparisons(wanted: (metric: string) => boolean, { scale }: { scale: number }): Promise<Comparison[]> {
  const bench = new PolicyBench(scale);
  const comparisons: Comparison[] = [
    {
      metric: 'policy.resolve_full',
      measure: () => bench.resolveFull(),
      baseline: { name: `nested loops, ${sampled} endpoints timed`, measure: () => bench.resolveNaively() },
    },
    { metric: 'policy.resolve_full_memory', measure: () => memory(scale) },
    { metric: 'policy.entries_per_endpoint', measure: () => bench.entriesPerEndpoint() },
    {
      metric: 'policy.identity_add',
      measure: () => quantile(bench.churn(), 0.5),
      baseline: { name: 'every selector asked', measure: () => bench.askEverySelector() },
    },
    { metric: 'policy.identity_add_p99', measure: () => quantile(bench.churn(), 0.99) },
    {
      metric: 'policy.change',
      measure: () => quantile(bench.changePolicies(), 0.5),
      baseline: { name: 'all resolved again', measure: () => bench.resolveFull() },
    },
    { metric: 'policy.change_p99', measure: () => quantile(bench.changePolicies(), 0.99) },
  ];
  return comparisons.filter(({ metric }) => wanted(metric));
}

/** A resolver that has heard of everything, its first changes not taken yet. */
export function filledResolver(world: PolicyWorld): Resolver {
  const resolver = new Resolver();
  const ports = new Map(world.endpoints.map((endpoint) => [endpoint.identity, endpoint.ports]));
  for (const identity of world.identities) resolver.putIdentity(identity, ports.get(identity.number));
  for (const policy of world.policies) resolver.putPolicy(policy);
  for (const [id, endpoint] of world.endpoints.entries()) resolver.putEndpoint(id, endpoint.identity, endpoint.ports);
  return resolver;
}

export function worldOf(scale: number): PolicyWorld {
  const part = (count: number): number => Math.max(sampled, Math.ceil(count * scale));
  return makePolicyWorld({
    policies: part(fullSize.policies),
    identities: part(fullSize.identities - 800) + 800,
    endpoints: part(fullSize.endpoints),
  });
}

class PolicyBench {
  private readonly world: PolicyWorld;
  private readonly resolver: Resolver;
  private readonly rows: number;
  /** Policies that speak of an endpoint here. */
  private readonly local: readonly number[];
  private changes = 0;

  constructor(scale: number) {
    this.world = worldOf(scale);
    this.resolver = filledResolver(this.world);
    this.rows = this.resolver.takeChanges().put.length;
    const here = localLabels(this.world);
    this.local = [...this.world.policies.keys()].filter((index) => isLocal(this.world.policies[index] as Policy, here));
    this.checkCells();
  }

  /** Milliseconds from nothing to every row. */
  resolveFull(): number {
    const start = performance.now();
    const { put } = filledResolver(this.world).takeChanges();
    const spent = performance.now() - start;
    if (put.length !== this.rows) throw new Error(`bench: policy.resolve_full: ${put.length} rows, not ${this.rows}`);
    return spent;
  }

  resolveNaively(): number {
    const start = performance.now();
    for (const endpoint of this.world.endpoints.slice(0, sampled)) naiveCells(this.world, endpoint);
    return ((performance.now() - start) * this.world.endpoints.length) / sampled;
  }

  /** Of every set, weighted by its endpoints: the median. */
  entriesPerEndpoint(): number {
    return quantile(
      this.resolver.sizes().flatMap(({ endpoints, ingress, egress }) => endpoints.map(() => ingress + egress)),
      0.5,
    );
  }

  /** Milliseconds of each addition and removal. */
  churn(): number[] {
    const times: number[] = [];
    const time = (change: () => void): number => {
      const start = performance.now();
      change();
      const told = this.resolver.takeChanges();
      times.push(performance.now() - start);
      return told.put.length - told.removed.length;
    };
    for (let count = 0; count < identitiesARound; count += 1) {
      const identity = this.world.newIdentity();
      const left = time(() => this.resolver.putIdentity(identity)) + time(() => this.resolver.removeIdentity(identity.number));
      if (left !== 0) throw new Error(`bench: policy.identity_add: ${left} rows are left of identity ${identity.number}`);
    }
    return times;
  }

  /** Milliseconds for one identity, of asking every selector of the policies that speak of an endpoint here. */
  askEverySelector(): number {
    const selectors = selectorsInUse(this.world);
    const asked = 20;
    let found = 0;
    const start = performance.now();
    for (let count = 0; count < asked; count += 1) {
      const { labels } = this.world.newIdentity();
      for (const selector of selectors) if (selects(selector, labels)) found += 1;
    }
    const spent = performance.now() - start;
    if (found === 0) throw new Error('bench: policy.identity_add: no selector selects any identity');
    return spent / asked;
  }

  /** Milliseconds of each change of one policy. */
  changePolicies(): number[] {
    return Array.from({ length: policiesARound }, () => {
      const policy = this.world.changedPolicy(this.local[(this.changes++ * 37) % this.local.length] as number);
      const start = performance.now();
      this.resolver.putPolicy(policy);
      this.resolver.takeChanges();
      return performance.now() - start;
    });
  }

  /** What is timed is right: the cells of some endpoints are those that the nested loops find. */
  private checkCells(): void {
    for (const [id, endpoint] of this.world.endpoints.slice(0, sampled).entries()) {
      const set = this.resolver.endpoint(id)?.set;
      const cells = new Set([...this.resolver.rows()].flatMap((row) => (row.set === set ? `${row.direction} ${row.identity}` : [])));
      const wanted = naiveCells(this.world, endpoint);
      if (wanted.size === 0 || [...wanted].some((cell) => !cells.has(cell))) throw new Error(`bench: endpoint ${id}: cells are missing`);
      // The local host's own is nobody's rule.
      if ([...cells].some((cell) => !wanted.has(cell) && cell !== 'ingress 1')) throw new Error(`bench: endpoint ${id}: cells too many`);
    }
  }
}

/** Identities that rules of an endpoint speak of, by direction. */
function naiveCells({ policies, identities }: PolicyWorld, endpoint: WorldEndpoint): Set<string> {
  const cells = new Set<string>();
  const labels = (identities.find(({ number }) => number === endpoint.identity) as Identity).labels;
  for (const { sections } of policies) {
    for (const { subject, rules } of sections) {
      if (subject === undefined || !selects(subject, labels)) continue;
      for (const { direction, peers, traffic } of rules) {
        if (traffic.some(({ ports }) => 'name' in ports)) continue;
        for (const identity of identities) if (peers.some((peer) => means(peer, identity))) cells.add(cellOf(direction, identity.number));
      }
    }
  }
  return cells;
}

function cellOf(direction: Direction, identity: number): string {
  return `${direction} ${identity}`;
}

function means(peer: Peer, { labels, prefix, names }: Identity): boolean {
  if (peer.kind === 'labels') return names === undefined && selects(peer.selector, labels);
  if (peer.kind === 'name') return names?.includes(peer.name.text) ?? false;
  if (peer.kind !== 'prefix' || prefix === undefined) return false;
  return containsPrefix(peer.prefix, prefix) && !peer.except.some((except) => containsPrefix(except, prefix));
}

/** Each once. */
function selectorsInUse(world: PolicyWorld): Selector[] {
  const here = localLabels(world);
  const rules = world.policies.filter((policy) => isLocal(policy, here)).flatMap(({ sections }) => sections.flatMap(({ rules }) => rules));
  const found = new Map<string, Selector>();
  for (const peer of rules.flatMap(({ peers }) => peers)) if (peer.kind === 'labels') found.set(peer.selector.text, peer.selector);
  return [...found.values()];
}

function localLabels({ endpoints, identities }: PolicyWorld): Labels[] {
  const local = new Set(endpoints.map(({ identity }) => identity));
  return identities.filter(({ number }) => local.has(number)).map(({ labels }) => labels);
}

function isLocal({ sections }: Policy, here: readonly Labels[]): boolean {
  return sections.some(({ subject }) => subject !== undefined && here.some((labels) => selects(subject, labels)));
}

/** Megabytes, of a process of its own: what it took at most, above what it had before it made the cluster. */
function memory(scale: number): number {
  const script = fileURLToPath(new URL('policy-memory.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, String(scale)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`bench: policy.resolve_full_memory: ${stderr}`);
  return Number(stdout);
}
