// Embedded packets: the beginning of a packet that an ICMP error quotes. The facts then speak of that packet, which is how the error
// finds the flow that it belongs to.

import { FAMILY_IPV4, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../core/enum/protocol';
import { REASON_FORWARDED, REASON_RELATED_UNKNOWN } from '../core/enum/reason';
import { FACT_ICMP_ERROR, Facts } from '../core/layout/packet';
import { embeddedHeader } from './area';
import { Header, openHeader } from './header';
import { isIcmpError, readIcmp } from './parse-icmp';
import { walkNetwork, writeAddresses } from './parse-network';
import { SHORT_HEADER, transportLength } from './parse-transport';

/** Reads the packet behind the 8 bytes of an error's header. When it is no use, the facts go on speaking of the error itself. */
export function parseEmbedded(outer: Header, facts: Facts): u32 {
  const inner = embeddedHeader();
  openHeader(inner, outer.transport + SHORT_HEADER, outer.end);
  if (walkNetwork(inner, true) != REASON_FORWARDED || inner.family != outer.family) return REASON_RELATED_UNKNOWN;
  if (inner.fragmentOffset != 0 || transportLength(inner.family, inner.protocol) == 0) return REASON_RELATED_UNKNOWN;
  if (inner.transport + SHORT_HEADER > inner.end) return REASON_RELATED_UNKNOWN;
  const icmp = inner.protocol == <u32>(inner.family == FAMILY_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
  if (icmp && isIcmpError(inner.family, load<u8>(inner.transport))) return REASON_RELATED_UNKNOWN;
  writeEmbedded(inner, facts, icmp);
  return REASON_FORWARDED;
}

function writeEmbedded(inner: Header, facts: Facts, icmp: bool): void {
  facts.outerSourceHi = facts.sourceHi;
  facts.outerSourceLo = facts.sourceLo;
  facts.outerDestinationHi = facts.destinationHi;
  facts.outerDestinationLo = facts.destinationLo;
  writeAddresses(inner, facts);
  facts.protocol = <u8>inner.protocol;
  facts.outerIcmpType = facts.icmpType;
  facts.flags |= FACT_ICMP_ERROR;
  if (icmp) {
    readIcmp(inner.family, inner.transport, facts);
    return;
  }
  facts.sourcePort = load<u16>(inner.transport);
  facts.destinationPort = load<u16>(inner.transport, 2);
}
