// Rewrite of ICMP errors: the quoted packet must look to the error's receiver as the packet that it sent, so addresses and ports
// change inside the quotation, and the error's own addresses follow where they are the same ones.

import { checksumAdd } from '../core/checksum';
import { REWRITE_DESTINATION, REWRITE_OUTER_DESTINATION, REWRITE_OUTER_SOURCE, REWRITE_SOURCE } from '../core/enum/effect';
import { FAMILY_IPV4 } from '../core/enum/protocol';
import { Record } from '../core/layout/packet';
import { embeddedHeader } from './area';
import { amendTransport, checksumOffset, hasPseudoHeader, NO_DIFFERENCE } from './checksum-field';
import { Header } from './header';
import { amendNetwork, writeAddress, writePorts } from './rewrite';

/** The error's checksum sums every word that changes in the quotation, and in IPv6 its own addresses too. */
export function rewriteEmbedded(record: Record, outer: Header, partial: bool): void {
  const words = rewriteQuotation(record, embeddedHeader());
  const addresses = rewriteOuter(record, outer);
  const pseudo = outer.family == FAMILY_IPV4 ? NO_DIFFERENCE : addresses;
  amendTransport(outer.protocol, outer.transport + checksumOffset(outer.protocol), pseudo, words, partial);
}

/** The difference that the quotation's changed words make. */
function rewriteQuotation(record: Record, inner: Header): u32 {
  let addresses = NO_DIFFERENCE;
  if ((record.rewrite & REWRITE_SOURCE) != 0) addresses = writeAddress(inner, true, record.newSourceHi, record.newSourceLo);
  if ((record.rewrite & REWRITE_DESTINATION) != 0) {
    addresses = checksumAdd(addresses, writeAddress(inner, false, record.newDestinationHi, record.newDestinationLo));
  }
  const network = amendNetwork(inner, addresses);
  const ports = writePorts(record, inner);
  const transport = amendQuotedTransport(inner, addresses, ports);
  return checksumAdd(checksumAdd(addresses, network), checksumAdd(ports, transport));
}

/** The quoted transport checksum, if the quotation reaches that far. */
function amendQuotedTransport(inner: Header, addresses: u32, ports: u32): u32 {
  if (!hasPseudoHeader(inner.protocol)) return NO_DIFFERENCE;
  const field = inner.transport + checksumOffset(inner.protocol);
  return field + 2 > inner.end ? NO_DIFFERENCE : amendTransport(inner.protocol, field, addresses, ports, false);
}

/** The error's own addresses: what the quoted destination became sends it, what the quoted source became receives it. */
function rewriteOuter(record: Record, outer: Header): u32 {
  let difference = NO_DIFFERENCE;
  if ((record.rewrite & REWRITE_OUTER_SOURCE) != 0) {
    difference = writeAddress(outer, true, record.newDestinationHi, record.newDestinationLo);
  }
  if ((record.rewrite & REWRITE_OUTER_DESTINATION) != 0) {
    difference = checksumAdd(difference, writeAddress(outer, false, record.newSourceHi, record.newSourceLo));
  }
  amendNetwork(outer, difference);
  return difference;
}
