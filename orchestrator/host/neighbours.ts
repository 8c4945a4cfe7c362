// Neighbours: permanent entries of link addresses, as rows and as requests.

import { errno } from '../datapath/kernel/errno.ts';
import { attribute, joined, netlinkFlag } from '../datapath/kernel/netlink.ts';
import { Attributes, familyBytes, inet, inet6, littleEndian, parseMac } from './attributes.ts';
import { protocol } from './ours.ts';
import type { Change, Session } from './session.ts';

export interface Neighbour {
  /** Interface index. */
  readonly link: number;
  readonly address: string;
  readonly mac: string;
  readonly isPermanent: boolean;
}

const messages = { create: 28, remove: 29, get: 30 } as const;
const attributes = { address: 1, mac: 2, link: 8, protocol: 12 } as const;
const permanent = 0x80;
const headerBytes = 12;

/** Of one link (an interface index), or of all. */
export function listNeighbours(session: Session, only?: number): Neighbour[] {
  const filter = only === undefined ? [] : [attribute(attributes.link, only)];
  const found = [inet, inet6].flatMap((family) =>
    session.dump(messages.get, joined(header(family, 0, 0), ...filter)).flatMap(({ body }) => {
      const found = new Attributes(body, headerBytes);
      const address = found.address(attributes.address);
      if (address === undefined) return [];
      const view = new DataView(body.buffer, body.byteOffset);
      const isPermanent = (view.getUint16(8, true) & permanent) !== 0;
      return [{ link: view.getInt32(4, true), address, mac: found.mac(attributes.mac) ?? '', isPermanent }];
    }),
  );
  return found.filter(({ link }) => only === undefined || link === only);
}

/** In the place of what is known of the address. */
export function putNeighbour({ link, address, mac }: Omit<Neighbour, 'isPermanent'>): Change {
  const { family, bytes } = familyBytes(address);
  return {
    step: `neighbour ${address}: set`,
    type: messages.create,
    flags: netlinkFlag.create | netlinkFlag.replace,
    body: joined(
      header(family, link, permanent),
      attribute(attributes.address, bytes),
      attribute(attributes.mac, parseMac(mac)),
      attribute(attributes.protocol, littleEndian(protocol, 1)),
    ),
  };
}

export function removeNeighbour(link: number, address: string): Change {
  const { family, bytes } = familyBytes(address);
  return {
    step: `neighbour ${address}: remove`,
    type: messages.remove,
    flags: 0,
    tolerated: [errno.noent],
    body: joined(header(family, link, 0), attribute(attributes.address, bytes)),
  };
}

/** struct ndmsg. */
function header(family: number, link: number, state: number): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  bytes[0] = family;
  const view = new DataView(bytes.buffer);
  view.setInt32(4, link, true);
  view.setUint16(8, state, true);
  return bytes;
}
