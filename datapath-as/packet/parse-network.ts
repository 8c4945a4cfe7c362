// Network: which IP family a packet is of, and its addresses in the form that every map has them.

import { FAMILY_IPV4, FAMILY_IPV6 } from '../core/enum/protocol';
import { REASON_INVALID_PACKET, REASON_UNSUPPORTED_L3 } from '../core/enum/reason';
import { Facts } from '../core/layout/packet';
import { Header } from './header';
import { IPV4_HEADER, parseIpv4 } from './parse-ipv4';
import { IPV6_HEADER, parseIpv6 } from './parse-ipv6';

/** The third 32-bit word of every v4-mapped address, as memory has it. */
const MAPPED_WORD: u64 = 0xffff0000;

/** The low half of a v4-mapped address. */
export function mappedLow(address: u32): u64 {
  return ((<u64>address) << 32) | MAPPED_WORD;
}

/** Walks the header chain of the family that the first nibble names. `header.family` stays 0 when not even the fixed header is there. */
export function walkNetwork(header: Header, quoted: bool): u32 {
  const present = header.end - header.network;
  if (present == 0) return REASON_INVALID_PACKET;
  const version = <u32>load<u8>(header.network) >> 4;
  if (version == FAMILY_IPV4) {
    if (present < IPV4_HEADER) return REASON_INVALID_PACKET;
    header.family = FAMILY_IPV4;
    return parseIpv4(header, quoted);
  }
  if (version != FAMILY_IPV6) return REASON_UNSUPPORTED_L3;
  if (present < IPV6_HEADER) return REASON_INVALID_PACKET;
  header.family = FAMILY_IPV6;
  return parseIpv6(header, quoted);
}

export function writeAddresses(header: Header, facts: Facts): void {
  const network = header.network;
  if (header.family == FAMILY_IPV4) {
    facts.sourceHi = 0;
    facts.sourceLo = mappedLow(load<u32>(network, 12));
    facts.destinationHi = 0;
    facts.destinationLo = mappedLow(load<u32>(network, 16));
    return;
  }
  facts.sourceHi = load<u64>(network, 8);
  facts.sourceLo = load<u64>(network, 16);
  facts.destinationHi = load<u64>(network, 24);
  facts.destinationLo = load<u64>(network, 32);
}
