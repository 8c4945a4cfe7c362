// Inputs: the tables from which everything is worked out, and what changed in them since we last looked.

import type { InterfaceTable } from '../endpoints/interfaces.ts';
import type { CidrGroupRow } from '../sources/kubernetes/rows/cidr-groups.ts';
import type { EndpointSliceRow } from '../sources/kubernetes/rows/endpoint-slices.ts';
import type { NamespaceRow } from '../sources/kubernetes/rows/namespaces.ts';
import type { PodRow } from '../sources/kubernetes/rows/pods.ts';
import type { PolicyRow } from '../sources/kubernetes/rows/policies.ts';
import type { ServiceRow } from '../sources/kubernetes/rows/services.ts';
import type { Bell } from '../state/bell.ts';
import type { Follower, Table } from '../state/table.ts';
import type { RecordTables } from './records.ts';

export interface Inputs extends RecordTables {
  readonly interfaces: InterfaceTable;
  /** Those of this node are enough. */
  readonly pods: Table<PodRow, string>;
  readonly namespaces: Table<NamespaceRow, string>;
  readonly services: Table<ServiceRow, string>;
  readonly slices: Table<EndpointSliceRow, string>;
  readonly groups: Table<CidrGroupRow, string>;
  readonly networkPolicies: Table<PolicyRow, string>;
  readonly ciliumPolicies: Table<PolicyRow, string>;
  readonly clusterwidePolicies: Table<PolicyRow, string>;
}

export type InputName = keyof Inputs;

/** The row of a table. */
export type RowOf<Name extends InputName> = Inputs[Name] extends Table<infer Row, infer _Index> ? Row : never;

/** What changed in one table; a deleted row is as it was last. */
export type Changes<Name extends InputName> = readonly { readonly row: RowOf<Name>; readonly isDeleted: boolean }[];

export class InputFollowers {
  private readonly inputs: Inputs;
  private readonly followers: ReadonlyMap<InputName, Follower<object>>;

  constructor(inputs: Inputs, bell: Bell) {
    this.inputs = inputs;
    const names = Object.keys(inputs) as InputName[];
    this.followers = new Map(names.map((name) => [name, (inputs[name] as unknown as Table<object>).follow(bell)]));
  }

  take<Name extends InputName>(name: Name): Changes<Name> {
    return (this.followers.get(name) as Follower<object>).take() as unknown as Changes<Name>;
  }

  /** Tables whose first full list is awaited, with the sources that owe it. */
  missing(): string[] {
    return Object.entries(this.inputs).flatMap(([, table]) => table.missingSources().map((source: string) => `${table.name} (${source})`));
  }

  close(): void {
    for (const follower of this.followers.values()) follower.close();
  }
}
