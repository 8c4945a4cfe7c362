// Routes: those of ours, in the main table or in one of our own, as rows and as requests.

import { errno } from '../datapath/kernel/errno.ts';
import { attribute, joined, netlinkFlag } from '../datapath/kernel/netlink.ts';
import { Attributes, bigEndian, familyBytes, inet, inet6, littleEndian } from './attributes.ts';
import { protocol, routeTable } from './ours.ts';
import type { Change, Session } from './session.ts';

/** A destination and the way there. Absent fields are left to the kernel, and not compared. */
export interface Route {
  /** Canonical prefix. */
  readonly destination: string;
  /** Interface index. */
  readonly link?: number;
  readonly gateway?: string;
  /** The gateway is on the link, whatever the routes say. */
  readonly onLink?: boolean;
  /** Source of packets that have none yet. */
  readonly source?: string;
  /** The node that a tunnel of the link leads to. */
  readonly tunnel?: string;
  /** One of our own instead of the main table. */
  readonly table?: number;
  /** Whatever goes there is for this host. */
  readonly isLocal?: boolean;
}

const messages = { create: 24, remove: 25, get: 26 } as const;
const attributes = { destination: 1, link: 4, gateway: 5, source: 7, table: 15, tunnelType: 21, tunnel: 22 } as const;
/** The same in both families. */
const tunnel = { identity: 1, destination: 2 } as const;
/** LWTUNNEL_ENCAP_IP, LWTUNNEL_ENCAP_IP6. */
const tunnelType = { [inet]: 2, [inet6]: 4 } as const;
/** The host's own packets carry its identity, as those of pods carry theirs. */
const hostIdentity = 1;
const mainTable = 254;
/** RTN_UNICAST, RTN_LOCAL. */
const [unicast, local] = [1, 2];
const [everywhere, onLinkScope, hostScope] = [0, 253, 254];
/** RTNH_F_ONLINK */
const onLinkFlag = 4;
/** RT_TABLE_UNSPEC */
const anyTable = 0;
/** RTM_F_CLONED: entries that the kernel keeps beside routes. */
const cloned = 0x200;
const headerBytes = 12;

/** Routes with our protocol, of both families; of one link (an interface index), or of all. */
export function listRoutes(session: Session, only?: number): Route[] {
  const filter = only === undefined ? [] : [attribute(attributes.link, only)];
  return [inet, inet6]
    .flatMap((family) => session.dump(messages.get, joined(header(family, 0, { table: mainTable, protocol }), ...filter)))
    .flatMap(({ body }) => readRoute(body))
    .filter(({ link, table }) => (only === undefined || link === only) && table === undefined);
}

/** Those of a link in tables of our own. */
export function listOwnTables(session: Session, link: number): Route[] {
  return [inet, inet6]
    .flatMap((family) =>
      session.dump(messages.get, joined(header(family, 0, { table: anyTable, protocol }), attribute(attributes.link, link))),
    )
    .flatMap(({ body }) => readRoute(body))
    .filter((route) => route.link === link && route.table !== undefined);
}

function isOwnTable(number: number | undefined): boolean {
  return Object.values(routeTable).some((table) => table === number);
}

export function readRoute(body: Uint8Array): Route[] {
  const found = new Attributes(body, headerBytes);
  const flags = new DataView(body.buffer, body.byteOffset).getUint32(8, true);
  const table = found.number(attributes.table) ?? body[4];
  const isLocal = body[7] === local;
  const isOfKind = table === mainTable ? body[7] === unicast : isOwnTable(table) && (isLocal || body[7] === unicast);
  if (body[5] !== protocol || !isOfKind || (flags & cloned) !== 0) return [];
  const family = body[0] === inet6 ? inet6 : inet;
  const address = found.address(attributes.destination) ?? (family === inet ? '0.0.0.0' : '::');
  const way = found.nested(attributes.tunnel);
  const isTunnel = found.number(attributes.tunnelType) !== undefined;
  return [
    {
      destination: `${address}/${body[1]}`,
      link: found.number(attributes.link),
      gateway: found.address(attributes.gateway),
      source: found.address(attributes.source),
      tunnel: isTunnel ? way.address(tunnel.destination) : undefined,
      ...(table !== mainTable && { table }),
      ...(isLocal && { isLocal }),
    },
  ];
}

