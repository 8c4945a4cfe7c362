// IPv6: walks one IPv6 header and its chain of extension headers, of the packet itself or of one that an ICMP error quotes.

import { REASON_FORWARDED, REASON_INVALID_EXTENSION_HEADER, REASON_INVALID_PACKET } from '../core/enum/reason';
import { Header } from './header';
import { DATAGRAM_MAX } from './parse-ipv4';

export const IPV6_HEADER: u32 = 40;
/** Extension headers that one packet may have; a longer chain has no honest use. */
const CHAIN_MAX: u32 = 8;
/** The smallest extension header, and the whole fragment header. */
const EXTENSION_MIN: u32 = 8;

const HOP_BY_HOP: u32 = 0;
const ROUTING: u32 = 43;
const FRAGMENT: u32 = 44;
const AUTHENTICATION: u32 = 51;
const DESTINATION_OPTIONS: u32 = 60;
/** Source routing, deprecated by RFC 5095 because it turns nodes into amplifiers. */
const ROUTING_TYPE_0: u8 = 0;

const OFFSET_MASK: u32 = 0xfff8;
const MORE_FRAGMENTS: u32 = 1;

/** ::ffff:0:0/96 stands for IPv4 in every map; on the wire it would pass for another family's address. */
function isMapped(address: u32): bool {
  return load<u64>(address) == 0 && load<u32>(address, 8) == 0xffff0000;
}

function isExtension(next: u32): bool {
  return next == HOP_BY_HOP || next == ROUTING || next == FRAGMENT || next == AUTHENTICATION || next == DESTINATION_OPTIONS;
}

/** Bytes of the extension header at `at`, of which EXTENSION_MIN are present. */
function extensionLength(next: u32, at: u32): u32 {
  if (next == FRAGMENT) return EXTENSION_MIN;
  const stated = <u32>load<u8>(at, 1);
  return next == AUTHENTICATION ? (stated + 2) << 2 : (stated + 1) << 3;
}

/** Finds the transport header behind a fixed header that is known to be present; a reason when lengths or the chain are wrong. */
export function parseIpv6(header: Header, quoted: bool): u32 {
  const network = header.network;
  const present = header.end - network;
  const length = IPV6_HEADER + <u32>bswap<u16>(load<u16>(network, 4));
  if (length > present && !quoted) return REASON_INVALID_PACKET;
  if (length < present) header.end = network + length;
  header.length = length;
  if (isMapped(network + 8) || isMapped(network + 24)) return REASON_INVALID_PACKET;
  const next = <u32>load<u8>(network, 6);
  if (isExtension(next)) return walkChain(header, next);
  header.protocol = next;
  header.transport = network + IPV6_HEADER;
  return REASON_FORWARDED;
}

function walkChain(header: Header, first: u32): u32 {
  const end = header.end;
  let next = first;
  let at = header.network + IPV6_HEADER;
  let fragmented = false;
  for (let count: u32 = 0; isExtension(next); count++) {
    if (count == CHAIN_MAX || end - at < EXTENSION_MIN) return REASON_INVALID_EXTENSION_HEADER;
    const length = extensionLength(next, at);
    if (length > end - at || (next == HOP_BY_HOP && count != 0)) return REASON_INVALID_EXTENSION_HEADER;
    if (next == ROUTING && load<u8>(at, 2) == ROUTING_TYPE_0) return REASON_INVALID_EXTENSION_HEADER;
    if (next == FRAGMENT) {
      if (fragmented) return REASON_INVALID_EXTENSION_HEADER;
      fragmented = true;
      const reason = readFragment(header, at);
      if (reason != REASON_FORWARDED) return reason;
    }
    next = load<u8>(at);
    at += length;
    // What follows a later fragment's header is data, whatever the header says comes next.
    if (header.fragmentOffset != 0) break;
  }
  header.protocol = next;
  header.transport = at;
  return REASON_FORWARDED;
}

/** An atomic fragment (RFC 6946: nothing before it, nothing after it) is a whole packet. */
function readFragment(header: Header, at: u32): u32 {
  const fragment = <u32>bswap<u16>(load<u16>(at, 2));
  const offset = fragment & OFFSET_MASK;
  const more = fragment & MORE_FRAGMENTS;
  if ((offset | more) == 0) return REASON_FORWARDED;
  if (offset + header.end - at - EXTENSION_MIN > DATAGRAM_MAX) return REASON_INVALID_PACKET;
  header.fragmentOffset = offset;
  header.moreFragments = more;
  header.fragmentId = load<u32>(at, 4);
  return REASON_FORWARDED;
}
