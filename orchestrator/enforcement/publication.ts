// Publication: what this node tells the others in the store: itself, and whose the addresses of its pods are.

import { type IpRecord, ipKey } from '../etcd/records/ip.ts';
import { encodeRecord } from '../etcd/records/json.ts';
import { datapathLabel, type NodeRecord, nodeKey } from '../etcd/records/node.ts';
import type { RoomLog } from '../log.ts';
import type { Table } from '../state/table.ts';
import type { IpRecordRow } from './records.ts';
import { familyOf, type Self } from './self.ts';
import type { Subject } from './subjects.ts';

/** Who keeps records in the store for as long as this process lives. */
export interface RecordKeeper {
  set(key: string, value: Uint8Array): void;
  remove(key: string): void;
  /** Takes away a record of an earlier life, which may not be there. */
  retract(key: string): void;
  /** Somebody else has written or deleted what we keep there. */
  rewrite(key: string): void;
  /** It is somebody else's now: what stands there stays, and is kept by us no more. */
  leave(key: string): void;
}

const protocols: Readonly<Record<number, string>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };

export class Publication {
  private readonly keeper: RecordKeeper;
  private readonly told: Table<IpRecordRow, 'identity' | 'host'>;
  private readonly log: RoomLog;
  /** Endpoint → key of an address → what we would have there. */
  private readonly byEndpoint = new Map<number, ReadonlyMap<string, Uint8Array>>();
  /** Of ours, those that another node claims; who that is. */
  private readonly contested = new Map<string, string>();
  private self: Self | undefined;

  constructor(keeper: RecordKeeper, told: Table<IpRecordRow, 'identity' | 'host'>, log: RoomLog) {
    this.keeper = keeper;
    this.told = told;
    this.log = log;
  }

  setSelf(self: Self): void {
    this.self = self;
    this.keeper.set(nodeKey(self.cluster.name, self.name), encodeRecord(nodeRecord(self)));
  }

  /** An endpoint with its number; undefined: it is gone, or nobody yet. */
  setEndpoint(endpoint: number, subject: Subject | undefined, identity: number | undefined): void {
    const before = this.byEndpoint.get(endpoint) ?? new Map<string, Uint8Array>();
    const now = new Map<string, Uint8Array>();
    const { self } = this;
    if (subject !== undefined && identity !== undefined && self !== undefined) {
      for (const address of subject.row.addresses) now.set(ipKey(address), encodeRecord(ipRecord(address, subject, identity, self)));
    }
    if (now.size > 0) this.byEndpoint.set(endpoint, now);
    else this.byEndpoint.delete(endpoint);
    for (const [key, value] of now) this.keep(key, value);
    for (const key of before.keys()) if (this.valueOf(key) === undefined) this.end(key);
  }

  /** What stands under a key is another than before. */
  touch(key: string): void {
    const value = this.valueOf(key);
    if (value === undefined) return;
    this.keep(key, value);
    // Others know our pod by this record alone. What we have left to another is not written.
    if (this.foreignHost(key) !== undefined || this.told.get(key) === undefined) this.keeper.rewrite(key);
  }

  /** Records of an earlier life under our name that nobody wants any more. Everything was told once, and every endpoint set. */
  retractOthers(): void {
    const { self } = this;
    if (self === undefined) return;
    for (const host of self.underlay) {
      for (const { key } of this.told.by('host', host)) if (this.valueOf(key) === undefined) this.keeper.retract(key);
    }
  }

  private valueOf(key: string): Uint8Array | undefined {
    for (const keys of this.byEndpoint.values()) if (keys.has(key)) return keys.get(key);
    return undefined;
  }

  /** Two nodes have a pod with one address: the one with the lower address of its own keeps it, everywhere. */
  private keep(key: string, value: Uint8Array): void {
    const node = this.foreignHost(key);
    const isTheirs = node !== undefined && node < (this.self?.underlay[0] ?? '');
    if (isTheirs) this.keeper.leave(key);
    else this.keeper.set(key, value);
    if (node === undefined) this.contested.delete(key);
    else if (this.contested.get(key) !== node) {
      this.contested.set(key, node);
      const what = isTheirs ? 'another node has a pod with this address, and keeps it' : 'another node claims the address of a pod here';
      this.log.warn(what, { prefix: this.told.get(key)?.record.IP ?? key, node });
    }
  }

  private end(key: string): void {
    this.contested.delete(key);
    if (this.foreignHost(key) === undefined) this.keeper.remove(key);
    else this.keeper.leave(key);
  }

  /** The other node that wrote what stands there. */
  private foreignHost(key: string): string | undefined {
    const host = this.told.get(key)?.record.HostIP;
    return host === undefined || this.self === undefined || this.self.underlay.includes(host) ? undefined : host;
  }
}

function nodeRecord({ name, cluster, underlay, router, podPrefixes, datapath }: Self): NodeRecord {
  const prefix = (family: 4 | 6) => podPrefixes.find((text) => familyOf(text) === family);
  const [v4, v6] = [prefix(4), prefix(6)];
  return {
    Name: name,
    Cluster: cluster.name,
    ClusterID: cluster.id,
    IPAddresses: [
      ...underlay.map((IP) => ({ Type: 'InternalIP', IP })),
      // The name that every reader of these records knows it by.
      ...router.map((IP) => ({ Type: 'CiliumInternalIP', IP })),
    ],
    ...(v4 !== undefined && { IPv4AllocCIDR: v4 }),
    ...(v6 !== undefined && { IPv6AllocCIDR: v6 }),
    Labels: { [datapathLabel]: datapath },
    Source: 'local',
  };
}

function ipRecord(address: string, { row, ports, serviceAccount }: Subject, identity: number, { underlay }: Self): IpRecord {
  return {
    IP: address,
    Mask: null,
    HostIP: underlay[0] ?? '',
    ID: identity,
    Key: 0,
    Metadata: `${row.endpoint}`,
    K8sNamespace: row.namespace,
    K8sPodName: row.pod,
    ...(serviceAccount !== '' && { K8sServiceAccount: serviceAccount }),
    ...(ports.length > 0 && {
      NamedPorts: ports.map(({ name, port, protocol }) => ({ Name: name, Port: port, Protocol: protocols[protocol] ?? `${protocol}` })),
    }),
  };
}
