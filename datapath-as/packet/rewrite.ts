// Rewrite: writes the record's new addresses and ports into the packet, checksums included. What cannot be rewritten whole is not
// begun.

import { checksumAdd, checksumOfAddressChange, checksumOfPortChange } from '../core/checksum';
import { REWRITE_DESTINATION, REWRITE_EMBEDDED, REWRITE_SOURCE } from '../core/enum/effect';
import { FAMILY_IPV4, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP } from '../core/enum/protocol';
import { Record } from '../core/layout/packet';
import { outerHeader } from './area';
import { amendChecksum, amendTransport, checksumOffset, hasPseudoHeader, NO_DIFFERENCE } from './checksum-field';
import { crc32cOfWordChange } from './crc32c';
import { isPartial } from './gso';
import { Header } from './header';
import { mappedLow } from './parse-network';
import { rewriteEmbedded } from './rewrite-embedded';

const IPV4_CHECKSUM: u32 = 10;
const SCTP_CHECKSUM: u32 = 8;
/** The low half of v4-mapped addresses ends so. */
const MAPPED_WORD: u32 = 0xffff0000;

/** Rewrites the packet that was parsed last; false: it is as it was, because what the record wants cannot be done. */
export function rewrite(record: Record, packet: u32): bool {
  const header = outerHeader();
  if (!familyFits(record, header)) return false;
  if ((record.rewrite & REWRITE_EMBEDDED) != 0) {
    rewriteEmbedded(record, header, isPartial(packet, header));
    return true;
  }
  if (!portsFit(record, header)) return false;
  const pseudo = rewriteAddresses(record, header);
  if (header.fragmentOffset == 0) rewriteTransport(record, header, pseudo, isPartial(packet, header));
  return true;
}

function isOfFamily(family: u32, hi: u64, lo: u64): bool {
  return (hi == 0 && <u32>lo == MAPPED_WORD) == (family == FAMILY_IPV4);
}

/** A backend of the other family would need another header. */
function familyFits(record: Record, header: Header): bool {
  if ((record.rewrite & REWRITE_SOURCE) != 0 && !isOfFamily(header.family, record.newSourceHi, record.newSourceLo)) return false;
  return (record.rewrite & REWRITE_DESTINATION) == 0 || isOfFamily(header.family, record.newDestinationHi, record.newDestinationLo);
}

/** SCTP's CRC covers the whole datagram, of which a first fragment does not know the length. */
function portsFit(record: Record, header: Header): bool {
  if (header.protocol != PROTOCOL_SCTP || header.moreFragments == 0 || header.fragmentOffset != 0) return true;
  if ((record.rewrite & REWRITE_SOURCE) != 0 && load<u16>(header.transport) != record.newSourcePort) return false;
  return (record.rewrite & REWRITE_DESTINATION) == 0 || load<u16>(header.transport, 2) == record.newDestinationPort;
}

/** Writes one address; the difference it makes to a sum over it. `source`: which of the two. */
export function writeAddress(header: Header, source: bool, hi: u64, lo: u64): u32 {
  if (header.family == FAMILY_IPV4) {
    const at = header.network + (source ? 12 : 16);
    const difference = checksumOfAddressChange(0, mappedLow(load<u32>(at)), hi, lo);
    store<u32>(at, <u32>(lo >> 32));
    return difference;
  }
  const at = header.network + (source ? 8 : 24);
  const difference = checksumOfAddressChange(load<u64>(at), load<u64>(at, 8), hi, lo);
  store<u64>(at, hi);
  store<u64>(at, lo, 8);
  return difference;
}

/** Brings the IPv4 header's own checksum up to date; the field's own difference. */
export function amendNetwork(header: Header, difference: u32): u32 {
  return header.family == FAMILY_IPV4 ? amendChecksum(header.network + IPV4_CHECKSUM, difference) : NO_DIFFERENCE;
}

/** Writes the record's addresses and the IPv4 checksum; the difference the addresses make. */
function rewriteAddresses(record: Record, header: Header): u32 {
  let difference = NO_DIFFERENCE;
  if ((record.rewrite & REWRITE_SOURCE) != 0) difference = writeAddress(header, true, record.newSourceHi, record.newSourceLo);
  if ((record.rewrite & REWRITE_DESTINATION) != 0) {
    difference = checksumAdd(difference, writeAddress(header, false, record.newDestinationHi, record.newDestinationLo));
  }
  amendNetwork(header, difference);
  return difference;
}

/** Writes the record's ports, which ICMP does not have; the difference they make. */
export function writePorts(record: Record, header: Header): u32 {
  if (header.protocol == PROTOCOL_ICMP || header.protocol == PROTOCOL_ICMPV6) return NO_DIFFERENCE;
  const at = header.transport;
  let difference = NO_DIFFERENCE;
  if ((record.rewrite & REWRITE_SOURCE) != 0) {
    difference = checksumOfPortChange(load<u16>(at), record.newSourcePort);
    store<u16>(at, record.newSourcePort);
  }
  if ((record.rewrite & REWRITE_DESTINATION) != 0) {
    difference = checksumAdd(difference, checksumOfPortChange(load<u16>(at, 2), record.newDestinationPort));
    store<u16>(at, record.newDestinationPort, 2);
  }
  return difference;
}

function rewriteTransport(record: Record, header: Header, pseudo: u32, partial: bool): void {
  const transport = header.transport;
  const before = load<u32>(transport);
  const words = writePorts(record, header);
  if (header.protocol == PROTOCOL_SCTP) {
    const after = load<u32>(transport);
    if (before == after) return;
    const change = crc32cOfWordChange(before, after, header.end - transport);
    store<u32>(transport, load<u32>(transport, SCTP_CHECKSUM) ^ change, SCTP_CHECKSUM);
    return;
  }
  if (!hasPseudoHeader(header.protocol)) return;
  amendTransport(header.protocol, transport + checksumOffset(header.protocol), pseudo, words, partial);
}
