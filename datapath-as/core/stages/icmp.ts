// Stage icmp: an ICMP message has no ports; echo gets its identifier on the asking side, every other message its type on the
// answering side, so that messages of one kind between two addresses are one flow and A's echo is not B's.

import { FAMILY_IPV4, ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST } from '../enum/protocol';
import { REASON_FORWARDED, REASON_UNSUPPORTED_L4 } from '../enum/reason';
import { Facts } from '../layout/packet';

export function isEchoReply(family: u8, type: u8): bool {
  return type == (family == FAMILY_IPV4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
}

/** Derives the ports of an ICMP message (of an embedded one too). ICMPv6 type 0 is reserved and would pass for an echo. */
export function icmpPorts(facts: Facts): u32 {
  const request: u8 = facts.family == FAMILY_IPV4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST;
  if (facts.icmpType == request) {
    facts.sourcePort = facts.icmpId;
    facts.destinationPort = 0;
    return REASON_FORWARDED;
  }
  if (isEchoReply(facts.family, facts.icmpType)) {
    facts.sourcePort = 0;
    facts.destinationPort = facts.icmpId;
    return REASON_FORWARDED;
  }
  if (facts.icmpType == 0) return REASON_UNSUPPORTED_L4;
  facts.sourcePort = 0;
  facts.destinationPort = (<u16>facts.icmpType) << 8;
  return REASON_FORWARDED;
}
