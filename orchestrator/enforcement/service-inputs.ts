// Inputs of services: the tables that tell of them, taken into the merge as they change.

import type { ServiceMerge } from '../model/service/merge.ts';
import type { HostPortFacts } from '../model/service/rows.ts';
import type { EndpointSliceRow } from '../sources/kubernetes/rows/endpoint-slices.ts';
import type { NodeRow } from '../sources/kubernetes/rows/nodes.ts';
import type { PodRow } from '../sources/kubernetes/rows/pods.ts';
import type { ServiceRow } from '../sources/kubernetes/rows/services.ts';
import type { Bell } from '../state/bell.ts';
import type { Table } from '../state/table.ts';

export interface ServiceTables {
  readonly services: Table<ServiceRow, string>;
  readonly slices: Table<EndpointSliceRow, string>;
  /** Of this node, for their host ports. */
  readonly pods: Table<PodRow, string>;
  /** This node's. */
  readonly self: Table<NodeRow, string>;
}

export class ServiceInputs {
  readonly #tables: ServiceTables;
  readonly #merge: ServiceMerge;
  readonly #name: string;
  readonly #followers;
  #underlay: readonly string[] | undefined;

  constructor(tables: ServiceTables, { merge, name, bell }: { merge: ServiceMerge; name: string; bell: Bell }) {
    this.#tables = tables;
    this.#merge = merge;
    this.#name = name;
    this.#followers = {
      services: tables.services.follow(bell),
      slices: tables.slices.follow(bell),
      pods: tables.pods.follow(bell),
      self: tables.self.follow(bell),
    };
  }

  /** Addresses by which other nodes reach this one, whatever Kubernetes says. */
  setAddresses(addresses: readonly string[]): void {
    this.#underlay = addresses;
  }

  /** Everything was told once: what is not wanted now is wanted no more. */
  get isComplete(): boolean {
    return this.#underlay !== undefined && Object.values(this.#tables).every(({ isInitialised }) => isInitialised);
  }

  /** Whether a service is among what changed. */
  take(): boolean {
    const merge = this.#merge;
    const services = this.#followers.services.take();
    let hasService = false;
    for (const { row, isDeleted } of services) {
      hasService = true;
      if (isDeleted || row.rejected !== undefined) merge.removeService(row.key);
      else merge.putService(row);
    }
    for (const { row, isDeleted } of this.#followers.slices.take()) {
      if (isDeleted || row.rejected !== undefined) merge.removeSlice(row.key);
      else merge.putSlice(row);
    }
    for (const { row, isDeleted } of this.#followers.pods.take()) {
      if (isDeleted || row.isOver || row.hostPorts.length === 0) merge.removeHostPorts(row.key);
      else merge.putHostPorts(hostPorts(row));
    }
    this.#followers.self.take();
    this.#setNode();
    return hasService;
  }

  close(): void {
    for (const follower of Object.values(this.#followers)) follower.close();
  }

  #setNode(): void {
    const row = this.#tables.self.get(this.#name);
    const told = (row?.addresses ?? []).filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP').map(({ address }) => address);
    const zone = row?.labels['topology.kubernetes.io/zone'] ?? '';
    this.#merge.setNode({ name: this.#name, zone, addresses: [...new Set([...told, ...(this.#underlay ?? [])])].sort() });
  }
}

function hostPorts({ key, createdAt, addresses, hostPorts: ports }: PodRow): HostPortFacts {
  return { key, createdAt, addresses, ports };
}
