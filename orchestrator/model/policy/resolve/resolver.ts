// Resolver: policies, identities and endpoints go in one by one, and what the policy map must hold comes out as differences. A state
// machine without clock or promise: the same state comes of the same inputs in whatever order they came.

import type { Identity, NamedPort } from '../../identity.ts';
import type { EndpointPolicy, PolicyRow } from '../entry.ts';
import { type Direction, type Policy, type PolicyRef, type Rule, refText, ruleText } from '../rule.ts';
import { type PolicyChanges, setRows, takeSideChanges } from './changes.ts';
import { type Content, ContentTable } from './contents.ts';
import { DnsCells, type DnsSetChanges } from './dns-cells.ts';
import { EndpointSets, type Enforcement } from './endpoint-sets.ts';
import { PeerIndex, type PeerNode } from './peer-index.ts';
import { directions, type PolicySet, type SectionRecord } from './policy-set.ts';
import { PortCounts, portsText } from './port-names.ts';
import { isBound, RuleRecord } from './rule-record.ts';
import { RuleRegistry } from './rule-registry.ts';
import type { SetSize } from './size.ts';

export interface ResolverOptions {
  /** Numbers that come after those a datapath may still hold from before. */
  readonly firstSet?: number;
  readonly firstRule?: number;
}

interface KnownIdentity {
  readonly identity: Identity;
  readonly ports: readonly NamedPort[];
}

const noPorts: readonly NamedPort[] = [];

export class Resolver {
  private readonly rules: RuleRegistry;
  private readonly contents = new ContentTable();
  private readonly peers = new PeerIndex<RuleRecord>();
  private readonly allPorts = new PortCounts();
  private readonly identities = new Map<number, KnownIdentity>();
  private readonly policies = new Map<string, readonly SectionRecord[]>();
  private readonly sets: EndpointSets;
  /** Rules whose port names may have got other numbers. */
  private readonly stalePorts = new Set<RuleRecord>();
  /** Rules in use that ask all pods for a port's number. */
  private readonly askAllPods = new Set<RuleRecord>();
  /** Identities that came since the last changes, and those that went. */
  private readonly newcomers = new Set<number>();
  private readonly departed = new Set<number>();
  private readonly dns: DnsCells;
  private variants = 0;

  constructor({ firstSet = 1, firstRule = 1 }: ResolverOptions = {}) {
    this.rules = new RuleRegistry(firstRule);
    this.sets = new EndpointSets(firstSet, this.contents, (identity) => this.identities.get(identity)?.ports ?? noPorts);
    this.dns = new DnsCells((identity) => this.identities.get(identity)?.identity.names !== undefined);
  }

  /** New or changed. Its peers are bound; throws a TypeError for one that is a reference, and then nothing has changed. */
  putPolicy(policy: Policy): void {
    const key = refText(policy.ref);
    for (const { rules } of policy.sections) rules.forEach(checkBound);
    const records = this.sectionRecords(policy);
    for (const record of records) this.sets.addSection(record);
    this.dropSections(key);
    this.policies.set(key, records);
  }

  removePolicy(ref: PolicyRef): void {
    const key = refText(ref);
    this.dropSections(key);
    this.policies.delete(key);
  }

  /** New or changed; `ports`: what its pods call their ports. */
  putIdentity(identity: Identity, ports: readonly NamedPort[] = noPorts): void {
    const { number } = identity;
    const known = this.identities.get(number);
    if (known !== undefined && isSameIdentity(known.identity, identity) && portsText(known.ports) === portsText(ports)) return;
    if (known !== undefined) this.leave(known);
    else if (!this.departed.has(number)) this.newcomers.add(number);
    const joined = { identity, ports };
    this.identities.set(number, joined);
    this.join(joined);
    this.sets.putLabels(number, identity.labels);
  }

  removeIdentity(number: number): void {
    const known = this.identities.get(number);
    if (known === undefined) return;
    if (!this.newcomers.delete(number)) this.departed.add(number);
    this.leave(known);
    this.identities.delete(number);
    this.sets.removeLabels(number);
  }

  /** New or changed. `identity` may come later: until then the endpoint is closed. `ports`: its own, for port names of ingress rules. */
  putEndpoint(id: number, identity: number, ports: readonly NamedPort[] = noPorts): void {
    this.sets.putEndpoint(id, identity, ports, this.identities.get(identity)?.identity.labels);
  }

  removeEndpoint(id: number): void {
    this.sets.removeEndpoint(id);
  }

