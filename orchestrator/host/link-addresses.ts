// Link addresses: the addresses on devices, as rows and as requests.

import { errno } from '../datapath/kernel/errno.ts';
import { attribute, joined, netlinkFlag } from '../datapath/kernel/netlink.ts';
import { Attributes, familyBytes, littleEndian } from './attributes.ts';
import { protocol } from './ours.ts';
import type { Change, Session } from './session.ts';

export interface LinkAddress {
  readonly link: number;
  readonly address: string;
  readonly length: number;
  readonly isGlobal: boolean;
  /** Put there by us. */
  readonly isOurs: boolean;
}

const messages = { create: 20, remove: 21, get: 22 } as const;
const attributes = { address: 1, local: 2, flags: 8, protocol: 11 } as const;
/** IFA_F_NODAD: usable at once. */
const noDetection = 2;
/** RT_SCOPE_UNIVERSE and RT_SCOPE_LINK. */
const [everywhere, onLink] = [0, 253];
const headerBytes = 8;

/** Of one link (an interface index), or of all. */
export function listAddresses(session: Session, only = 0): LinkAddress[] {
  const filter = new Uint8Array(headerBytes);
  new DataView(filter.buffer).setInt32(4, only, true);
  return session.dump(messages.get, filter).flatMap(({ body }) => {
    const found = new Attributes(body, headerBytes);
    const address = found.address(attributes.local) ?? found.address(attributes.address);
    if (address === undefined) return [];
    const link = new DataView(body.buffer, body.byteOffset).getInt32(4, true);
    if (only !== 0 && link !== only) return [];
    const isOurs = found.number(attributes.protocol) === protocol;
    return [{ link, address, length: body[1] ?? 0, isGlobal: body[3] === everywhere, isOurs }];
  });
}

/** An address of its longest prefix; one that is there already is not an error. */
export function addAddress(link: number, address: string): Change {
  return {
    step: `address ${address}: add`,
    type: messages.create,
    flags: netlinkFlag.create | netlinkFlag.exclusive,
    tolerated: [errno.exist],
    body: joined(
      header(link, address),
      attribute(attributes.flags, noDetection),
      attribute(attributes.protocol, littleEndian(protocol, 1)),
    ),
  };
}

export function removeAddress(link: number, address: string): Change {
  return {
    step: `address ${address}: remove`,
    type: messages.remove,
    flags: 0,
    tolerated: [errno.addressNotAvailable],
    body: header(link, address),
  };
}

/** struct ifaddrmsg, and the address. */
function header(link: number, address: string): Uint8Array {
  const { family, bytes } = familyBytes(address);
  const fixed = new Uint8Array(headerBytes);
  const isLinkLocal = bytes.length === 16 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
  fixed.set([family, bytes.length * 8, noDetection, isLinkLocal ? onLink : everywhere]);
  new DataView(fixed.buffer).setInt32(4, link, true);
  return joined(fixed, attribute(attributes.local, bytes), attribute(attributes.address, bytes));
}
