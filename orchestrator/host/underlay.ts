// Underlay: the device that carries the traffic between nodes.

import { joined } from '../datapath/kernel/netlink.ts';
import { AgentError } from '../errors.ts';
import { Attributes, canonicalAddress, inet, inet6 } from './attributes.ts';
import type { Underlay } from './host.ts';
import { listAddresses } from './link-addresses.ts';
import { linkAt } from './links.ts';
import { isPodDevice, overlayDevice } from './ours.ts';
import type { Session } from './session.ts';

/** RTM_GETROUTE; attributes of a route. */
const getRoute = 26;
const attributes = { link: 4, metric: 6, table: 15, multipath: 9 } as const;
const headerBytes = 12;
const mainTable = 254;
const nexthopLinkAt = 4;

/** The device that has `address`, else the one of the default route, IPv4's first. Throws UNDERLAY_UNKNOWN. */
export function findUnderlay(session: Session, address?: string): Underlay {
  const addresses = listAddresses(session);
  const wanted = address === undefined ? undefined : canonicalAddress(address);
  const index = wanted === undefined ? defaultLink(session) : addresses.find((there) => there.address === wanted)?.link;
  const link = index === undefined ? undefined : linkAt(session, index);
  if (link === undefined) {
    const reason =
      address === undefined ? 'there is no default route: name the address of this node' : `no device has the address ${address}`;
    throw new AgentError('UNDERLAY_UNKNOWN', `underlay: ${reason}`);
  }
  const own = addresses.filter(({ link: at, isGlobal }) => at === link.index && isGlobal).map(({ address: text }) => text);
  return { device: link.name, port: link.index, mtu: link.mtu, mac: link.mac, addresses: own };
}

/** Every global address of the namespace. */
export function globalAddresses(session: Session): string[] {
  const all = listAddresses(session).filter(({ isGlobal }) => isGlobal);
  // A node has many devices, and few with such addresses.
  const names = new Map([...new Set(all.map(({ link }) => link))].map((index) => [index, linkAt(session, index)?.name]));
  const isHidden = (name: string | undefined) => name === undefined || isPodDevice(name) || name === overlayDevice;
  return all.flatMap(({ address, link }) => (isHidden(names.get(link)) ? [] : [address]));
}

function defaultLink(session: Session): number | undefined {
  for (const family of [inet, inet6]) {
    const [best] = session
      .dump(getRoute, joined(Uint8Array.of(family, 0, 0, 0, mainTable), new Uint8Array(headerBytes - 5)))
      .flatMap(({ body }) => {
        const found = new Attributes(body, headerBytes);
        const table = found.number(attributes.table) ?? body[4];
        const link = found.number(attributes.link) ?? firstNexthop(found.bytes(attributes.multipath));
        const isDefault = body[1] === 0 && body[7] === 1 && table === mainTable;
        return isDefault && link !== undefined ? [{ link, metric: found.number(attributes.metric) ?? 0 }] : [];
      })
      .sort((a, b) => a.metric - b.metric);
    if (best !== undefined) return best.link;
  }
  return undefined;
}

/** struct rtnexthop: the link stands behind four bytes. */
function firstNexthop(bytes: Uint8Array | undefined): number | undefined {
  if (bytes === undefined || bytes.length < nexthopLinkAt + 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(nexthopLinkAt, true);
}