/** Fails with EEXIST when another route has the destination. */
export function addRoute(route: Route): Change {
  return put(route, 'add', netlinkFlag.create | netlinkFlag.exclusive);
}

/** Puts a route in the place of the one that leads there now. */
export function replaceRoute(route: Route): Change {
  return put(route, 'replace', netlinkFlag.create | netlinkFlag.replace);
}

export function removeRoute(route: Route): Change {
  const { family, length, destination } = target(route);
  const link = route.link === undefined ? [] : [attribute(attributes.link, route.link)];
  return {
    step: `route ${route.destination}: remove`,
    type: messages.remove,
    flags: 0,
    tolerated: [errno.srch],
    body: joined(header(family, length, { table: numberOf(route), protocol, scope: nowhere }), ...destination, ...link, ...tableOf(route)),
  };
}

/** RT_SCOPE_NOWHERE: of whatever scope. */
const nowhere = 255;

function put(route: Route, verb: string, flags: number): Change {
  const { family, length, destination } = target(route);
  const isDirect = family === inet && route.gateway === undefined;
  const fixed = header(family, length, {
    table: numberOf(route),
    protocol,
    scope: route.isLocal ? hostScope : isDirect ? onLinkScope : everywhere,
    type: route.isLocal ? local : unicast,
    flags: route.onLink ? onLinkFlag : 0,
  });
  const way = [
    ...(route.link === undefined ? [] : [attribute(attributes.link, route.link)]),
    ...(route.gateway === undefined ? [] : [attribute(attributes.gateway, familyBytes(route.gateway).bytes)]),
    ...(route.source === undefined ? [] : [attribute(attributes.source, familyBytes(route.source).bytes)]),
    ...(route.tunnel === undefined ? [] : tunnelAttributes(route.tunnel)),
    ...tableOf(route),
  ];
  return { step: `route ${route.destination}: ${verb}`, type: messages.create, flags, body: joined(fixed, ...destination, ...way) };
}

function tunnelAttributes(node: string): Uint8Array[] {
  const { family, bytes } = familyBytes(node);
  const way = joined(attribute(tunnel.identity, bigEndian(hostIdentity, 8)), attribute(tunnel.destination, bytes));
  return [attribute(attributes.tunnelType, littleEndian(tunnelType[family], 2)), attribute(attributes.tunnel, way)];
}

/** Numbers of more than eight bits have an attribute. */
function numberOf({ table }: Route): number {
  return table === undefined ? mainTable : anyTable;
}

function tableOf({ table }: Route): Uint8Array[] {
  return table === undefined ? [] : [attribute(attributes.table, table)];
}

/** Default routes have no destination attribute. */
function target(route: Route): { family: typeof inet | typeof inet6; length: number; destination: Uint8Array[] } {
  const [address = '', length = ''] = route.destination.split('/');
  const { family, bytes } = familyBytes(address);
  const destination = length === '0' ? [] : [attribute(attributes.destination, bytes)];
  return { family, length: Number(length), destination };
}

interface RouteHeader {
  readonly table: number;
  readonly protocol: number;
  readonly scope?: number;
  readonly type?: number;
  readonly flags?: number;
}

/** struct rtmsg. */
function header(family: number, length: number, { table, protocol, scope = 0, type = 0, flags = 0 }: RouteHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  bytes.set([family, length, 0, 0, table, protocol, scope, type]);
  new DataView(bytes.buffer).setUint32(8, flags, true);
  return bytes;
}

/** Whether what is there is what is wanted: every field that is wanted at all. */
export function isSameRoute(there: Route, wanted: Route): boolean {
  return (
    there.destination === wanted.destination &&
    (wanted.link === undefined || there.link === wanted.link) &&
    there.gateway === wanted.gateway &&
    there.source === wanted.source &&
    there.tunnel === wanted.tunnel &&
    there.table === wanted.table &&
    there.isLocal === wanted.isLocal
  );
}
