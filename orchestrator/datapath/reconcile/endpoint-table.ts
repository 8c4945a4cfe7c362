// Endpoint table: the interfaces of this node with the sets that judge them, as they are wanted and as they are written.

import type { AddressWords } from '../../net/words.ts';
import { addressWords, wordText } from '../../net/words.ts';
import type { DatapathMap } from '../datapath.ts';
import {
  ENDPOINT_EGRESS_ENFORCED,
  ENDPOINT_EGRESS_PEERS_ONLY,
  ENDPOINT_INGRESS_ENFORCED,
  ENDPOINT_INGRESS_PEERS_ONLY,
} from '../generated/enums.ts';
import type { Endpoint } from '../generated/layouts.ts';
import type { EndpointPolicy, EndpointRow } from './rows.ts';

const enforcedFlags = { egress: ENDPOINT_EGRESS_ENFORCED, ingress: ENDPOINT_INGRESS_ENFORCED } as const;
const anyEnforced = enforcedFlags.egress | enforcedFlags.ingress;
export const peersOnlyFlags = { egress: ENDPOINT_EGRESS_PEERS_ONLY, ingress: ENDPOINT_INGRESS_PEERS_ONLY } as const;
const anyPeersOnly = peersOnlyFlags.egress | peersOnlyFlags.ingress;
/** The set that has no rows, in which everything is denied where it is enforced. */
const emptySet = 0;

export class EndpointTable {
  private readonly map: DatapathMap<AddressWords, Endpoint>;
  private readonly wanted = new Map<number, EndpointRow>();
  private readonly policies = new Map<number, EndpointPolicy>();
  /** By address. */
  private readonly written = new Map<string, Endpoint>();
  /** Addresses of which an update failed: the row may be there or not, or be another. */
  private readonly unsure = new Set<string>();
  private readonly dirty = new Set<number>();
  /** Flags of directions in which a set says nothing of every peer. */
  private readonly peersOnly: (set: number) => number;

  constructor(map: DatapathMap<AddressWords, Endpoint>, peersOnly: (set: number) => number) {
    this.map = map;
    this.peersOnly = peersOnly;
  }

  async load(): Promise<void> {
    for await (const [key, value] of this.map.entries()) this.written.set(wordText(key), value);
  }

  put(row: EndpointRow): void {
    this.wanted.set(row.id, { ...row, addresses: row.addresses.map((address) => wordText(addressWords(address))) });
    this.dirty.add(row.id);
  }

  remove(id: number): void {
    if (this.wanted.delete(id)) this.dirty.add(id);
  }

  putPolicy(id: number, policy: EndpointPolicy): void {
    this.policies.set(id, policy);
    this.dirty.add(id);
  }

  removePolicy(id: number): void {
    this.policies.delete(id);
    this.dirty.add(id);
  }

  /** From now on rows of nobody go. */
  prune(): void {
    for (const { id } of this.written.values()) this.dirty.add(id);
  }

  /** Addresses about to be written for the first time. */
  newAddresses(): string[] {
    return [...this.dirty].flatMap((id) => this.wanted.get(id)?.addresses ?? []).filter((address) => !this.written.has(address));
  }

  addresses(isMeant: (endpoint: Endpoint) => boolean): string[] {
    return [...this.written].flatMap(([address, endpoint]) => (isMeant(endpoint) ? [address] : []));
  }

  /** By address. */
  writtenIdentities(): Map<string, number> {
    return new Map([...this.written].map(([address, { identity }]) => [address, identity]));
  }

  usedSets(): Set<number> {
    return new Set([...this.written.values()].map(({ policySet }) => policySet));
  }

  /** Endpoints that want one of these sets. */
  idsOf(set: number): number[] {
    return [...this.policies].flatMap(([id, policy]) => (policy.set === set && this.wanted.has(id) ? [id] : []));
  }

  /** Nothing passes, for want of a set. */
  isClosed(id: number): boolean {
    return [...this.written.values()].some((endpoint) => endpoint.id === id && endpoint.policySet === emptySet);
  }

  /**
   * Writes what differs and adds the addresses to `changed`, also when it throws. `isHeld`: the set is not there yet; then an endpoint stays with what it
   * has, and one that has nothing is closed.
   */
  async write(isHeld: (set: number) => boolean, changed: Set<string>): Promise<void> {
    for (const id of [...this.dirty]) {
      this.dirty.delete(id);
      try {
        await this.writeEndpoint(id, isHeld, changed);
      } catch (error) {
        this.dirty.add(id);
        throw error;
      }
    }
  }

  /** Brings the flags that follow from what sets hold up to date. No verdict changes by it. */
  async writePeersOnly(): Promise<void> {
    for (const [address, endpoint] of [...this.written]) await this.writeRow(address, this.flagged(endpoint));
  }

  private async writeEndpoint(id: number, isHeld: (set: number) => boolean, changed: Set<string>): Promise<void> {
    const row = this.wanted.get(id);
    const policy = this.policies.get(id);
    const isWaiting = policy !== undefined && isHeld(policy.set);
    if (isWaiting) this.dirty.add(id);
    if (row !== undefined) {
      const value = this.value(row, isWaiting ? undefined : policy);
      for (const address of row.addresses) if (await this.writeRow(address, value)) changed.add(address);
    }
    const gone = [...this.written.keys(), ...this.unsure].filter((address) => this.isGone(address, id));
    await this.map.delete(gone.map((address) => addressWords(address)));
    for (const address of gone) {
      this.written.delete(address);
      this.unsure.delete(address);
      changed.add(address);
    }
  }

  private isGone(address: string, id: number): boolean {
    const endpoint = this.written.get(address);
    if (endpoint !== undefined) return endpoint.id === id && !this.wanted.get(id)?.addresses.includes(address);
    return ![...this.wanted.values()].some(({ addresses }) => addresses.includes(address));
  }

  private async writeRow(address: string, value: Endpoint): Promise<boolean> {
    const before = this.written.get(address);
    if (before !== undefined && isSame(before, value) && !this.unsure.has(address)) return false;
    this.unsure.add(address);
    await this.map.update([[addressWords(address), value]]);
    this.unsure.delete(address);
    this.written.set(address, value);
    return true;
  }

  /** Without a policy: what it has, or else nothing passes. */
  private value({ id, identity, port, flags = 0, mac, gatewayMac }: EndpointRow, policy: EndpointPolicy | undefined): Endpoint {
    const common = { id, identity, port, mac, gatewayMac };
    if (policy !== undefined) {
      const { set, enforced } = policy;
      const enforcing = (enforced.egress ? enforcedFlags.egress : 0) | (enforced.ingress ? enforcedFlags.ingress : 0);
      return this.flagged({ ...common, policySet: set, flags: flags | enforcing });
    }
    const held = [...this.written.values()].find((endpoint) => endpoint.id === id);
    const { policySet, flags: before } = held ?? { policySet: emptySet, flags: anyEnforced };
    return this.flagged({ ...common, policySet, flags: flags | (before & anyEnforced) });
  }

  private flagged(endpoint: Endpoint): Endpoint {
    return { ...endpoint, flags: (endpoint.flags & ~anyPeersOnly) | this.peersOnly(endpoint.policySet) };
  }
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  const fields = ['id', 'identity', 'port', 'policySet', 'flags', 'mac', 'gatewayMac'] as const;
  return fields.every((field) => a[field] === b[field]);
}
