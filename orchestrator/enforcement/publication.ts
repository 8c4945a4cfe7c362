// Publication: what this node tells the others in the store: itself, and whose the addresses of its pods are.

import { type IpRecord, ipKey } from '../etcd/records/ip.ts';
import { encodeRecord } from '../etcd/records/json.ts';
import { type NodeRecord, nodeKey } from '../etcd/records/node.ts';
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
}

const protocols: Readonly<Record<number, string>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };

export class Publication {
  private readonly keeper: RecordKeeper;
  private readonly told: Table<IpRecordRow, 'identity' | 'host'>;
  private readonly log: RoomLog;
  private readonly byEndpoint = new Map<number, ReadonlySet<string>>();
  private readonly contested = new Set<string>();
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
    const before = this.byEndpoint.get(endpoint) ?? new Set<string>();
    const now = new Set<string>();
    const { self } = this;
    if (subject !== undefined && identity !== undefined && self !== undefined) {
      for (const address of subject.row.addresses) {
        const key = ipKey(address);
        if (this.isContested(key, self)) continue;
        now.add(key);
        this.keeper.set(key, encodeRecord(ipRecord(address, subject, identity, self)));
      }
    }
    for (const key of before) if (!now.has(key) && !this.isOthers(key)) this.keeper.remove(key);
    if (now.size > 0) this.byEndpoint.set(endpoint, now);
    else this.byEndpoint.delete(endpoint);
  }

  /** Records of an earlier life under our name that nobody wants any more. Everything was told once, and every endpoint set. */
  retractOthers(): void {
    const { self } = this;
    if (self === undefined) return;
    const wanted = new Set([...this.byEndpoint.values()].flatMap((keys) => [...keys]));
    for (const host of self.underlay) {
      for (const { key } of this.told.by('host', host)) if (!wanted.has(key)) this.keeper.retract(key);
    }
  }

  /** Another endpoint of ours has the address by now. */
  private isOthers(key: string): boolean {
    return [...this.byEndpoint.values()].filter((keys) => keys.has(key)).length > 1;
  }

  /** Two nodes have a pod with one address: the one with the lower address of its own keeps it, everywhere. */
  private isContested(key: string, { underlay }: Self): boolean {
    const other = this.told.get(key)?.record;
    const isTheirs = other !== undefined && !underlay.includes(other.HostIP) && other.HostIP < (underlay[0] ?? '');
    if (isTheirs && !this.contested.has(key)) {
      this.contested.add(key);
      this.log.warn('another node has a pod with this address, and keeps it', { prefix: other.IP, node: other.HostIP });
    }
    if (!isTheirs) this.contested.delete(key);
    return isTheirs;
  }
}

function nodeRecord({ name, cluster, underlay, router, podPrefixes }: Self): NodeRecord {
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
