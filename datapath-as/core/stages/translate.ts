// Stage translate: a packet addressed to a frontend becomes one addressed to a backend, as its flow did before or as the service says.

import { endpointOf } from '../address';
import { EFFECT_REPLACE } from '../enum/effect';
import { HOOK_FROM_NETWORK, HOOK_FROM_OVERLAY, HOOK_FROM_POD } from '../enum/hook';
import { FAMILY_IPV4, PROTOCOL_TCP, PROTOCOL_UDP, TCP_ACK, TCP_SYN } from '../enum/protocol';
import { REASON_FORWARDED, REASON_HAIRPIN_UNSUPPORTED, REASON_SERVICE_PORT_UNKNOWN, REASON_SOURCE_RANGE } from '../enum/reason';
import { lookupBackend, lookupConfig, lookupFrontend, lookupSourceRange, lookupTranslation } from '../host';
import { Translation, TRANSLATION_DSR, TRANSLATION_HAIRPIN, TRANSLATION_MASQUERADED } from '../layout/conntrack';
import { FACT_ICMP_ERROR, Facts, Record } from '../layout/packet';
import { clientTuple, frontendKey, newTranslation, packetTuple, Scratch, sourceRangeKey } from '../layout/scratch';
import {
  BACKEND_ACTIVE,
  Frontend,
  FRONTEND_CLOSED,
  FRONTEND_DSR,
  FRONTEND_SOURCE_RANGES,
  SCOPE_EXTERNAL,
  SCOPE_INTERNAL,
} from '../layout/service';
import { copyTranslation, selectBackend } from '../service';
import { copyTuple, reverseTuple } from '../tuple';
import { isBehindTunnel } from './elsewhere';
import { hideBehindRouter, isFree, masquerade } from './masquerade';

/** Result of `translate`: the packet tuple is as it was. Reasons to drop are above both. */
export const TRANSLATE_NONE: u8 = 0;
/** ... the packet tuple is now the backend's, the new translation says which. */
export const TRANSLATE_DONE: u8 = 1;
/** ... the packet tuple is as it was: the node of the new translation's backend gets the packet as it is. */
export const TRANSLATE_ELSEWHERE: u8 = 2;

/** Bits of a source range's key: service and address. */
const RANGE_WHOLE: u32 = 160;

/** Hooks that see packets as their clients wrote them; through the tunnel such come for services with direct server return. */
export function isTranslating(hook: u8): bool {
  return hook == HOOK_FROM_POD || hook == HOOK_FROM_NETWORK || hook == HOOK_FROM_OVERLAY;
}

function findFrontend(scratch: Scratch, port: u16, protocol: u8, scope: u8): Frontend | null {
  const client = clientTuple(scratch);
  const key = frontendKey(scratch);
  key.hi = client.destinationHi;
  key.lo = client.destinationLo;
  key.port = port;
  key.protocol = protocol;
  key.scope = scope;
  key.pad0 = 0;
  return lookupFrontend(key);
}

/**
 * A connectionless flow leaves a backend that is gone at once, a new connection one that is not active; an established connection
 * ends on its own. What was sent elsewhere is chosen anew when it comes through the tunnel, for the node that sent it has, and when a client
 * tries again to connect: the backend's node goes by what the table says now.
 */
