// Checksum fields: brings the checksums on the wire up to date after words that they sum were changed.

import { checksumAdd, checksumOfPortChange, checksumReplace, checksumReplacePartial } from '../core/checksum';
import { PROTOCOL_ICMP, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../core/enum/protocol';

/** Difference of nothing. */
export const NO_DIFFERENCE: u32 = 0;

/** In place of an offset: the protocol has no internet checksum. */
export const NO_CHECKSUM: u32 = 0xffffffff;

/** Where a transport header has its internet checksum. */
export function checksumOffset(protocol: u32): u32 {
  if (protocol == PROTOCOL_TCP) return 16;
  if (protocol == PROTOCOL_UDP) return 6;
  return protocol == PROTOCOL_SCTP ? NO_CHECKSUM : 2;
}

/** Whether the addresses are part of what the transport checksum sums. */
export function hasPseudoHeader(protocol: u32): bool {
  return protocol != PROTOCOL_ICMP && protocol != PROTOCOL_SCTP;
}

/** Adds to a complete checksum; the field's own difference, for a sum that covers it. */
export function amendChecksum(field: u32, difference: u32): u32 {
  const before = load<u16>(field);
  const after = checksumReplace(before, difference);
  store<u16>(field, after);
  return checksumOfPortChange(before, after);
}

/**
 * Adds to a transport checksum: `pseudo` for addresses, `words` for the header's and payload's own words, which a partial checksum
 * does not know yet. UDP's 0 is "no checksum" and stays; a UDP sum of 0 is written as 0xffff. The field's own difference.
 */
export function amendTransport(protocol: u32, field: u32, pseudo: u32, words: u32, partial: bool): u32 {
  const before = load<u16>(field);
  if (protocol == PROTOCOL_UDP && before == 0) return NO_DIFFERENCE;
  let after = partial ? checksumReplacePartial(before, pseudo) : checksumReplace(before, checksumAdd(pseudo, words));
  if (protocol == PROTOCOL_UDP && after == 0) after = 0xffff;
  store<u16>(field, after);
  return checksumOfPortChange(before, after);
}
