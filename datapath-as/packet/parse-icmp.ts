// ICMP and ICMPv6: echo, neighbour discovery, and errors with the packet that they quote.

import {
  FAMILY_IPV4,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_SOLICITATION,
} from '../core/enum/protocol';
import { REASON_FORWARDED, REASON_INVALID_NEIGHBOUR, REASON_INVALID_PACKET } from '../core/enum/reason';
import { FACT_NEIGHBOUR, Facts } from '../core/layout/packet';
import { Header } from './header';
import { parseEmbedded } from './parse-embedded';

const ICMP_UNREACHABLE: u8 = 3;
const ICMP_REDIRECT: u8 = 5;
const ICMP_TIME_EXCEEDED: u8 = 11;
const ICMP_PARAMETER_PROBLEM: u8 = 12;
const ICMPV6_UNREACHABLE: u8 = 1;
const ICMPV6_PARAMETER_PROBLEM: u8 = 4;
/** A router lowers it; so what has it came from this link. */
const LINK_HOP_LIMIT: u8 = 255;

export function isIcmpError(family: u32, type: u8): bool {
  if (family != FAMILY_IPV4) return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER_PROBLEM;
  if (type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM) return true;
  return type >= ICMP_UNREACHABLE && type <= ICMP_REDIRECT;
}

/** Type, code and, of an echo, the identifier of the message at `transport`. */
export function readIcmp(family: u32, transport: u32, facts: Facts): void {
  const type = load<u8>(transport);
  const echo =
    family == FAMILY_IPV4 ? type == ICMP_ECHO_REQUEST || type == ICMP_ECHO_REPLY : type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
  facts.icmpType = type;
  facts.icmpCode = load<u8>(transport, 1);
  facts.icmpId = echo ? load<u16>(transport, 4) : 0;
}

/** Reads a message of which the first 8 bytes are present. */
export function parseIcmp(header: Header, facts: Facts): u32 {
  readIcmp(header.family, header.transport, facts);
  const type = facts.icmpType;
  if (header.family == FAMILY_IPV4) {
    // A redirect moves routes on the word of whoever can send one.
    if (type == ICMP_REDIRECT) return REASON_INVALID_PACKET;
  } else if (type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT) {
    return parseNeighbour(header, facts);
  }
  return isIcmpError(header.family, type) ? parseEmbedded(header, facts) : REASON_FORWARDED;
}

function parseNeighbour(header: Header, facts: Facts): u32 {
  if (facts.icmpType > ICMPV6_NEIGHBOUR_ADVERTISEMENT || facts.icmpCode != 0) return REASON_INVALID_NEIGHBOUR;
  if (load<u8>(header.network, 7) != LINK_HOP_LIMIT) return REASON_INVALID_NEIGHBOUR;
  facts.flags |= FACT_NEIGHBOUR;
  return REASON_FORWARDED;
}
