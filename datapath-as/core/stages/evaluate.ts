// Stage evaluate: what the policies of a flow's two sides say. Decides for every side that is on this node, so that an entry with
// current epochs needs no other word, whatever the hook.

import { endpointOf } from '../address';
import { DIRECTION_EGRESS, DIRECTION_INGRESS, EVENT_AUDIT } from '../enum/event';
import { REASON_FORWARDED } from '../enum/reason';
import {
  Endpoint,
  ENDPOINT_AUDIT,
  ENDPOINT_EGRESS_ENFORCED,
  ENDPOINT_EGRESS_PEERS_ONLY,
  ENDPOINT_INGRESS_ENFORCED,
  ENDPOINT_INGRESS_PEERS_ONLY,
} from '../layout/endpoint';
import { Facts, Record } from '../layout/packet';
import { grantKey, HIDDEN_HAIRPIN, originTuple, Scratch } from '../layout/scratch';
import { directionVerdict, matchProxyPort, matchReason, matchRule } from '../policy';
import { noteOriginator, noteResponder } from './peers';

/** A would-be drop of an endpoint in audit mode passes, and is told. */
function auditedReason(record: Record, endpoint: Endpoint, reason: u8): u8 {
  if (reason == REASON_FORWARDED || (endpoint.flags & ENDPOINT_AUDIT) == 0) return reason;
  record.audited = reason;
  record.event = EVENT_AUDIT;
  return REASON_FORWARDED;
}

/** The originator's egress policy over the responder. */
export function evaluateEgress(record: Record, scratch: Scratch, endpoint: Endpoint): u32 {
  if ((endpoint.flags & ENDPOINT_EGRESS_ENFORCED) == 0) return REASON_FORWARDED;
  const origin = originTuple(scratch);
  const key = grantKey(scratch);
  key.hi = origin.destinationHi;
  key.lo = origin.destinationLo;
  key.endpoint = endpoint.id;
  key.pad0 = 0;
  const peersOnly: u32 = endpoint.flags & ENDPOINT_EGRESS_PEERS_ONLY;
  const match = directionVerdict(scratch, endpoint.policySet, DIRECTION_EGRESS, scratch.responderIdentity, peersOnly);
  record.endpoint = endpoint.id;
  record.direction = DIRECTION_EGRESS;
  record.egressRule = matchRule(match);
  const reason = auditedReason(record, endpoint, matchReason(match));
  if (reason == REASON_FORWARDED && record.audited == 0) record.proxyPort = matchProxyPort(match);
  return reason;
}

/** The responder's ingress policy over the originator. An egress redirect is not overtaken by an ingress one. */
export function evaluateIngress(record: Record, scratch: Scratch, endpoint: Endpoint): u32 {
  if ((endpoint.flags & ENDPOINT_INGRESS_ENFORCED) == 0) return REASON_FORWARDED;
  const peersOnly: u32 = endpoint.flags & ENDPOINT_INGRESS_PEERS_ONLY;
  const match = directionVerdict(scratch, endpoint.policySet, DIRECTION_INGRESS, scratch.originIdentity, peersOnly);
  record.endpoint = endpoint.id;
  record.direction = DIRECTION_INGRESS;
  record.ingressRule = matchRule(match);
  const reason = auditedReason(record, endpoint, matchReason(match));
  if (reason == REASON_FORWARDED && record.proxyPort == 0 && record.audited == 0) record.proxyPort = matchProxyPort(match);
  return reason;
}

/**
 * Finds both sides and asks both policies about the scratch's origin tuple and traffic; the reason to drop,
 * REASON_FORWARDED if there is none.
 */
export function evaluate(facts: Facts, record: Record, scratch: Scratch): u32 {
  const reply: u32 = record.reply;
  const origin = originTuple(scratch);
  const responder = endpointOf(scratch, origin.destinationHi, origin.destinationLo);
  const originator = scratch.hidden == HIDDEN_HAIRPIN ? responder : endpointOf(scratch, origin.sourceHi, origin.sourceLo);
  scratch.remoteNode = 0;
  let reason = noteOriginator(facts, scratch, originator, reply);
  if (reason != REASON_FORWARDED) return reason;
  reason = noteResponder(facts, scratch, responder, reply);
  if (reason != REASON_FORWARDED) return reason;
  record.sourceIdentity = reply != 0 ? scratch.responderIdentity : scratch.originIdentity;
  record.destinationIdentity = reply != 0 ? scratch.originIdentity : scratch.responderIdentity;
  if (scratch.hidden == HIDDEN_HAIRPIN) return REASON_FORWARDED;
  if (originator != null) {
    reason = evaluateEgress(record, scratch, originator);
    if (reason != REASON_FORWARDED) return reason;
  }
  return responder == null ? REASON_FORWARDED : evaluateIngress(record, scratch, responder);
}
