// Tables: the maps of the machines, brought to what resolution and world say. Policy comes before the addresses that refer to it, epochs
// come last: live connections are judged anew when all that they are judged by is there.

import { addressSlot } from '../datapath/address-slot.ts';
import { ENDPOINT_EGRESS_ENFORCED, ENDPOINT_INGRESS_ENFORCED, HINT_ENDPOINT } from '../datapath/generated/enums.ts';
import type { Grant, GrantKey } from '../datapath/generated/layouts.ts';
import { endpointsSpec, epochsSpec, grantsSpec, ipcacheSpec, policySpec } from '../datapath/generated/maps.ts';
import { policyKey } from '../datapath/reconcile/policy-entry.ts';
import type { PolicyRow } from '../model/policy/entry.ts';
import type { PolicyChanges } from '../model/policy/resolve/changes.ts';
import type { Resolver } from '../model/policy/resolve/resolver.ts';
import { prefixWords } from '../net/words.ts';
import type { Machine } from './machine.ts';
import type { Place } from './place.ts';
import type { Pod } from './pods.ts';
import { entryOf } from './policy-entries.ts';
import { Table } from './table.ts';

/** An entry of the ipcache: prefix or address as text. */
export interface Known {
  readonly text: string;
  readonly identity: number;
}

/** Every pod stands behind the same port: a test run in the kernel enters by the loopback interface. */
const everyPort = 1;

export class Tables {
  private readonly machines: readonly Machine[];
  private readonly resolver: Resolver;
  private readonly endpoints: Table<{ hi: bigint; lo: bigint }, ReturnType<typeof endpointRow>>;
  private readonly ipcache;
  private readonly epochs;
  private grants: ReadonlyMap<Machine, Table<GrantKey, Grant>>;
  private epoch = 0;

  constructor(machines: readonly Machine[], resolver: Resolver) {
    this.machines = machines;
    this.resolver = resolver;
    this.endpoints = new Table(endpointsSpec, machines);
    this.ipcache = new Table(ipcacheSpec, machines);
    this.epochs = new Table(epochsSpec, machines);
    this.grants = new Map(machines.map((machine) => [machine, new Table(grantsSpec, [machine])]));
  }

  /** `pods`: all of them; what the resolver has to say is taken from it. */
  settle(pods: Iterable<Pod>, known: Iterable<Known>): void {
    const changes = this.resolver.takeChanges();
    for (const row of changes.put) this.putPolicy(row);
    const all = [...pods];
    const isMoved = this.endpoints.sync(all.flatMap((pod) => this.endpointRows(pod)));
    const isRenamed = this.ipcache.sync(knownRows(known));
    for (const row of changes.removed) this.removePolicy(row);
    if (isMoved || isRenamed || changesAnswers(changes)) this.moveEpochs(all);
  }

  /** One more address, whoever it stands for. */
  putKnown({ text, identity }: Known): void {
    this.ipcache.put(prefixWords(text), { identity, node: 0, flags: 0 });
  }

  /** Makes these all the grants; each machine has a clock of its own. */
  setGrants(entriesFor: (machine: Machine) => Iterable<readonly [GrantKey, Grant]>): void {
    for (const [machine, table] of this.grants) table.sync(entriesFor(machine));
  }

  /** Takes back all that was ever written. */
  clear(): void {
    for (const row of this.resolver.rows()) this.removePolicy(row);
    for (const table of [this.endpoints, this.ipcache, this.epochs, ...this.grants.values()]) table.clear();
  }

  private putPolicy(row: PolicyRow): void {
    const [key, value] = entryOf(row);
    for (const machine of this.machines) machine.map(policySpec).updateNow(key, value);
  }

  private removePolicy(row: PolicyRow): void {
    const key = policyKey(row);
    for (const machine of this.machines) machine.map(policySpec).deleteNow(key);
  }

  private endpointRows({ fact, identity, places }: Pod) {
    const policy = this.resolver.endpoint(fact.endpoint);
    const { ingress, egress } = policy?.enforced ?? { ingress: true, egress: true };
    const flags = (ingress ? ENDPOINT_INGRESS_ENFORCED : 0) | (egress ? ENDPOINT_EGRESS_ENFORCED : 0);
    const row = endpointRow(fact.endpoint, identity.number, policy?.set ?? 0, flags);
    return Object.values(places).map(({ key }: Place) => [key, row] as const);
  }

  /** A connection has a pod on one side at least, so that it is enough to move the epochs of pods. */
  private moveEpochs(pods: readonly Pod[]): void {
    this.epoch += 1;
    const value = { epoch: this.epoch, hints: HINT_ENDPOINT };
    const slots = new Set(pods.flatMap(({ places }) => Object.values(places).map(({ key }: Place) => addressSlot(key.hi, key.lo))));
    this.epochs.sync([...slots].map((slot) => [slot, value] as const));
  }
}

function endpointRow(id: number, identity: number, policySet: number, flags: number) {
  return { port: everyPort, id, identity, policySet, flags, mac: 0n, gatewayMac: 0n };
}

function* knownRows(known: Iterable<Known>) {
  for (const { text, identity } of known) yield [prefixWords(text), { identity, node: 0, flags: 0 }] as const;
}

function changesAnswers({ put, removed, changedSets, endpoints }: PolicyChanges): boolean {
  return changedSets.length > 0 || endpoints.size > 0 || put.length > 0 || removed.length > 0;
}
