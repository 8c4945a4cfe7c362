// Local endpoints: the interfaces of this node with the identity that each has, told to everybody who works with them.

import { ENDPOINT_AUDIT, ENDPOINT_HOST } from '../datapath/generated/enums.ts';
import type { Change, EndpointRow } from '../datapath/reconcile/rows.ts';
import { reserved } from '../model/identity.ts';
import type { Resolver } from '../model/policy/resolve/resolver.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { Peers } from './peers.ts';
import type { PodIdentities } from './pod-identities.ts';
import type { Prefixes } from './prefixes.ts';
import type { Publication } from './publication.ts';
import type { Selection } from './selection.ts';
import { macWord, type Self } from './self.ts';
import type { Subject, Subjects } from './subjects.ts';

/** Behind those of pods. */
export const hostEndpoint = 65_536;

export interface LocalEndpointsOptions {
  readonly subjects: Subjects;
  readonly identities: PodIdentities;
  readonly peers: Peers;
  readonly prefixes: Prefixes;
  readonly resolver: Resolver;
  readonly selection: Selection;
  readonly publication: Publication;
  /** Every pod of the node is audited. */
  readonly audit: boolean;
  /** Identity that the datapath found an address to have, from an earlier life. */
  readonly restored: ReadonlyMap<string, number>;
}

interface Told {
  readonly subject: Subject;
  readonly number: number | undefined;
  readonly row: EndpointRow;
}

type Endpoints = { put: EndpointRow[]; removed: number[] };

export class LocalEndpoints {
  readonly told = new Map<number, Told>();
  private readonly options: LocalEndpointsOptions;
  private host: EndpointRow | undefined;
  private isHostDirty = false;

  constructor(options: LocalEndpointsOptions) {
    this.options = options;
  }

  setSelf({ addresses, router }: Self): void {
    const all = [...new Set([...addresses, ...router])];
    const common = { identity: reserved.host, port: 0, flags: ENDPOINT_HOST, mac: 0n, gatewayMac: 0n };
    this.host = { id: hostEndpoint, addresses: all, ...common };
    this.isHostDirty = true;
  }

  /** `changed`: endpoints whose subjects changed. All others are looked at for their number and their audit. */
  settle(changed: Iterable<number>): Pick<Change, 'endpoints' | 'policy'> {
    const { subjects } = this.options;
    const endpoints: Endpoints = { put: [], removed: [] };
    const dirty = new Set(changed);
    for (const endpoint of dirty) this.settleUse(endpoint, subjects.byEndpoint.get(endpoint));
    for (const endpoint of new Set([...dirty, ...this.told.keys()])) {
      const subject = subjects.byEndpoint.get(endpoint);
      if (subject === undefined) this.remove(endpoint, endpoints);
      else this.put(subject, endpoints);
    }
    if (!this.isHostDirty || this.host === undefined) return { endpoints };
    this.isHostDirty = false;
    endpoints.put.push(this.host);
    const open = { set: 0, enforced: { ingress: false, egress: false } };
    const nothing = { put: [], removed: [], removedSets: [], removedEndpoints: [], changedSets: [] };
    return { endpoints, policy: { ...nothing, endpoints: new Map([[hostEndpoint, open]]) } };
  }

  private settleUse(endpoint: number, subject: Subject | undefined): void {
    const { identities, selection } = this.options;
    if (subject?.labels === undefined) identities.drop(endpoint);
    else identities.use(endpoint, subject.labels);
    selection.setEndpoint(endpoint, subject?.labels);
  }

  private remove(endpoint: number, endpoints: Endpoints): void {
    const { peers, prefixes, resolver, publication } = this.options;
    const before = this.told.get(endpoint);
    if (before === undefined) return;
    this.told.delete(endpoint);
    resolver.removeEndpoint(endpoint);
    peers.setPorts(`endpoint ${endpoint}`, undefined);
    if (before.number !== undefined) peers.touch(before.number);
    for (const address of before.subject.row.addresses) prefixes.release(parsePrefix(address), ownerOf(before.subject));
    publication.setEndpoint(endpoint, undefined, undefined);
    endpoints.removed.push(endpoint);
  }

  private put(subject: Subject, endpoints: Endpoints): void {
    const { identities, peers, prefixes, resolver, publication, selection, audit, restored } = this.options;
    const { endpoint, addresses, port, mac, gatewayMac } = subject.row;
    const before = this.told.get(endpoint);
    const number = identities.number(endpoint);
    const flags = number !== undefined && (audit || selection.isAudited(endpoint)) ? ENDPOINT_AUDIT : 0;
    if (before !== undefined && before.subject === subject && before.number === number && before.row.flags === flags) return;
    const found = addresses.map((address) => restored.get(address)).find((known) => known !== undefined);
    const macs = { mac: macWord(mac), gatewayMac: macWord(gatewayMac) };
    // Without a number it is closed; or, after a restart, as it was.
    const row = { id: endpoint, addresses, identity: number ?? found ?? 0, port, flags, ...macs };
    this.told.set(endpoint, { subject, number, row });
    endpoints.put.push(row);
    if (before !== undefined && before.number !== number && before.number !== undefined) peers.touch(before.number);
    const owner = ownerOf(subject);
    if (number === undefined) resolver.removeEndpoint(endpoint);
    else {
      peers.touch(number);
      resolver.putEndpoint(endpoint, number, subject.ports);
      for (const address of addresses) prefixes.claim({ prefix: parsePrefix(address), source: 'local', owner, identity: number });
    }
    peers.setPorts(`endpoint ${endpoint}`, number, subject.ports);
    publication.setEndpoint(endpoint, subject, number);
    if (before === undefined) return;
    for (const address of before.subject.row.addresses) {
      const isKept = number !== undefined && addresses.includes(address) && ownerOf(before.subject) === owner;
      if (!isKept) prefixes.release(parsePrefix(address), ownerOf(before.subject));
    }
  }
}

function ownerOf({ row }: Subject): string {
  return `pod ${row.namespace}/${row.pod}`;
}
