// DNS rules: what the proxy of this node is to know, kept step by step from what the resolver says of policy sets.

import type { DnsEndpoint, DnsGranted, DnsRules, DnsSet } from '../../dns/rules.ts';
import type { RoomLog } from '../../log.ts';
import { type DnsSettings, defaultDnsSettings, widerSettings } from '../../model/policy/dns-settings.ts';
import type { DnsSetPolicy } from '../../model/policy/resolve/dns-cells.ts';
import type { Resolver } from '../../model/policy/resolve/resolver.ts';
import type { NameSelector } from '../../model/policy/rule.ts';
import type { LocalEndpoints } from '../local-endpoints.ts';
import type { Policies } from '../policies.ts';
import type { Subjects } from '../subjects.ts';
import type { NameIdentities } from './name-identities.ts';

/** What policy says; the rest is the node's. Sorted by number; sets and endpoints that are the same objects say the same. */
export type WantedDns = Pick<DnsRules, 'endpoints' | 'sets'>;

export const noDns: WantedDns = { endpoints: [], sets: [] };

export interface WantedDnsRulesOptions {
  readonly resolver: Resolver;
  readonly names: NameIdentities;
  readonly policies: Policies;
  readonly subjects: Subjects;
  readonly endpoints: LocalEndpoints;
  /** What an earlier life told: it holds for pods of which nothing is known yet. */
  readonly earlier: WantedDns | undefined;
  readonly log: RoomLog;
}

export class WantedDnsRules {
  private readonly options: WantedDnsRulesOptions;
  private readonly policies = new Map<number, DnsSetPolicy>();
  private readonly sets = new Map<number, DnsSet>();
  private readonly endpoints = new Map<number, { readonly told: object; readonly row: DnsEndpoint }>();
  private readonly settings = new Map<string, DnsSettings>();
  private readonly grants = new Map<number, DnsGranted>();
  private readonly warned = new Map<string, string>();
  /** Endpoints of which something was known in this life. */
  private readonly known = new Set<number>();
  private wanted: WantedDns = noDns;

  constructor(options: WantedDnsRulesOptions) {
    this.options = options;
  }

  /** After the resolver's changes were taken; `touched`: policies that changed. The same object as before when nothing of it is other. */
  settle(touched: Iterable<string>): WantedDns {
    const dirty = new Set<number>();
    for (const [set, policy] of this.options.resolver.takeDnsChanges()) {
      dirty.add(set);
      if (policy === undefined) this.policies.delete(set);
      else this.policies.set(set, policy);
    }
    for (const policy of touched) if (this.lookAtSettings(policy)) for (const set of this.setsGrantedBy(policy)) dirty.add(set);
    for (const number of dirty) {
      const policy = this.policies.get(number);
      if (policy === undefined) this.sets.delete(number);
      else this.sets.set(number, this.setOf(number, policy));
    }
    const endpoints = this.settleEndpoints();
    if (dirty.size === 0 && isSameList(endpoints, this.wanted.endpoints)) return this.wanted;
    const used = new Set(endpoints.map(({ set }) => set));
    const kept = (this.options.earlier?.sets ?? []).filter(({ set }) => used.has(set) && !this.sets.has(set));
    this.wanted = { endpoints, sets: [...this.sets.values(), ...kept].sort((a, b) => a.set - b.set) };
    return this.wanted;
  }

  private settleEndpoints(): readonly DnsEndpoint[] {
    const { endpoints, resolver, subjects } = this.options;
    const rows: DnsEndpoint[] = [];
    for (const [id, told] of endpoints.told) {
      const { subject, number } = told;
      const set = resolver.endpoint(id)?.set;
      if (number === undefined || subject.labels === undefined) {
        const row = this.known.has(id) ? undefined : this.earlierRow(id, subject.row);
        if (row !== undefined) rows.push(row);
        continue;
      }
      this.known.add(id);
      if (set === undefined || !this.sets.has(set)) continue;
      const before = this.endpoints.get(id);
      if (before?.told === told && before.row.set === set) {
        rows.push(before.row);
        continue;
      }
      const { namespace, pod, addresses } = subject.row;
      const labels = [...subject.labels].map(({ source, key, value }) => `${source}:${key}=${value}`);
      const row = { id, namespace, pod, identity: number, labels, addresses, set };
      this.endpoints.set(id, { told, row });
      rows.push(row);
    }
    for (const id of this.known) {
      if (subjects.byEndpoint.has(id)) continue;
      this.known.delete(id);
      this.endpoints.delete(id);
    }
    return rows.sort((a, b) => a.id - b.id);
  }

  /** The datapath has it as it was, too. */
  private earlierRow(id: number, row: Pick<DnsEndpoint, 'namespace' | 'pod' | 'addresses'>): DnsEndpoint | undefined {
    const found = this.options.earlier?.endpoints.find((one) => one.id === id);
    const isSame = found?.namespace === row.namespace && found.pod === row.pod && isSameList(found.addresses, row.addresses);
    return isSame ? found : undefined;
  }

  private setOf(set: number, { allowed, granted }: DnsSetPolicy): DnsSet {
    const rows = granted.flatMap(({ identity, policies }): DnsGranted[] => {
      const name = this.options.names.selector(identity);
      if (name === undefined) return [];
      return [this.grantOf(name, identity, policies)];
    });
    return { set, allowed, granted: rows };
  }

  /** The same object for as long as it says the same, in every set: what is compared and written are sets of thousands. */
  private grantOf(name: NameSelector, identity: number, policies: readonly string[]): DnsGranted {
    let settings: DnsSettings | undefined;
    for (const policy of policies) {
      const own = this.settings.get(policy) ?? defaultDnsSettings;
      settings = settings === undefined ? own : widerSettings(settings, own);
    }
    const { minTtl, grace, each } = settings ?? defaultDnsSettings;
    const known = this.grants.get(identity);
    if (known?.name === name && known.minTtl === minTtl && known.grace === grace && known.each === each) return known;
    const grant = { name, identity, minTtl, grace, each };
    this.grants.set(identity, grant);
    return grant;
  }

  private *setsGrantedBy(policy: string): Iterable<number> {
    for (const [set, { granted }] of this.policies) if (granted.some(({ policies }) => policies.includes(policy))) yield set;
  }

  /** Whether its settings are others than they were. */
  private lookAtSettings(policy: string): boolean {
    const row = this.options.policies.byName.get(policy)?.row;
    const problems = row?.dnsProblems.join('; ') ?? '';
    if (problems !== '' && this.warned.get(policy) !== problems) {
      this.options.log.warn('an annotation of a policy means nothing and is ignored', { policy, error: problems });
    }
    if (problems === '') this.warned.delete(policy);
    else this.warned.set(policy, problems);
    const before = this.settings.get(policy) ?? defaultDnsSettings;
    const settings = row?.dns ?? defaultDnsSettings;
    if (row === undefined) this.settings.delete(policy);
    else this.settings.set(policy, settings);
    return before.minTtl !== settings.minTtl || before.grace !== settings.grace || before.each !== settings.each;
  }
}

function isSameList<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}
