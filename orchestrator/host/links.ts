// Links: network devices of a namespace, as rows and as requests.

import { attribute, joined, netlinkFlag } from '../datapath/kernel/netlink.ts';
import { Attributes, bigEndian, inet, inet6, littleEndian, parseMac } from './attributes.ts';
import type { Change, Session } from './session.ts';

export interface Link {
  readonly index: number;
  readonly name: string;
  /** Of a veth: its other end's index, in the other end's namespace. */
  readonly peer: number;
  readonly kind: string;
  readonly flags: number;
  readonly mtu: number;
  /** Packets that may wait for the device. */
  readonly queue: number;
  readonly mac: string;
  readonly isUp: boolean;
  /** Settings of IPv4, by the kernel's number (`ipv4Setting`). */
  readonly ipv4: readonly number[];
  /** Of IPv6: whether link-local addresses are made by themselves. */
  readonly makesAddresses: boolean;
  readonly alias: string;
  readonly data: Attributes;
}

export const linkFlag = { up: 1, noArp: 0x80 } as const;
/** Numbers of IPV4_DEVCONF_*. */
export const ipv4Setting = { proxyArp: 3, sendRedirects: 6, rpFilter: 8, acceptLocal: 23 } as const;

const messages = { create: 16, remove: 17, get: 18, set: 19, setNeighbourTable: 67 } as const;
const attributes = { mac: 1, name: 3, mtu: 4, link: 5, queue: 13, info: 18, alias: 20, families: 26, namespace: 28, extended: 29 } as const;
const info = { kind: 1, data: 2 } as const;
/** IFLA_INET_CONF; IFLA_INET6_ADDR_GEN_MODE and its value "none". */
const [inetSettings, addressMode, noAddresses] = [1, 8, 1];
/** RTEXT_FILTER_SKIP_STATS */
const skipStatistics = 8;
const headerBytes = 16;
const vethPeer = 1;
const vxlan = { learning: 7, port: 15, zeroChecksumSend6: 19, zeroChecksumReceive6: 20, collectMetadata: 25 } as const;

export function listLinks(session: Session, kind?: string): Link[] {
  const filter = kind === undefined ? [] : [attribute(attributes.info, attribute(info.kind, kind))];
  const body = joined(linkHeader(0), attribute(attributes.extended, skipStatistics), ...filter);
  return session
    .dump(messages.get, body)
    .map(({ body }) => readLink(body))
    .filter((link) => kind === undefined || link.kind === kind);
}

export function findLink(session: Session, name: string): Link | undefined {
  return getLink(session, joined(linkHeader(0), attribute(attributes.name, name)));
}

export function linkAt(session: Session, index: number): Link | undefined {
  return getLink(session, linkHeader(index));
}

function getLink(session: Session, which: Uint8Array): Link | undefined {
  const found = session.get(messages.get, joined(which, attribute(attributes.extended, skipStatistics)));
  return found === undefined ? undefined : readLink(found.body);
}

export function readLink(body: Uint8Array): Link {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const found = new Attributes(body, headerBytes);
  const families = found.nested(attributes.families);
  const settings = families.nested(inet).bytes(inetSettings) ?? new Uint8Array();
  const flags = view.getUint32(8, true);
  const about = found.nested(attributes.info);
  return {
    index: view.getInt32(4, true),
    name: found.text(attributes.name) ?? '',
    peer: found.number(attributes.link) ?? 0,
    kind: about.text(info.kind) ?? '',
    flags,
    isUp: (flags & linkFlag.up) !== 0,
    mtu: found.number(attributes.mtu) ?? 0,
    queue: found.number(attributes.queue) ?? 0,
    mac: found.mac(attributes.mac) ?? '',
    ipv4: Array.from({ length: settings.length >> 2 }, (_, index) =>
      new DataView(settings.buffer, settings.byteOffset).getUint32(index * 4, true),
    ),
    makesAddresses: families.nested(inet6).number(addressMode) !== noAddresses,
    alias: found.text(attributes.alias) ?? '',
    data: about.nested(info.data),
  };
}

/** One setting of a link's IPv4. */
export function settingOf(link: Link, setting: number): number {
  return link.ipv4[setting - 1] ?? 0;
}

