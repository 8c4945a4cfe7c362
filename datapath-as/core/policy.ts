// Policy: the verdict of a policy set over a peer. A match is one word (layout/policy.ts), 0 is no match, and the better of two has
// the larger top 16 bits: precedence first, then how much of protocol and port it fixes.

import { DIRECTION_EGRESS } from './enum/event';
import { POLICY_ANY_IDENTITY, POLICY_PREFIX_PORT, PRECEDENCE_DENY, PRECEDENCE_NONE, PRECEDENCE_REDIRECT } from './enum/policy';
import { FAMILY_IPV4, ICMP_ECHO_REQUEST, ICMPV6_ECHO_REQUEST, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from './enum/protocol';
import { REASON_FORWARDED, REASON_GRANT_EXPIRED, REASON_L7_NOT_ENFORCED, REASON_POLICY_DENIED, REASON_POLICY_DENY } from './enum/reason';
import { lookupGrant, lookupPolicy } from './host';
import { policyKey, grantKey, Scratch } from './layout/scratch';
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

/** The match of the scratch's policy key for one identity. */
export function policyMatch(scratch: Scratch, identity: u32): u64 {
  const key = policyKey(scratch);
  key.prefixLength = POLICY_PREFIX_PORT;
  key.identity = identity;
  const entry = lookupPolicy(key);
  if (entry == null) return 0;
  return load<u64>(changetype<usize>(entry), 0);
}

/** The better of the peer's own match and every peer's; a deny of the peer's own is not searched any further. */
export function policyVerdict(scratch: Scratch, identity: u32): u64 {
  const match = policyMatch(scratch, identity);
  if (match >> PRECEDENCE_SHIFT == <u64>PRECEDENCE_DENY) return match;
  return betterMatch(match, policyMatch(scratch, POLICY_ANY_IDENTITY));
}

function grantMatch(scratch: Scratch, match: u64, identity: u32, expires: u32): u64 {
  if (identity == 0) return match;
  if (scratch.keepsGrants == 0 && hasExpired(expires, scratch.now)) return match == 0 ? MATCH_GRANT_EXPIRED : match;
  return betterMatch(match, policyMatch(scratch, identity));
}

/**
 * `match` widened by the unexpired grants of the scratch's grant key; a deny stays a deny. A flow that was allowed before keeps what
 * it was granted for as long as the grant is in the map: names expire, live connections do not.
 */
export function grantedVerdict(scratch: Scratch, match: u64): u64 {
  if (match >> PRECEDENCE_SHIFT == <u64>PRECEDENCE_DENY) return match;
  const grant = lookupGrant(grantKey(scratch));
  if (grant == null) return match;
  let best = grantMatch(scratch, match, grant.identity0, grant.expires0);
  best = grantMatch(scratch, best, grant.identity1, grant.expires1);
  best = grantMatch(scratch, best, grant.identity2, grant.expires2);
  return grantMatch(scratch, best, grant.identity3, grant.expires3);
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

/** Verdict of one endpoint's set in one direction over a peer; grants count for egress to addresses that are no local endpoint's. */
export function directionVerdict(scratch: Scratch, set: u32, direction: u8, identity: u32): u64 {
  const key = policyKey(scratch);
  key.set = set;
  key.direction = direction;
  const match = policyVerdict(scratch, identity);
  if (direction != DIRECTION_EGRESS || scratch.responderPort != 0) return match;
  return grantedVerdict(scratch, match);
}
