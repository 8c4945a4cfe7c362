// Claims: what is known of addresses that are no pod's of this node: other nodes and their pods, this host, the API server, and the
// prefixes that policies name.

import { ipPrefix, lengthOf } from '../etcd/records/ip.ts';
import { reservedLabels } from '../model/identity.ts';
import type { Claim } from '../model/ipcache/claim.ts';
import { prefixClaim } from '../model/ipcache/in-force.ts';
import type { References } from '../model/policy/references.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import type { Nodes } from './nodes.ts';
import type { Peers } from './peers.ts';
import type { Policies } from './policies.ts';
import type { Prefixes } from './prefixes.ts';
import type { IpRecordRow, RecordTables } from './records.ts';
import type { Self } from './self.ts';

/** The service by which pods reach the API server: what is behind it is one. */
const apiService = { namespace: 'default', name: 'kubernetes' };
const protocolNumbers: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, SCTP: 132 };

export interface ClaimsOptions {
  readonly prefixes: Prefixes;
  readonly nodes: Nodes;
  readonly peers: Peers;
  readonly policies: Policies;
  readonly references: References;
  readonly records: RecordTables;
}

export class Claims {
  private readonly options: ClaimsOptions;
  /** By key of the record. */
  private readonly byRecord = new Map<string, { readonly prefix: Prefix; readonly owner: string }>();
  private readonly byNode = new Map<string, { readonly prefixes: Prefix[]; readonly hosts: readonly string[] }>();
  /** Address of a node → its name. */
  private readonly hosts = new Map<string, string>();
  private readonly dirtyRecords = new Set<string>();
  private own: Prefix[] = [];
  private servers: Prefix[] = [];
  private self: Self | undefined;

  constructor(options: ClaimsOptions) {
    this.options = options;
  }

  setSelf(self: Self): void {
    const labels = reservedLabels('host');
    const all = [...new Set([...self.addresses, ...self.router])].map(parsePrefix);
    const claims = all.map((prefix): Claim => ({ prefix, source: 'local', owner: 'host', labels }));
    this.own = this.options.prefixes.replace('host', this.own, claims);
    this.self = self;
    for (const { key } of this.options.records.nodes.rows()) this.touchNode(key);
    for (const { key } of this.options.records.addresses.rows()) this.dirtyRecords.add(key);
  }

  touchAddress(key: string): void {
    this.dirtyRecords.add(key);
  }

  /** A number is known, or is no more: only then its addresses count. */
  touchIdentity(number: number): void {
    for (const { key } of this.options.records.addresses.by('identity', number)) this.dirtyRecords.add(key);
  }

  /** Key of its record. */
  touchNode(key: string): void {
    const { records, nodes, prefixes } = this.options;
    const record = records.nodes.get(key)?.record;
    const name = record?.Name ?? key.slice(key.lastIndexOf('/') + 1);
    const before = this.byNode.get(name);
    const isOther = record !== undefined && name !== this.self?.name;
    const claims = isOther ? nodes.claimsOf(record) : [];
    const hosts = isOther ? record.IPAddresses.map(({ IP }) => IP) : [];
    if (isOther) nodes.put(record);
    else nodes.remove(name);
    const kept = prefixes.replace(`node ${name}`, before?.prefixes ?? [], claims);
    for (const host of before?.hosts ?? []) if (!hosts.includes(host) && this.hosts.get(host) === name) this.hosts.delete(host);
    for (const host of hosts) this.hosts.set(host, name);
    if (isOther) this.byNode.set(name, { prefixes: kept, hosts });
    else this.byNode.delete(name);
    for (const host of new Set([...(before?.hosts ?? []), ...hosts])) {
      for (const row of records.addresses.by('host', host)) this.dirtyRecords.add(row.key);
    }
  }

  settleApiServers(): void {
    const labels = reservedLabels('kube-apiserver');
    const owner = `service ${apiService.namespace}/${apiService.name}`;
    const found = new Map<string, Claim>();
    for (const { namespace, service, prefixes } of this.options.references.addresses.values()) {
      if (namespace !== apiService.namespace || service !== apiService.name) continue;
      for (const prefix of prefixes) found.set(prefix.text, { prefix, source: 'kube-apiserver', owner, labels });
    }
    this.servers = this.options.prefixes.replace(owner, this.servers, [...found.values()]);
  }

  settle(): void {
    const { policies, prefixes, records, peers } = this.options;
    for (const key of this.dirtyRecords) {
      const row = records.addresses.get(key);
      const before = this.byRecord.get(key);
      const claim = row && this.claimOf(row);
      if (claim !== undefined) prefixes.claim(claim);
      if (before !== undefined && (before.owner !== claim?.owner || before.prefix.text !== claim.prefix.text)) {
        prefixes.release(before.prefix, before.owner);
      }
      if (claim === undefined) this.byRecord.delete(key);
      else this.byRecord.set(key, { prefix: claim.prefix, owner: claim.owner });
      const ports = claim === undefined ? [] : (row?.record.NamedPorts ?? []);
      peers.setPorts(
        `address ${key}`,
        claim === undefined ? undefined : row?.record.ID,
        ports.flatMap(({ Name, Port, Protocol }) => {
          const protocol = protocolNumbers[Protocol];
          return protocol === undefined ? [] : [{ name: Name.toLowerCase(), port: Port, protocol }];
        }),
      );
    }
    this.dirtyRecords.clear();
    const { named, dropped } = policies.takePrefixes();
    for (const prefix of named) prefixes.claim(prefixClaim(prefix));
    for (const prefix of dropped) prefixes.release(prefix, prefixClaim(prefix).owner);
  }

  private claimOf({ key, record }: IpRecordRow): Claim | undefined {
    const { self, options } = this;
    // Who is on this node, its own interfaces say.
    if (self?.underlay.includes(record.HostIP)) return undefined;
    if (!options.peers.isKnown(record.ID)) return undefined;
    const bits = record.Mask === null ? undefined : lengthOf(record.Mask);
    const prefix = parsePrefix(bits === undefined ? record.IP : `${record.IP}/${bits}`);
    const who =
      record.K8sPodName === undefined ? `address ${key.slice(ipPrefix.length)}` : `pod ${record.K8sNamespace}/${record.K8sPodName}`;
    // With its host, for the claim of a pod here must not go by a record of the same name: an earlier life's, read before we know ourselves.
    const owner = `${who} at ${record.HostIP}`;
    const node = this.hosts.get(record.HostIP);
    return { prefix, source: 'kvstore', owner, identity: record.ID, ...(node !== undefined && { node }) };
  }
}
