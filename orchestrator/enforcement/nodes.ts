// Nodes: numbers for the other nodes of the cluster, this node's own for each, and the maps that say where they are.

import type { Datapath } from '../datapath/datapath.ts';
import { CONFIG_ALLOW_EVENTS, NODE_MODE_NATIVE, NODE_MODE_OVERLAY } from '../datapath/generated/enums.ts';
import type { Node } from '../datapath/generated/layouts.ts';
import { configSpec, nodesSpec } from '../datapath/generated/maps.ts';
import { datapathLabel, type NodeRecord } from '../etcd/records/node.ts';
import { reserved, reservedLabels } from '../model/identity.ts';
import type { Claim } from '../model/ipcache/claim.ts';
import { parsePrefix } from '../net/prefix.ts';
import { addressWords, swapPort, wordText } from '../net/words.ts';
import type { Clock } from '../state/clock.ts';
import { Ids } from '../state/ids.ts';
import { familyOf, macWord, type Self } from './self.ts';
import type { NodeView } from './view.ts';

/** Numbers of others begin behind our own. */
export const ownNumber = 1;
const mostNodes = 16_383;
/** Flows that knew a number may live on for a while. */
const reuseAfterMs = 600_000;

/** Sources that a pod sees which reaches itself through a service; nobody has them. */
const hairpin = { 4: '169.254.42.1', 6: 'fd42::42:1' } as const;

/** Source ports for clients from the network: below those that Linux gives to this host's own connections, of which some may come from the same address. */
const masqPorts = { masqPortMin: 1024, masqPortMax: 32_767 } as const;

export interface NodeChange {
  readonly put: readonly (readonly [number, Node])[];
  readonly removed: readonly number[];
}

export class Nodes {
  readonly byName = new Map<string, NodeView>();
  private readonly datapath: Pick<Datapath, 'map'>;
  /** By address: a node that comes back under it is the same one. */
  private readonly ids: Ids;
  private readonly written = new Map<number, Node>();
  private readonly records = new Map<string, NodeRecord>();
  private self: Self | undefined;

  private constructor(datapath: Pick<Datapath, 'map'>, clock: Clock, written: ReadonlyMap<number, Node>) {
    this.datapath = datapath;
    for (const [number, node] of written) this.written.set(number, node);
    const held = [...written].flatMap(([number, node]): [string, number][] =>
      number > ownNumber && number <= mostNodes ? [[textOf(node), number]] : [],
    );
    // Of two numbers of one address the first is as good as the other.
    this.ids = new Ids({ first: ownNumber + 1, last: mostNodes, reuseAfterMs, clock, held: new Map(held.toReversed()) });
  }

  /** Numbers of an earlier life are kept. */
  static async open(datapath: Pick<Datapath, 'map'>, clock: Clock): Promise<Nodes> {
    const written = new Map<number, Node>();
    for await (const [number, node] of datapath.map(nodesSpec).entries()) written.set(number, node);
    return new Nodes(datapath, clock, written);
  }

  setSelf(self: Self): void {
    this.self = self;
  }

  put(record: NodeRecord): void {
    this.records.set(record.Name, record);
  }

  remove(name: string): void {
    this.records.delete(name);
  }

  /** 0 for a node that has no number. */
  number(name: string): number {
    return this.byName.get(name)?.number ?? 0;
  }

  /** What the addresses of a node that is not this one stand for. */
  claimsOf(record: NodeRecord): Claim[] {
    const owner = `node ${record.Name}`;
    const labels = reservedLabels('remote-node');
    const claims = new Map<string, Claim>();
    const add = (text: string, more: Partial<Claim>): void => {
      const prefix = prefixOf(text);
      if (prefix !== undefined && !claims.has(prefix.text)) claims.set(prefix.text, { prefix, source: 'kvstore', owner, ...more });
    };
    for (const { Type, IP } of record.IPAddresses) add(IP, { labels, ...(Type === 'CiliumInternalIP' && { node: record.Name }) });
    // Of a pod that nobody has told of yet no more is known than that it is behind this node.
    for (const text of prefixesOf(record)) add(text, { identity: reserved.unmanaged, node: record.Name });
    return [...claims.values()];
  }

