// Side: one end of a pod's pair as it should be, and what is missing of it: as sentences for who asks, as changes for who repairs.

import { canonicalAddress } from './attributes.ts';
import { addAddress, type LinkAddress, listAddresses } from './link-addresses.ts';
import { answerAtOnce, changeLink, ipv4Setting, type Link, type LinkSettings, listLinks, settingOf } from './links.ts';
import { listNeighbours, type Neighbour, putNeighbour } from './neighbours.ts';
import { gateways } from './ours.ts';
import { addRoute, isSameRoute, listRoutes, type Route, replaceRoute } from './routes.ts';
import type { Change, Session } from './session.ts';

/** What a namespace has now. Routes are only those of ours. */
export interface Observed {
  readonly links: readonly Link[];
  readonly addresses: readonly LinkAddress[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
}

export const nothing: Observed = { links: [], addresses: [], routes: [], neighbours: [] };

/** What concerns one link. */
export function observeLink(session: Session, link: Link): Observed {
  return {
    links: [link],
    addresses: listAddresses(session, link.index),
    routes: listRoutes(session, link.index),
    neighbours: listNeighbours(session, link.index),
  };
}

export function observe(session: Session): Observed {
  return {
    links: listLinks(session),
    addresses: listAddresses(session),
    routes: listRoutes(session),
    neighbours: listNeighbours(session),
  };
}

/** One end of a pair. */
export interface Side {
  readonly mac?: string;
  readonly mtu?: number;
  readonly ipv4: readonly (readonly [setting: number, value: number])[];
  readonly addresses: readonly string[];
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[];
  readonly routes: readonly Route[];
}

export interface Missing {
  readonly sentence: string;
  readonly changes: readonly Change[];
}

type Addresses = readonly string[];

/** The node's own addresses, which its packets to pods have as source. */
export type Sources = Readonly<Partial<Record<4 | 6, string>>>;

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

export function podSide(link: number, pod: { mac: string; gatewayMac: string; mtu: number; addresses: Addresses }): Side {
  const families = ([4, 6] as const).filter((family) => pod.addresses.some((address) => familyOf(address) === family));
  return {
    mac: pod.mac,
    mtu: pod.mtu,
    ipv4: [],
    addresses: pod.addresses.map(canonicalAddress),
    neighbours: families.map((family) => ({ address: gateways[family], mac: pod.gatewayMac })),
    routes: families.map((family) => ({
      destination: family === 4 ? '0.0.0.0/0' : '::/0',
      link,
      gateway: gateways[family],
      onLink: family === 4,
    })),
  };
}

/**
 * What the pod asks for gets an answer, and what leaves it is judged by the datapath alone, not by reverse paths or by its source: a
 * backend's answer to a client of a node port has the node's own address as source when the stack gets it.
 */
export function hostSide(
  link: number,
  pod: { mac: string; gatewayMac?: string; mtu?: number; addresses: Addresses },
  sources: Sources,
): Side {
  const addresses = pod.addresses.map(canonicalAddress);
  return {
    mac: pod.gatewayMac,
    mtu: pod.mtu,
    ipv4: [
      [ipv4Setting.rpFilter, 0],
      [ipv4Setting.acceptLocal, 1],
      [ipv4Setting.proxyArp, 1],
      [ipv4Setting.sendRedirects, 0],
    ],
    addresses: addresses.some((address) => familyOf(address) === 6) ? [gateways[6]] : [],
    neighbours: addresses.map((address) => ({ address, mac: pod.mac })),
    routes: addresses.map((address) => ({ destination: hostPrefix(address), link, source: sources[familyOf(address)] })),
  };
}

export function hostPrefix(address: string): string {
  return `${canonicalAddress(address)}/${familyOf(address) === 4 ? 32 : 128}`;
}

/** What an end lacks, in the order in which it must be done. */
export function missingOf(side: Side, link: Link, observed: Observed): Missing[] {
  return [
    ...missingSettings(side, link),
    ...side.addresses
      .filter((address) => !observed.addresses.some((there) => there.link === link.index && there.address === address))
      .map((address) => ({ sentence: `${link.name}: address ${address} is missing`, changes: [addAddress(link.index, address)] })),
    ...side.neighbours
      .filter(({ address, mac }) => !observed.neighbours.some((there) => isNeighbour(there, link.index, address, mac)))
      .map(({ address, mac }) => ({
        sentence: `${link.name}: no permanent neighbour ${address} at ${mac}`,
        changes: [putNeighbour({ link: link.index, address, mac })],
      })),
    ...side.routes.flatMap((route) => missingRoute(link.name, route, observed.routes)),
  ];
}

/** A route that leads elsewhere is replaced, so that there is always one. */
export function missingRoute(subject: string, route: Route, there: readonly Route[]): Missing[] {
  const same = there.filter(({ destination }) => destination === route.destination);
  if (same.some((other) => isSameRoute(other, route))) return [];
  if (same.length > 0) {
    return [{ sentence: `${subject}: route ${route.destination} leads another way`, changes: [replaceRoute(route)] }];
  }
  return [{ sentence: `${subject}: route ${route.destination} is missing`, changes: [addRoute(route)] }];
}

function isNeighbour(there: Neighbour, link: number, address: string, mac: string): boolean {
  return there.link === link && there.address === address && there.mac === mac && there.isPermanent;
}

function missingSettings(side: Side, link: Link): Missing[] {
  const settings: LinkSettings = {
    ...(side.mac !== undefined && link.mac !== side.mac && { mac: side.mac }),
    ...(side.mtu !== undefined && link.mtu !== side.mtu && { mtu: side.mtu }),
    ...(link.makesAddresses && { noAddresses: true }),
    ...(side.ipv4.some(([setting, value]) => settingOf(link, setting) !== value) && { ipv4: side.ipv4 }),
  };
  const wrong = [
    settings.mac && `${link.name}: its MAC address is ${link.mac}, not ${settings.mac}`,
    settings.mtu && `${link.name}: its MTU is ${link.mtu}, not ${settings.mtu}`,
    settings.noAddresses && `${link.name}: makes link-local addresses of its own`,
    settings.ipv4 && `${link.name}: its IPv4 settings are not as wanted`,
  ].filter((sentence) => typeof sentence === 'string');
  const arp = settings.ipv4 === undefined ? [] : [answerAtOnce(link.index)];
  return [
    ...(wrong.length === 0 ? [] : [{ sentence: wrong.join('; '), changes: [changeLink(link.index, settings), ...arp] }]),
    ...(link.isUp ? [] : [{ sentence: `${link.name}: is down`, changes: [changeLink(link.index, { isUp: true })] }]),
  ];
}
