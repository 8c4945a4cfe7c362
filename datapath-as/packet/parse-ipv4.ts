// IPv4: walks one IPv4 header, of the packet itself or of one that an ICMP error quotes.

import { REASON_FORWARDED, REASON_INVALID_PACKET } from '../core/enum/reason';
import { Header } from './header';

export const IPV4_HEADER: u32 = 20;
const LENGTH_MASK: u32 = 15;
const OFFSET_MASK: u32 = 0x1fff;
const MORE_FRAGMENTS: u32 = 0x2000;
/** The largest datagram that fragments may add up to. */
export const DATAGRAM_MAX: u32 = 65535;

/**
 * Finds the transport header behind a fixed header that is known to be present; a reason when the lengths lie. A quoted packet
 * may state more bytes than were quoted.
 */
export function parseIpv4(header: Header, quoted: bool): u32 {
  const network = header.network;
  const present = header.end - network;
  const headerLength = (<u32>load<u8>(network) & LENGTH_MASK) << 2;
  const total = <u32>bswap<u16>(load<u16>(network, 2));
  if (headerLength < IPV4_HEADER || total < headerLength || headerLength > present) return REASON_INVALID_PACKET;
  if (total > present && !quoted) return REASON_INVALID_PACKET;
  if (total < present) header.end = network + total;
  header.length = total;
  const fragment = <u32>bswap<u16>(load<u16>(network, 6));
  const offset = (fragment & OFFSET_MASK) << 3;
  const more = fragment & MORE_FRAGMENTS;
  if ((offset | more) != 0) {
    if (offset + total - headerLength > DATAGRAM_MAX) return REASON_INVALID_PACKET;
    header.fragmentOffset = offset;
    header.moreFragments = more;
    header.fragmentId = load<u16>(network, 4);
  }
  header.protocol = load<u8>(network, 9);
  header.transport = network + headerLength;
  return REASON_FORWARDED;
}