  /** default: where a policy speaks. always: every endpoint, with or without policies. never: nowhere. */
  setEnforcement(mode: Enforcement): void {
    this.sets.setEnforcement(mode);
  }

  /** What has changed since this was last called, net: what came and went in between is not told. */
  takeChanges(): PolicyChanges {
    this.sets.settle();
    for (const rule of this.stalePorts) rule.renewPorts();
    this.stalePorts.clear();
    const rows: { put: PolicyRow[]; removed: PolicyRow[] } = { put: [], removed: [] };
    const sets = this.sets.all();
    for (const set of sets) this.dns.follow(set);
    const changedSets = sets.filter((set) => this.takeRows(set, rows));
    const changes: PolicyChanges = {
      ...rows,
      changedSets: changedSets.map(({ number }) => number),
      ...this.sets.takeChanges(),
      ...this.rules.takeChanges(),
    };
    this.newcomers.clear();
    this.departed.clear();
    this.sweep();
    return changes;
  }

  /** What of DNS has changed by the changes taken since this was last called. */
  takeDnsChanges(): DnsSetChanges {
    return this.dns.takeChanges();
  }

  /** Everything that is told by now, as one table. */
  *rows(): Iterable<PolicyRow> {
    for (const set of this.sets.all()) yield* setRows(set);
  }

  endpoint(id: number): EndpointPolicy | undefined {
    return this.sets.endpoint(id);
  }

  /** Text of a rule by its number (see `ruleText`); `local host` and `default allow` are rules too. */
  ruleText(number: number): string | undefined {
    return this.rules.text(number);
  }

  /** Entries of every set as of the last changes. */
  sizes(): SetSize[] {
    return this.sets.all().map(({ number, identity, endpoints, sides }) => {
      const count = (direction: Direction): number => [...sides[direction].cells.values()].reduce((sum, { rows }) => sum + rows.length, 0);
      return { set: number, identity, endpoints: [...endpoints], ingress: count('ingress'), egress: count('egress') };
    });
  }

  private sectionRecords({ ref, sections }: Policy): SectionRecord[] {
    const surroundings = { peers: this.peers, allPorts: this.allPorts, askAllPods: this.askAllPods, nextVariant: () => ++this.variants };
    return sections.map((section) => {
      const records = section.rules.map((rule) => new RuleRecord(rule, this.rules.use(ruleText(rule), refText(ref)), surroundings));
      const of = (direction: Direction): RuleRecord[] => records.filter((record) => record.direction === direction);
      return { section, rules: { ingress: of('ingress'), egress: of('egress') } };
    });
  }

  private dropSections(key: string): void {
    for (const record of this.policies.get(key) ?? []) {
      this.sets.removeSection(record);
      for (const direction of directions) for (const { name } of record.rules[direction]) this.rules.release(name);
    }
  }

  private join({ identity, ports }: KnownIdentity): void {
    this.allPorts.add(ports);
    if (ports.length > 0) for (const rule of this.askAllPods) this.stalePorts.add(rule);
    for (const { users } of this.peers.add(identity))
      for (const rule of users) if (rule.join(identity.number, ports)) this.stalePorts.add(rule);
  }

  private leave({ identity, ports }: KnownIdentity): void {
    this.allPorts.remove(ports);
    if (ports.length > 0) for (const rule of this.askAllPods) this.stalePorts.add(rule);
    const nodes: PeerNode<RuleRecord>[] = this.peers.remove(identity.number);
    for (const { users } of nodes) for (const rule of users) if (rule.leave(identity.number, ports)) this.stalePorts.add(rule);
  }

  private takeRows(set: PolicySet, into: { put: PolicyRow[]; removed: PolicyRow[] }): boolean {
    const [ingress, egress] = directions.map((direction) => takeSideChanges(set, direction, this.newcomers, into));
    return set.isTold && (ingress === true || egress === true);
  }

  private sweep(): void {
    if (!this.contents.isStale) return;
    const used = new Set<Content>();
    for (const { sides } of this.sets.all())
      for (const direction of directions) for (const content of sides[direction].cells.values()) used.add(content);
    this.contents.sweep(used);
  }
}

function checkBound(rule: Rule): void {
  const reference = rule.peers.find((peer) => !isBound(peer));
  if (reference !== undefined) throw new TypeError(`resolver: ${ruleText(rule)}: a peer is not bound: ${reference.kind}`);
}

function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.labels.text === b.labels.text && a.prefix?.text === b.prefix?.text && a.names?.join(' ') === b.names?.join(' ');
}
