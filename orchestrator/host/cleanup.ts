// Cleanup: takes out of a namespace everything that is ours.

import { errno } from '../datapath/kernel/errno.ts';
import { listAddresses, removeAddress } from './link-addresses.ts';
import { listLinks, removeLink } from './links.ts';
import { removeTables } from './nft/masquerade.ts';
import { isPodDevice } from './ours.ts';
import { isOurOverlay } from './overlay.ts';
import { removeRedirect } from './redirect.ts';
import { listRoutes, removeRoute } from './routes.ts';
import type { Change, Session } from './session.ts';

/** What was removed, one text each. Routes before devices: a device takes its own along, untold. */
export function cleanHost(session: Session, netfilter: Session, prefix: string): string[] {
  const links = listLinks(session);
  const loopback = links.find(({ name }) => name === 'lo')?.index;
  const ours = links.filter((link) => (link.kind === 'veth' && isPodDevice(link.name, prefix)) || isOurOverlay(link));
  const planned: [text: string, change: Change][] = [
    ...listRoutes(session).map((route): [string, Change] => [`route ${route.destination}`, removeRoute(route)]),
    ...listAddresses(session)
      .filter(({ isOurs, link }) => isOurs && link === loopback)
      .map(({ address, link }): [string, Change] => [`address ${address}`, removeAddress(link, address)]),
    ...ours.map((link): [string, Change] => [`device ${link.name}`, removeLink(link.index, [errno.nodev])]),
  ];
  const redirect = removeRedirect(session);
  const failed = new Set(session.try(planned.map(([, change]) => change)).map(({ change }) => change));
  return [...redirect, ...planned.filter(([, change]) => !failed.has(change)).map(([text]) => text), ...removeTables(netfilter)];
}
