// Stage stray: ICMP messages that continue no flow: an error about none that is known, or whose verdict is out of date, and an echo's
// answer that nobody waits for. Policy decides about one by its type, between the packet's own addresses, and no flow begins.

import { endpointOf } from '../address';
import { ALLOWED, dropped, ENDED, tellAllowed } from '../effects';
import { EFFECT_NONE } from '../enum/effect';
import { HOOK_FROM_NETWORK, HOOK_TO_HOST } from '../enum/hook';
import { FAMILY_IPV4, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../enum/protocol';
import { REASON_FORWARDED, REASON_ICMP_UNSOLICITED, REASON_RELATED_UNKNOWN } from '../enum/reason';
import { ENDPOINT_HOST } from '../layout/endpoint';
import { FACT_FIRST_FRAGMENT, FACT_ICMP_ERROR, FACT_LATER_FRAGMENT, Facts, Record } from '../layout/packet';
import { addressKey, originTuple, Scratch } from '../layout/scratch';
import { trafficOf } from '../policy';
import { evaluate } from './evaluate';

/** Asks policy about the message. Needs its target in the scratch's address key, for an error about a translated flow is translated. */
export function stray(facts: Facts, record: Record, scratch: Scratch): u32 {
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  // Its other fragments would pass for another type's.
  if ((facts.flags & (FACT_FIRST_FRAGMENT | FACT_LATER_FRAGMENT)) != 0) {
    return dropped(record, isError ? REASON_RELATED_UNKNOWN : REASON_ICMP_UNSOLICITED);
  }
  // Read first and chosen then: compilers choose between addresses otherwise, which the proof does not follow.
  const outerType: u8 = facts.outerIcmpType;
  const outerHi: u64 = facts.outerSourceHi;
  const outerLo: u64 = facts.outerSourceLo;
  const ownType: u8 = facts.icmpType;
  const ownHi: u64 = facts.sourceHi;
  const ownLo: u64 = facts.sourceLo;
  const type: u8 = isError ? outerType : ownType;
  const target = addressKey(scratch);
  const origin = originTuple(scratch);
  origin.sourceHi = isError ? outerHi : ownHi;
  origin.sourceLo = isError ? outerLo : ownLo;
  origin.destinationHi = target.hi;
  origin.destinationLo = target.lo;
  origin.sourcePort = 0;
  origin.destinationPort = (<u16>type) << 8;
  origin.protocol = facts.family == FAMILY_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
  origin.pad0 = 0;
  origin.pad1 = 0;
  scratch.traffic = trafficOf(origin.protocol, origin.destinationPort);
  scratch.originIdentity = 0;
  scratch.responderIdentity = 0;
  scratch.keepsGrants = 0;
  record.reply = 0;
  const reason = evaluate(facts, record, scratch);
  if (reason != REASON_FORWARDED) return dropped(record, reason);
  tellAllowed(record);
  const found = originTuple(scratch);
  target.hi = found.destinationHi;
  target.lo = found.destinationLo;
  return ALLOWED;
}

/**
 * A message about no flow that is known. Nothing that was found on the way to a flow counts: it goes where its sender sent it. The host has
 * flows of its own, and errors about them.
 */
export function unrelated(facts: Facts, record: Record, scratch: Scratch): u32 {
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  // As above.
  const outerHi: u64 = facts.outerDestinationHi;
  const outerLo: u64 = facts.outerDestinationLo;
  const ownHi: u64 = facts.destinationHi;
  const ownLo: u64 = facts.destinationLo;
  const hi: u64 = isError ? outerHi : ownHi;
  const lo: u64 = isError ? outerLo : ownLo;
  if (isError && facts.hook == HOOK_TO_HOST) return ENDED;
  if (isError && facts.hook == HOOK_FROM_NETWORK) {
    const endpoint = endpointOf(scratch, hi, lo);
    if (endpoint == null || (endpoint.flags & ENDPOINT_HOST) != 0) return ENDED;
  }
  record.translation = EFFECT_NONE;
  record.affinity = EFFECT_NONE;
  record.service = 0;
  record.backend = 0;
  scratch.hidden = 0;
  addressKey(scratch).hi = hi;
  addressKey(scratch).lo = lo;
  return stray(facts, record, scratch);
}
