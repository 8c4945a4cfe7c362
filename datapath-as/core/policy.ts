// Policy: the verdict of a policy set over a peer. A match is one word (layout/policy.ts), 0 is no match, and the better of two has
// the larger top 16 bits: precedence first, then how much of protocol and port it fixes.

import { DIRECTION_EGRESS } from './enum/event';
import { PRECEDENCE_DENY, PRECEDENCE_NONE, PRECEDENCE_REDIRECT } from './enum/policy';
import { FAMILY_IPV4, ICMP_ECHO_REQUEST, ICMPV6_ECHO_REQUEST, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from './enum/protocol';
import { REASON_FORWARDED, REASON_GRANT_EXPIRED, REASON_L7_NOT_ENFORCED, REASON_POLICY_DENIED, REASON_POLICY_DENY } from './enum/reason';
import { everyPeersMatch, lookupGrant, lookupPolicy } from './host';
import { grantKey, Scratch } from './layout/scratch';
import { Tuple } from './layout/tuple';
import { hasExpired } from './time';

const PRECEDENCE_SHIFT: u64 = 56;
const ORDER_SHIFT: u64 = 48;
const PROXY_SHIFT: u64 = 32;
/** No match, but a grant that has expired: never beats a match, for its precedence and match length are 0. */
export const MATCH_GRANT_EXPIRED: u64 = 1;

export function matchRule(match: u64): u32 {
  return match >> ORDER_SHIFT == 0 ? 0 : <u32>match;
}

export function matchProxyPort(match: u64): u16 {
  return <u16>(match >> PROXY_SHIFT);
}

function betterMatch(match: u64, other: u64): u64 {
  return other >> ORDER_SHIFT > match >> ORDER_SHIFT ? other : match;
}

/** The match of one identity's own entries. */
export function policyMatch(set: u32, identity: u32, traffic: u32): u64 {
  return lookupPolicy(set, identity, traffic).peer;
}

/**
 * The better of the peer's own match and every peer's; a deny of the peer's own is not searched any further. `peersOnly`: not 0 where no
 * entry speaks of every peer. Were that wrong, a peer without a match of its own would be denied: it never opens anything.
 */
export function policyVerdict(set: u32, identity: u32, traffic: u32, peersOnly: u32): u64 {
  const found = lookupPolicy(set, identity, traffic);
  const match: u64 = found.peer;
  if (match >> PRECEDENCE_SHIFT == <u64>PRECEDENCE_DENY) return match;
  if (match == 0 && peersOnly != 0) return 0;
  return betterMatch(match, everyPeersMatch(found, set, traffic));
}

function grantMatch(scratch: Scratch, match: u64, set: u32, traffic: u32, identity: u32, expires: u32): u64 {
  if (identity == 0) return match;
  if (scratch.keepsGrants == 0 && hasExpired(expires, scratch.now)) return match == 0 ? MATCH_GRANT_EXPIRED : match;
  return betterMatch(match, policyMatch(set, identity, traffic));
}

/**
 * `match` widened by the unexpired grants of the scratch's grant key; a deny stays a deny. A flow that was allowed before keeps what
 * it was granted for as long as the grant is in the map: names expire, live connections do not.
 */
export function grantedVerdict(scratch: Scratch, match: u64, set: u32, traffic: u32): u64 {
  if (match >> PRECEDENCE_SHIFT == <u64>PRECEDENCE_DENY) return match;
  const grant = lookupGrant(grantKey(scratch));
  if (grant == null) return match;
  let best = grantMatch(scratch, match, set, traffic, grant.identity0, grant.expires0);
  best = grantMatch(scratch, best, set, traffic, grant.identity1, grant.expires1);
  best = grantMatch(scratch, best, set, traffic, grant.identity2, grant.expires2);
  return grantMatch(scratch, best, set, traffic, grant.identity3, grant.expires3);
}

/** Reason for which a match drops, REASON_FORWARDED if it does not. */
export function matchReason(match: u64): u8 {
  const precedence: u8 = <u8>(match >> PRECEDENCE_SHIFT);
  if (precedence == PRECEDENCE_NONE) return match == MATCH_GRANT_EXPIRED ? REASON_GRANT_EXPIRED : REASON_POLICY_DENIED;
  if (precedence == PRECEDENCE_DENY) return REASON_POLICY_DENY;
  if (precedence >= PRECEDENCE_REDIRECT && matchProxyPort(match) == 0) return REASON_L7_NOT_ENFORCED;
  return REASON_FORWARDED;
}

/** The port that policy speaks of, network order: the responder's, and for ICMP the type of the originator's message. */
export function policyPort(origin: Tuple, family: u8): u16 {
  if (origin.protocol != PROTOCOL_ICMP && origin.protocol != PROTOCOL_ICMPV6) return origin.destinationPort;
  if (origin.destinationPort != 0) return origin.destinationPort;
  const echo: u8 = family == FAMILY_IPV4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST;
  return (<u16>echo) << 8;
}

/** Protocol and port as the last word of a policy key has them, for the direction 0. */
export function trafficOf(protocol: u8, port: u16): u32 {
  return ((<u32>port) << 16) | ((<u32>protocol) << 8);
}

/**
 * Verdict of one endpoint's set in one direction over a peer; grants count for egress to addresses that are no local endpoint's.
 * `peersOnly` as for `policyVerdict`.
 */
export function directionVerdict(scratch: Scratch, set: u32, direction: u8, identity: u32, peersOnly: u32): u64 {
  const traffic: u32 = scratch.traffic | <u32>direction;
  const grants: bool = direction == DIRECTION_EGRESS && scratch.responderPort == 0;
  // A grant must not widen what a deny of every peer forbids: then that is asked about in any case.
  const match = policyVerdict(set, identity, traffic, grants ? 0 : peersOnly);
  if (!grants) return match;
  return grantedVerdict(scratch, match, set, traffic);
}