/** Both ends of a pair, down: ours here, the other in the namespace behind a descriptor. */
export function createPair(
  ours: { name: string; mac: string },
  other: { name: string; mac: string; namespace: number },
  mtu: number,
): Change {
  const peer = joined(
    linkHeader(0),
    attribute(attributes.name, other.name),
    attribute(attributes.mac, parseMac(other.mac)),
    attribute(attributes.mtu, mtu),
    attribute(attributes.namespace, other.namespace),
  );
  const about = joined(attribute(info.kind, 'veth'), attribute(info.data, attribute(vethPeer, peer)));
  return {
    step: `create, with ${other.name} as its other end`,
    type: messages.create,
    flags: netlinkFlag.create | netlinkFlag.exclusive,
    body: joined(
      linkHeader(0),
      attribute(attributes.name, ours.name),
      attribute(attributes.mac, parseMac(ours.mac)),
      attribute(attributes.mtu, mtu),
      attribute(attributes.info, about),
    ),
  };
}

/** A VXLAN device that takes its tunnels from each packet, and asks nobody for link addresses; down. */
export function createOverlay(name: string, port: number, mtu: number): Change {
  const data = joined(
    attribute(vxlan.collectMetadata, littleEndian(1, 1)),
    attribute(vxlan.learning, littleEndian(0, 1)),
    attribute(vxlan.port, bigEndian(port, 2)),
    attribute(vxlan.zeroChecksumSend6, littleEndian(1, 1)),
    attribute(vxlan.zeroChecksumReceive6, littleEndian(1, 1)),
  );
  const about = joined(attribute(info.kind, 'vxlan'), attribute(info.data, data));
  return {
    step: 'create',
    type: messages.create,
    flags: netlinkFlag.create | netlinkFlag.exclusive,
    body: joined(
      linkHeader(0, linkFlag.noArp, linkFlag.noArp),
      attribute(attributes.name, name),
      attribute(attributes.mtu, mtu),
      attribute(attributes.info, about),
    ),
  };
}

/** The UDP port of a VXLAN device, and whether it is as `createOverlay` makes it. */
export function overlayPort(link: Link): { port: number; isOurs: boolean } {
  const bytes = link.data.bytes(vxlan.port) ?? Uint8Array.of(0, 0);
  return { port: ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0), isOurs: link.data.number(vxlan.collectMetadata) === 1 };
}

export interface LinkSettings {
  readonly mac?: string;
  readonly mtu?: number;
  readonly queue?: number;
  readonly alias?: string;
  readonly isUp?: boolean;
  readonly noArp?: boolean;
  /** Setting of IPv4 → value. */
  readonly ipv4?: readonly (readonly [setting: number, value: number])[];
  /** No link-local address comes by itself; it must be set before the link goes up. */
  readonly noAddresses?: boolean;
}

/** The kernel raises a link before it looks at the settings of families: what must come before is a change of its own. */
export function changeLink(index: number, settings: LinkSettings): Change {
  const { mac, mtu, queue, alias, isUp, noArp, ipv4 = [], noAddresses: none } = settings;
  const families = joined(
    ...(ipv4.length === 0
      ? []
      : [attribute(inet, attribute(inetSettings, joined(...ipv4.map(([type, value]) => attribute(type, value)))))]),
    ...(none ? [attribute(inet6, attribute(addressMode, littleEndian(noAddresses, 1)))] : []),
  );
  const flags = (isUp ? linkFlag.up : 0) | (noArp ? linkFlag.noArp : 0);
  const mask = (isUp === undefined ? 0 : linkFlag.up) | (noArp === undefined ? 0 : linkFlag.noArp);
  return {
    step: isUp ? 'raise' : 'configure',
    type: messages.set,
    flags: 0,
    body: joined(
      linkHeader(index, flags, mask),
      ...(mac === undefined ? [] : [attribute(attributes.mac, parseMac(mac))]),
      ...(mtu === undefined ? [] : [attribute(attributes.mtu, mtu)]),
      ...(queue === undefined ? [] : [attribute(attributes.queue, queue)]),
      ...(alias === undefined ? [] : [attribute(attributes.alias, alias)]),
      ...(families.length === 0 ? [] : [attribute(attributes.families, families)]),
    ),
  };
}

export function removeLink(index: number, tolerated: readonly number[] = []): Change {
  return { step: 'remove', type: messages.remove, flags: 0, body: linkHeader(index), tolerated };
}

/** Answers to ARP requests for others come at once on this link. */
export function answerAtOnce(index: number): Change {
  const [tableName, tableParameters, parameterLink, proxyDelay] = [1, 6, 1, 13];
  const parameters = joined(attribute(parameterLink, index), attribute(proxyDelay, new Uint8Array(8)));
  return {
    step: 'answer ARP without delay',
    type: messages.setNeighbourTable,
    flags: 0,
    body: joined(Uint8Array.of(inet, 0, 0, 0), attribute(tableName, 'arp_cache'), attribute(tableParameters, parameters)),
  };
}

/** struct ifinfomsg. */
function linkHeader(index: number, flags = 0, mask = 0): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, index, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, mask, true);
  return bytes;
}
