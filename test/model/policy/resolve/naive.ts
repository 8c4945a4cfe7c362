// Naive: what policies mean for one packet, asked of every rule in turn. Slow, and short enough to be seen to be right.

import type { Identity, NamedPort } from '../../../../orchestrator/model/identity.ts';
import type { Direction, Peer, Policy, Rule, Section } from '../../../../orchestrator/model/policy/rule.ts';
import { selects } from '../../../../orchestrator/model/selector.ts';
import { containsPrefix } from '../../../../orchestrator/net/prefix.ts';

export interface World {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly identities: ReadonlyMap<number, { readonly identity: Identity; readonly ports: readonly NamedPort[] }>;
  readonly endpoints: ReadonlyMap<number, { readonly identity: number; readonly ports: readonly NamedPort[] }>;
  readonly mode: 'default' | 'always' | 'never';
}

export interface Probe {
  readonly endpoint: number;
  readonly direction: Direction;
  /** May be nobody's. */
  readonly peer: number;
  readonly protocol: number;
  readonly port: number;
}

/** Precedence of the verdict: 255 deny, 2-254 redirect, 1 allow, 0 nothing allows it; 'open' where the direction is not enforced. */
export function naiveVerdict(world: World, probe: Probe): number | 'open' {
  const { direction, peer } = probe;
  const { identity } = world.endpoints.get(probe.endpoint) as { identity: number };
  const labels = world.identities.get(identity)?.identity.labels;
  if (world.mode === 'never') return 'open';
  const sections = [...world.policies.values()]
    .flatMap((policy) => policy.sections)
    .filter(({ subject }) => labels !== undefined && subject !== undefined && selects(subject, labels));
  const enforcing = sections.flatMap((section: Section) => section.enforces[direction] ?? []);
  const closed = world.mode === 'always' || labels === undefined || labels.values('reserved', 'init').length > 0;
  if (!closed && enforcing.length === 0) return 'open';
  const rules = sections.flatMap((section) => section.rules).filter((rule) => rule.direction === direction && speaksOf(world, rule, peer));
  const verdicts = rules.map((rule) => ruleVerdict(world, rule, probe));
  const isOpen = !closed && !enforcing.some(({ defaultDeny }) => defaultDeny);
  if (isOpen || (direction === 'ingress' && peer === 1)) verdicts.push(1);
  return Math.max(0, ...verdicts);
}

function speaksOf({ identities }: World, { peers }: Rule, number: number): boolean {
  const identity = identities.get(number)?.identity;
  return peers.some((peer) => peer.kind === 'any' || (identity !== undefined && means(peer, identity)));
}

function means(peer: Peer, { labels, prefix, names }: Identity): boolean {
  if (peer.kind === 'labels') return names === undefined && selects(peer.selector, labels);
  if (peer.kind === 'name') return names?.includes(peer.name.text) ?? false;
  if (peer.kind !== 'prefix' || prefix === undefined || names !== undefined) return false;
  return containsPrefix(peer.prefix, prefix) && !peer.except.some((except) => containsPrefix(except, prefix));
}

function ruleVerdict(world: World, rule: Rule, { endpoint, protocol, port }: Probe): number {
  const verdicts = rule.traffic
    .filter((traffic) => {
      if (traffic.protocol === undefined) return !('name' in traffic.ports);
      if (traffic.protocol !== protocol) return false;
      if (!('name' in traffic.ports)) return port >= traffic.ports.first && port <= traffic.ports.last;
      return namedPort(world, rule, endpoint, traffic.ports.name, protocol) === port;
    })
    .map(({ layer7 }) => {
      if (rule.action === 'deny') return 255;
      if (layer7 === undefined) return 1;
      return 255 - ((layer7.kind === 'listener' && layer7.priority) || { http: 101, tls: 116, dns: 121, listener: 126 }[layer7.kind]);
    });
  return Math.max(0, ...verdicts);
}

function namedPort(world: World, rule: Rule, endpoint: number, name: string, protocol: number): number | undefined {
  const declared =
    rule.direction === 'ingress'
      ? (world.endpoints.get(endpoint)?.ports ?? [])
      : [...world.identities].filter(([number]) => speaksOf(world, rule, number)).flatMap(([, { ports }]) => ports);
  const numbers = new Set(declared.filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => port));
  return numbers.size === 1 ? [...numbers][0] : undefined;
}
