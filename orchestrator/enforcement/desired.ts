// Desired: what should be in force, kept step by step from what the tables say. It has no clock and waits for nobody; what must be written
// comes out as differences, and the same facts in another order come to the same.

import type { Change } from '../datapath/reconcile/rows.ts';
import type { RoomLog } from '../log.ts';
import type { LocalIdentities } from '../model/local-identities.ts';
import type { Enforcement as Mode } from '../model/policy/resolve/endpoint-sets.ts';
import { Resolver } from '../model/policy/resolve/resolver.ts';
import { Claims } from './claims.ts';
import { NameIdentities } from './dns/name-identities.ts';
import { type WantedDns, WantedDnsRules } from './dns/wanted-rules.ts';
import type { InputFollowers, Inputs } from './inputs.ts';
import { LocalEndpoints } from './local-endpoints.ts';
import type { NodeChange, Nodes } from './nodes.ts';
import { Peers } from './peers.ts';
import type { PodIdentities } from './pod-identities.ts';
import { nameOf, Policies } from './policies.ts';
import { Prefixes } from './prefixes.ts';
import { Publication, type RecordKeeper } from './publication.ts';
import { LiveReferences, serviceFact, sliceFact } from './references.ts';
import { Selection } from './selection.ts';
import type { Self } from './self.ts';
import { Subjects } from './subjects.ts';

export interface DesiredOptions {
  readonly inputs: Inputs;
  readonly followers: InputFollowers;
  readonly cluster: string;
  readonly mode: Mode;
  readonly audit: boolean;
  readonly nodes: Nodes;
  readonly locals: LocalIdentities;
  readonly identities: PodIdentities;
  readonly keeper: RecordKeeper;
  readonly restored: ReadonlyMap<string, number>;
  /** What the DNS proxy was told in an earlier life. */
  readonly earlierDns: WantedDns | undefined;
  readonly firstSet: number;
  readonly firstRule: number;
  readonly log: RoomLog;
}

export interface Settled {
  /** In this order. */
  readonly changes: readonly Change[];
  readonly nodes: NodeChange;
  /** For those who show it. */
  readonly identities: readonly number[];
  readonly dns: WantedDns;
  /** Policies of the cluster have rules for names, if not for pods here. */
  readonly speaksOfNames: boolean;
  readonly prefixes: { readonly put: readonly string[]; readonly removed: readonly string[] };
}

export class Desired {
  readonly resolver: Resolver;
  readonly policies: Policies;
  readonly selection: Selection;
  readonly peers: Peers;
  readonly prefixes: Prefixes;
  readonly subjects: Subjects;
  readonly endpoints: LocalEndpoints;
  readonly publication: Publication;
  readonly names: NameIdentities;
  private readonly dnsRules: WantedDnsRules;
  private readonly options: DesiredOptions;
  private readonly references: LiveReferences;
  private readonly claims: Claims;
  private areReferencesNew = true;

  constructor(options: DesiredOptions) {
    this.options = options;
    const { inputs, cluster, identities, locals, nodes, keeper, log, audit, restored } = options;
    const resolver = new Resolver({ firstSet: options.firstSet, firstRule: options.firstRule });
    resolver.setEnforcement(options.mode);
    this.resolver = resolver;
    this.references = new LiveReferences(cluster);
    this.policies = new Policies(resolver, this.references);
    this.selection = new Selection(this.policies);
    this.peers = new Peers({
      resolver,
      clusterLabels: (number) => inputs.identities.get(number)?.labels,
      ownLabels: (number) => identities.labelsOf(number),
    });
    this.prefixes = new Prefixes(locals);
    this.subjects = new Subjects(inputs, cluster);
    this.publication = new Publication(keeper, inputs.addresses, log);
    this.names = new NameIdentities({ locals, policies: this.policies, selection: this.selection });
    const { peers, prefixes, subjects, selection, policies, publication, references, names } = this;
    this.endpoints = new LocalEndpoints({ subjects, identities, peers, prefixes, resolver, selection, publication, audit, restored });
    this.dnsRules = new WantedDnsRules({
      resolver,
      names,
      policies,
      subjects,
      endpoints: this.endpoints,
      earlier: options.earlierDns,
      log,
    });
    this.claims = new Claims({ prefixes, nodes, peers, policies, references, records: inputs });
  }

