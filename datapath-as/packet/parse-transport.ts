// Transport: ports and flags of TCP, UDP and SCTP, and the way to ICMP.

import { FAMILY_IPV4, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../core/enum/protocol';
import { REASON_FORWARDED, REASON_FRAGMENT_UNSUPPORTED, REASON_INVALID_PACKET, REASON_UNSUPPORTED_L4 } from '../core/enum/reason';
import { FACT_FIRST_FRAGMENT, FACT_LATER_FRAGMENT, Facts } from '../core/layout/packet';
import { Header } from './header';
import { parseIcmp } from './parse-icmp';

/** UDP and ICMP. */
export const SHORT_HEADER: u32 = 8;
const TCP_HEADER: u32 = 20;
const SCTP_HEADER: u32 = 12;

/** Fixed bytes of a protocol's header; 0 for a protocol that is not carried in this family. */
export function transportLength(family: u32, protocol: u32): u32 {
  if (protocol == PROTOCOL_TCP) return TCP_HEADER;
  if (protocol == PROTOCOL_UDP) return SHORT_HEADER;
  if (protocol == PROTOCOL_SCTP) return SCTP_HEADER;
  return protocol == <u32>(family == FAMILY_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6) ? SHORT_HEADER : 0;
}

/** Bytes of the TCP header at `transport`, options included. */
export function tcpLength(transport: u32): u32 {
  return (<u32>load<u8>(transport, 12) >> 4) << 2;
}

/** Reads what the packet's own transport header says. `segmented`: a GSO packet, whose lengths are those of its segments. */
export function parseTransport(header: Header, facts: Facts, segmented: bool): u32 {
  const fixed = transportLength(header.family, header.protocol);
  if (fixed == 0) return REASON_UNSUPPORTED_L4;
  if (header.fragmentOffset != 0) {
    facts.flags = FACT_LATER_FRAGMENT;
    return REASON_FORWARDED;
  }
  const first = header.moreFragments != 0;
  if (first) facts.flags = FACT_FIRST_FRAGMENT;
  const rest = header.end - header.transport;
  if (rest < fixed) return first ? REASON_FRAGMENT_UNSUPPORTED : REASON_INVALID_PACKET;
  if (header.protocol == PROTOCOL_TCP) return parseTcp(header, facts, rest);
  if (header.protocol == PROTOCOL_UDP) return parseUdp(header, facts, first || segmented ? DATAGRAM_ANY : rest);
  if (header.protocol == PROTOCOL_SCTP) return readPorts(header, facts);
  return parseIcmp(header, facts);
}

/** In place of the bytes present: the datagram's length is not known here. */
const DATAGRAM_ANY: u32 = 0;

function readPorts(header: Header, facts: Facts): u32 {
  facts.sourcePort = load<u16>(header.transport);
  facts.destinationPort = load<u16>(header.transport, 2);
  return REASON_FORWARDED;
}

function parseTcp(header: Header, facts: Facts, rest: u32): u32 {
  const length = tcpLength(header.transport);
  if (length < TCP_HEADER || length > rest) return REASON_INVALID_PACKET;
  facts.tcpFlags = load<u8>(header.transport, 13);
  return readPorts(header, facts);
}

function parseUdp(header: Header, facts: Facts, rest: u32): u32 {
  const length = <u32>bswap<u16>(load<u16>(header.transport, 4));
  if (rest != DATAGRAM_ANY && (length < SHORT_HEADER || length > rest)) return REASON_INVALID_PACKET;
  return readPorts(header, facts);
}
