// Records: what the cluster's nodes say in the store of themselves, of their pods' addresses and of identities, as tables.

import type { IdentitySink } from '../etcd/identity/identities.ts';
import { type IpRecord, ipPrefix, readIp } from '../etcd/records/ip.ts';
import type { Read } from '../etcd/records/json.ts';
import { type NodeRecord, nodesOf, readNode } from '../etcd/records/node.ts';
import type { RoomLog } from '../log.ts';
import type { KvStore } from '../state/kv-store.ts';
import { openTable, type Table } from '../state/table.ts';
import type { TableWriter } from '../state/table-writer.ts';

export interface IdentityRow {
  readonly number: number;
  /** Canonical text. */
  readonly labels: string;
}

export interface NodeRecordRow {
  readonly key: string;
  readonly record: NodeRecord;
}

export interface IpRecordRow {
  readonly key: string;
  readonly record: IpRecord;
}

export interface RecordTables {
  readonly identities: Table<IdentityRow, 'labels'>;
  readonly nodes: Table<NodeRecordRow, 'name'>;
  readonly addresses: Table<IpRecordRow, 'identity' | 'host'>;
}

export const storeSource = 'etcd';

export function openRecords() {
  const identities = openTable<IdentityRow, 'labels'>({
    name: 'cluster-identities',
    key: ({ number }) => number,
    indexes: { labels: ({ labels }) => labels },
    columns: { number: ({ number }) => number, labels: ({ labels }) => labels },
    sources: [storeSource],
  });
  const nodes = openTable<NodeRecordRow, 'name'>({
    name: 'node-records',
    key: ({ key }) => key,
    indexes: { name: ({ record }) => record.Name },
    columns: {
      node: ({ record }) => record.Name,
      addresses: ({ record }) => record.IPAddresses.map(({ Type, IP }) => `${Type}=${IP}`),
      prefixes: ({ record }) => [record.IPv4AllocCIDR, record.IPv6AllocCIDR].filter((prefix) => prefix !== undefined),
    },
    sources: [storeSource],
  });
  const addresses = openTable<IpRecordRow, 'identity' | 'host'>({
    name: 'ip-records',
    key: ({ key }) => key,
    indexes: { identity: ({ record }) => record.ID, host: ({ record }) => record.HostIP },
    columns: {
      address: ({ record }) => record.IP,
      identity: ({ record }) => record.ID,
      host: ({ record }) => record.HostIP,
      pod: ({ record }) => (record.K8sPodName === undefined ? '' : `${record.K8sNamespace}/${record.K8sPodName}`),
    },
    sources: [storeSource],
  });
  return { identities, nodes, addresses };
}

/** Told when the store cannot be reached, with the reason, and with undefined when it can again. */
export type Health = (reason: string | undefined) => void;

/** Identities as the room that numbers them tells them. */
export function identitySink(writer: TableWriter<IdentityRow, 'labels'>, health: Health): IdentitySink {
  return {
    put: (number, labels) => void writer.put({ number, labels }),
    delete: (number) => void writer.delete(number),
    synced() {
      writer.delivered(storeSource);
      health(undefined);
    },
    lost: health,
  };
}

interface Following<Row extends { readonly key: string; readonly record: unknown }> {
  readonly store: KvStore;
  readonly prefix: string;
  readonly writer: TableWriter<Row, string>;
  readonly read: (key: string, value: Uint8Array) => Read<Row['record']>;
  readonly health: Health;
  readonly log: RoomLog;
  readonly signal: AbortSignal;
}

/** Until the signal is aborted. A record that cannot be read is left out and told; the one before it goes with it. */
async function follow<Row extends { readonly key: string; readonly record: unknown }>(options: Following<Row>): Promise<void> {
  const { store, prefix, writer, read, health, log, signal } = options;
  for await (const told of store.follow(prefix, { signal })) {
    if (told.kind === 'synced') {
      writer.delivered(storeSource);
      health(undefined);
    } else if (told.kind === 'lost') health(told.reason);
    else if (told.kind === 'delete') writer.delete(told.key);
    else {
      const { key, value } = told.entry;
      const result = read(key, value);
      if ('record' in result) writer.put({ key, record: result.record } as unknown as Row);
      else {
        log.warn('a record in the store cannot be read and is left out', { error: `${key}: ${result.rejected}` });
        writer.delete(key);
      }
    }
  }
}

/** Follows the records of one cluster; ends with the signal, or with the store. */
export async function followRecords(options: {
  readonly store: KvStore;
  readonly cluster: { readonly name: string; readonly id: number };
  readonly nodes: TableWriter<NodeRecordRow, 'name'>;
  readonly addresses: TableWriter<IpRecordRow, 'identity' | 'host'>;
  readonly health: Health;
  readonly log: RoomLog;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { store, cluster, nodes, addresses, health, log, signal } = options;
  const common = { store, health, log, signal };
  await Promise.all([
    follow({ ...common, prefix: nodesOf(cluster.name), writer: nodes, read: (key, value) => readNode(key, value, cluster) }),
    follow({ ...common, prefix: ipPrefix, writer: addresses, read: (key, value) => readIp(key, value, cluster) }),
  ]);
}