  setSelf(self: Self): void {
    this.options.nodes.setSelf(self);
    this.claims.setSelf(self);
    this.endpoints.setSelf(self);
    this.publication.setSelf(self);
    // Their records carry our address.
    for (const endpoint of this.subjects.byEndpoint.keys()) this.publishAgain(endpoint);
  }

  /** Takes what the tables tell. */
  take(): void {
    this.takePods();
    this.takePolicies();
    this.takeReferences();
    const { followers } = this.options;
    for (const { row } of followers.take('identities')) {
      this.peers.touch(row.number);
      this.claims.touchIdentity(row.number);
    }
    for (const { row } of followers.take('nodes')) this.claims.touchNode(row.key);
    for (const { row } of followers.take('addresses')) {
      this.claims.touchAddress(row.key);
      this.publication.touch(row.key);
    }
  }

  /** What differs from what was settled before. */
  settle(): Settled {
    const { nodes } = this.options;
    if (this.areReferencesNew) {
      this.areReferencesNew = false;
      this.claims.settleApiServers();
      for (const name of this.policies.rebind()) this.selection.setPolicy(name);
    }
    const { endpoints, policy } = this.endpoints.settle(this.subjects.settle());
    this.claims.settle();
    const { change, moved } = nodes.settle();
    for (const name of moved) this.prefixes.touchNode(name);
    const prefixes = this.prefixes.settle((name) => nodes.number(name));
    for (const identity of prefixes.added) this.peers.putLocal(identity);
    for (const { number } of prefixes.gone) this.peers.removeLocal(number);
    const names = this.names.settle();
    for (const identity of names.added) this.peers.putLocal(identity);
    for (const { number } of names.gone) this.peers.removeLocal(number);
    const identities = this.peers.settle();
    const removed = prefixes.removed.map(({ text }) => text);
    const changes: Change[] = [{ policy: this.resolver.takeChanges(), prefixes: { put: prefixes.put, removed }, endpoints }];
    if (policy !== undefined) changes.push({ policy });
    const dns = this.dnsRules.settle(this.selection.touched);
    const { speakOfNames: speaksOfNames } = this.policies;
    return { changes, nodes: change, identities, dns, speaksOfNames, prefixes: { put: prefixes.put.map(({ prefix }) => prefix), removed } };
  }

  private takePods(): void {
    const { followers } = this.options;
    for (const { row } of followers.take('interfaces')) this.subjects.touchEndpoint(row.endpoint);
    for (const { row } of followers.take('pods')) this.subjects.touchPod(row.key);
    for (const { row } of followers.take('namespaces')) this.subjects.touchNamespace(row.name);
  }

  private takePolicies(): void {
    for (const table of ['networkPolicies', 'ciliumPolicies', 'clusterwidePolicies'] as const) {
      for (const { row, isDeleted } of this.options.followers.take(table)) {
        if (isDeleted) this.policies.remove(row);
        else this.policies.put(row);
        this.selection.setPolicy(nameOf(row));
      }
    }
  }

  private takeReferences(): void {
    const { followers } = this.options;
    const { services, addresses, groups } = this.references;
    const put = <Fact>(facts: Map<string, Fact>, key: string, fact: Fact | undefined): void => {
      if (fact === undefined) facts.delete(key);
      else facts.set(key, fact);
      this.areReferencesNew = true;
    };
    for (const { row, isDeleted } of followers.take('services')) {
      put(services, row.key, isDeleted || row.rejected !== undefined ? undefined : serviceFact(row));
    }
    for (const { row, isDeleted } of followers.take('slices')) {
      put(addresses, `slice ${row.key}`, isDeleted || row.rejected !== undefined ? undefined : sliceFact(row));
    }
    for (const { row, isDeleted } of followers.take('groups')) put(groups, row.name, isDeleted ? undefined : row.group);
  }

  private publishAgain(endpoint: number): void {
    const told = this.endpoints.told.get(endpoint);
    if (told !== undefined) this.publication.setEndpoint(endpoint, told.subject, told.number);
  }
}