  /** Brings numbers up to date. `moved`: names whose number is another than before. */
  settle(): { readonly change: NodeChange; readonly moved: string[] } {
    const wanted = new Map<number, Node>();
    const moved: string[] = [];
    const kept = new Set<string>();
    const { self } = this;
    if (self !== undefined) {
      const address = self.underlay[0] ?? '0.0.0.0';
      wanted.set(ownNumber, nodeOf(address, 'native', self));
      this.byName.set(self.name, {
        node: self.name,
        number: ownNumber,
        address,
        others: self.underlay.slice(1),
        way: 'local',
        router: self.router,
        prefixes: self.podPrefixes,
        datapath: self.datapath,
      });
      for (const record of [...this.records.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1))) {
        if (record.Name === self.name) continue;
        const view = this.view(record, self);
        if (view.number > 0) wanted.set(view.number, nodeOf(view.address, view.way, self));
        if (view.number > 0) kept.add(view.address);
        if (this.number(record.Name) !== view.number) moved.push(record.Name);
        this.byName.set(record.Name, view);
      }
    }
    for (const name of [...this.byName.keys()]) if (name !== self?.name && !this.records.has(name)) this.byName.delete(name);
    this.ids.retain(kept);
    const put = [...wanted].filter(([number, node]) => !isSame(this.written.get(number), node));
    return { change: { put, removed: [...this.written.keys()].filter((number) => !wanted.has(number)) }, moved };
  }

  /** Before anything refers to them. */
  async write({ put }: NodeChange): Promise<void> {
    await this.datapath.map(nodesSpec).update(put);
    for (const [number, node] of put) this.written.set(number, node);
  }

  /** After nothing refers to them. */
  async forget({ removed }: NodeChange): Promise<void> {
    await this.datapath.map(nodesSpec).delete(removed);
    for (const number of removed) this.written.delete(number);
  }

  async writeConfig(): Promise<void> {
    const { self } = this;
    if (self === undefined) return;
    const v6 = addressWords(hairpin[6]);
    const [router4, router6] = ([4, 6] as const).map((family) => self.speakers.find((address) => familyOf(address) === family));
    const routerWords6 = addressWords(router6 ?? '::');
    const config = {
      flags: CONFIG_ALLOW_EVENTS,
      node: ownNumber,
      cluster: self.cluster.id,
      overlayPort: self.overlayPort,
      hairpin4: addressWords(hairpin[4]).lo,
      hairpin6Hi: v6.hi,
      hairpin6Lo: v6.lo,
      hostMac: macWord(self.mac),
      router4: router4 === undefined ? 0n : addressWords(router4).lo,
      router6Hi: routerWords6.hi,
      router6Lo: routerWords6.lo,
      ...masqPorts,
      tunnelPort: swapPort(self.tunnelPort),
    };
    await this.datapath.map(configSpec).update([[0, config]]);
  }

  private view(record: NodeRecord, self: Self) {
    const [address = '', ...others] = underlayOf(record, self);
    const number = address === '' ? 0 : (this.ids.take(address) ?? 0);
    const router = record.IPAddresses.filter(({ Type }) => Type === 'CiliumInternalIP').map(({ IP }) => IP);
    return {
      node: record.Name,
      number,
      address,
      others,
      way: self.way,
      router,
      prefixes: prefixesOf(record),
      datapath: record.Labels?.[datapathLabel] ?? '',
    };
  }
}

/** The addresses by which we reach it: of families that we have, IPv4 first; internal ones before others. */
function underlayOf({ IPAddresses }: NodeRecord, { underlay }: Self): string[] {
  const families = new Set(underlay.map(familyOf));
  const reachable = IPAddresses.filter(({ Type, IP }) => Type !== 'CiliumInternalIP' && families.has(familyOf(IP)));
  const rank = ({ Type, IP }: { Type: string; IP: string }) => (familyOf(IP) === 4 ? 0 : 2) + (Type === 'InternalIP' ? 0 : 1);
  return reachable.sort((a, b) => rank(a) - rank(b)).map(({ IP }) => IP);
}

function prefixesOf({ IPv4AllocCIDR, IPv6AllocCIDR }: NodeRecord): string[] {
  return [IPv4AllocCIDR, IPv6AllocCIDR].filter((text) => text !== undefined && prefixOf(text) !== undefined) as string[];
}

function prefixOf(text: string) {
  try {
    return parsePrefix(text);
  } catch {
    return undefined;
  }
}

function nodeOf(address: string, way: 'overlay' | 'native', { mtu, cluster }: Self): Node {
  const { hi, lo } = addressWords(address);
  const mode = way === 'overlay' ? NODE_MODE_OVERLAY : NODE_MODE_NATIVE;
  return { addressHi: hi, addressLo: lo, mode, keyState: 0, mtu, cluster: cluster.id, flags: 0 };
}

function textOf({ addressHi, addressLo }: Node): string {
  return wordText({ hi: addressHi, lo: addressLo });
}

function isSame(a: Node | undefined, b: Node): boolean {
  return a !== undefined && Object.keys(b).every((name) => a[name as keyof Node] === b[name as keyof Node]);
}