function isUsable(found: Translation, facts: Facts): bool {
  const opens: bool = facts.protocol == PROTOCOL_TCP && (facts.tcpFlags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
  if ((found.flags & TRANSLATION_DSR) != 0 && (opens || facts.hook == HOOK_FROM_OVERLAY)) return false;
  if (facts.protocol != PROTOCOL_UDP && !opens) return true;
  const backend = lookupBackend(found.backend);
  if (backend == null || backend.generation != found.generation) return false;
  return !opens || backend.state == BACKEND_ACTIVE;
}

/** Writes the node's hairpin address as the packet tuple's source, for a client that is its own backend. */
function hideClient(scratch: Scratch, family: u8): u8 {
  const config = lookupConfig();
  if (config == null) return REASON_HAIRPIN_UNSUPPORTED;
  const hi: u64 = family == FAMILY_IPV4 ? 0 : config.hairpin6Hi;
  const lo: u64 = family == FAMILY_IPV4 ? config.hairpin4 : config.hairpin6Lo;
  if (lo == 0) return REASON_HAIRPIN_UNSUPPORTED;
  packetTuple(scratch).sourceHi = hi;
  packetTuple(scratch).sourceLo = lo;
  return REASON_FORWARDED;
}

/** Addresses the packet tuple to the new translation's backend. */
function applyTranslation(record: Record, scratch: Scratch, family: u8): u8 {
  const translation = newTranslation(scratch);
  const tuple = packetTuple(scratch);
  record.service = translation.service;
  record.backend = translation.backend;
  tuple.destinationHi = translation.backendHi;
  tuple.destinationLo = translation.backendLo;
  tuple.destinationPort = translation.backendPort;
  if ((translation.flags & (TRANSLATION_HAIRPIN | TRANSLATION_MASQUERADED)) == 0) return TRANSLATE_DONE;
  const hairpin: bool = (translation.flags & TRANSLATION_HAIRPIN) != 0;
  if (!hairpin) tuple.sourcePort = translation.sourcePort;
  const reason = hairpin ? hideClient(scratch, family) : hideBehindRouter(scratch, family);
  return reason == REASON_FORWARDED ? TRANSLATE_DONE : reason;
}

/** An ICMP error about an answer that the client saw coming from the frontend: the embedded source becomes the backend. */
function translateError(facts: Facts, record: Record, scratch: Scratch): u8 {
  reverseTuple(packetTuple(scratch), clientTuple(scratch));
  const found = lookupTranslation(clientTuple(scratch));
  if (found == null) return TRANSLATE_NONE;
  const tuple = packetTuple(scratch);
  copyTranslation(found, newTranslation(scratch));
  if ((found.flags & TRANSLATION_DSR) != 0 && facts.hook == HOOK_FROM_OVERLAY) return TRANSLATE_NONE;
  if ((found.flags & TRANSLATION_DSR) != 0) return TRANSLATE_ELSEWHERE;
  record.service = found.service;
  record.backend = found.backend;
  if ((found.flags & TRANSLATION_MASQUERADED) != 0) {
    const reason = hideBehindRouter(scratch, facts.family);
    if (reason != REASON_FORWARDED) return reason;
    tuple.destinationHi = tuple.sourceHi;
    tuple.destinationLo = tuple.sourceLo;
    tuple.destinationPort = found.sourcePort;
  }
  tuple.sourceHi = found.backendHi;
  tuple.sourceLo = found.backendLo;
  tuple.sourcePort = found.backendPort;
  return TRANSLATE_DONE;
}

/** Whether a service takes clients of the scratch's client tuple. */
function isInRange(scratch: Scratch, service: u32): bool {
  const key = sourceRangeKey(scratch);
  key.prefixLength = RANGE_WHOLE;
  key.service = service;
  key.hi = clientTuple(scratch).sourceHi;
  key.lo = clientTuple(scratch).sourceLo;
  return lookupSourceRange(key) != null;
}

/** No frontend: of a closed address the packet is dropped, unless it came through the tunnel, where a frontend is an exception. */
function unknownPort(facts: Facts, scratch: Scratch, scope: u8): u8 {
  if (facts.hook == HOOK_FROM_OVERLAY) return TRANSLATE_NONE;
  const closed = findFrontend(scratch, 0, 0, scope);
  return closed != null && (closed.flags & FRONTEND_CLOSED) != 0 ? REASON_SERVICE_PORT_UNKNOWN : TRANSLATE_NONE;
}

/** A backend of this node sees the client as it is. For others the client is masqueraded, or the backend's node translates (DSR). */
function placeOutside(facts: Facts, record: Record, scratch: Scratch, flags: u32): u8 {
  const translation = newTranslation(scratch);
  if (endpointOf(scratch, translation.backendHi, translation.backendLo) != null) return applyTranslation(record, scratch, facts.family);
  // What another node sent here, whose table is for a moment not this one's, is not sent on as it is: it might come back.
  if ((flags & FRONTEND_DSR) != 0 && facts.hook != HOOK_FROM_OVERLAY && isBehindTunnel(scratch)) {
    translation.flags = TRANSLATION_DSR;
    return TRANSLATE_ELSEWHERE;
  }
  translation.flags = TRANSLATION_MASQUERADED;
  translation.sourcePort = 0;
  return applyTranslation(record, scratch, facts.family);
}

/** The service's choice for a client without a translation. */
function translateNew(facts: Facts, record: Record, scratch: Scratch): u8 {
  const client = clientTuple(scratch);
  const inside: bool = facts.hook == HOOK_FROM_POD;
  const scope: u8 = inside ? SCOPE_INTERNAL : SCOPE_EXTERNAL;
  const frontend = findFrontend(scratch, client.destinationPort, client.protocol, scope);
  if (frontend == null) return unknownPort(facts, scratch, scope);
  const flags: u32 = frontend.flags;
  if (facts.hook == HOOK_FROM_OVERLAY && (flags & FRONTEND_DSR) == 0) return TRANSLATE_NONE;
  record.service = frontend.service;
  if ((flags & FRONTEND_SOURCE_RANGES) != 0 && !isInRange(scratch, frontend.service)) return REASON_SOURCE_RANGE;
  const reason = selectBackend(record, scratch, frontend);
  if (reason != REASON_FORWARDED) return reason;
  record.translation = EFFECT_REPLACE;
  if (!inside) return placeOutside(facts, record, scratch, flags);
  const translation = newTranslation(scratch);
  if (translation.backendHi == client.sourceHi && translation.backendLo == client.sourceLo) translation.flags = TRANSLATION_HAIRPIN;
  return applyTranslation(record, scratch, facts.family);
}

/** What a client wrote, as its flow's translation or its service says; a masqueraded one may have no port yet, or one that is taken. */
function translateClient(facts: Facts, record: Record, scratch: Scratch): u8 {
  copyTuple(packetTuple(scratch), clientTuple(scratch));
  const found = lookupTranslation(clientTuple(scratch));
  if (found == null || !isUsable(found, facts)) return translateNew(facts, record, scratch);
  const isElsewhere: bool = (found.flags & TRANSLATION_DSR) != 0;
  copyTranslation(found, newTranslation(scratch));
  return isElsewhere ? TRANSLATE_ELSEWHERE : applyTranslation(record, scratch, facts.family);
}

/** TRANSLATE_NONE, TRANSLATE_DONE, TRANSLATE_ELSEWHERE, or the reason to drop. */
export function translate(facts: Facts, record: Record, scratch: Scratch): u32 {
  if (!isTranslating(facts.hook)) return TRANSLATE_NONE;
  if ((facts.flags & FACT_ICMP_ERROR) != 0) return translateError(facts, record, scratch);
  const outcome = translateClient(facts, record, scratch);
  if (outcome != TRANSLATE_DONE) return outcome;
  const translation = newTranslation(scratch);
  if ((translation.flags & TRANSLATION_MASQUERADED) == 0) return TRANSLATE_DONE;
  if (translation.sourcePort != 0 && isFree(scratch)) return TRANSLATE_DONE;
  const reason = masquerade(facts, scratch);
  if (reason != REASON_FORWARDED) return reason;
  record.translation = EFFECT_REPLACE;
  return TRANSLATE_DONE;
}
