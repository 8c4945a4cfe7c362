// Decide: the chain of stages, from the facts about a packet to the record of what is to be done. Read this first.

import { endpointOf, readEpochs } from './address';
import { conntrackReopens, isReply } from './conntrack';
import { ALLOWED, clearRecord, drop, dropped, ENDED, tellAllowed } from './effects';
import { EFFECT_CLAIM, EFFECT_CREATE, EFFECT_DELETE, EFFECT_NONE, EFFECT_REPLACE } from './enum/effect';
import { HOOK_FROM_NETWORK, HOOK_TO_NETWORK } from './enum/hook';
import { NEXT_HOP_STACK } from './enum/next-hop';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP, TCP_RST } from './enum/protocol';
import { REASON_FORWARDED, REASON_INVALID_IDENTITY, REASON_INVALID_SOURCE, REASON_TRANSLATION_CLASH } from './enum/reason';
import { addressSlot } from './hash';
import { lookupConfig, lookupConntrack, lookupEpoch } from './host';
import { Config } from './layout/config';
import {
  Conntrack,
  CONNTRACK_HAIRPIN,
  CONNTRACK_MASQUERADED,
  CONNTRACK_ORIGIN_CLOSED,
  CONNTRACK_RESPONDER_CLOSED,
  CONNTRACK_TRANSLATED,
  HINT_ENDPOINT,
  HINT_FRONTEND,
  TRANSLATION_HAIRPIN,
  TRANSLATION_MASQUERADED,
} from './layout/conntrack';
import { ENDPOINT_HOST, ENDPOINT_INGRESS_ENFORCED } from './layout/endpoint';
import { FACT_FIRST_FRAGMENT, FACT_ICMP_ERROR, FACT_LATER_FRAGMENT, FACT_NEIGHBOUR, Facts, Record } from './layout/packet';
import {
  clientTuple,
  flowKey,
  HIDDEN_HAIRPIN,
  HIDDEN_MASQUERADE,
  newTranslation,
  originTuple,
  packetTuple,
  Scratch,
} from './layout/scratch';
import { policyPort, trafficOf } from './policy';
import { elsewhere } from './stages/elsewhere';
import { evaluate } from './stages/evaluate';
import { continueFlow, isCurrent, newFlow, renewTranslation, touchFlow } from './stages/flow';
import { forward } from './stages/forward';
import { fragment } from './stages/fragment';
import { icmpPorts, isEchoReply } from './stages/icmp';
import { isRouter } from './stages/masquerade';
import { checkSender } from './stages/peers';
import { rewriteError, rewriteForward, rewriteReply } from './stages/rewrite';
import { stray, unrelated } from './stages/stray';
import { isTranslating, TRANSLATE_DONE, TRANSLATE_ELSEWHERE, translate } from './stages/translate';
import { hasExpired } from './time';
import { copyTuple, flowKeyOf, reverseTuple, tupleOf } from './tuple';

const CONNTRACK_ANY_CLOSED: u32 = CONNTRACK_ORIGIN_CLOSED | CONNTRACK_RESPONDER_CLOSED;
/** How a flow's answer is turned back. */
const CONNTRACK_ANSWERED: u32 = CONNTRACK_TRANSLATED | CONNTRACK_HAIRPIN | CONNTRACK_MASQUERADED;

/** What is said of a live entry: it does not count for this packet, which opens a flow of its own. Besides ENDED and ALLOWED. */
const OPENS: u32 = 2;

/** To a masqueraded client, which only the stack knows the way to, through whatever hook the answer came. The record says so from the start. */
function isOutward(entry: Conntrack): bool {
  return (entry.flags & CONNTRACK_MASQUERADED) != 0;
}

/** An ICMP error belongs to the flow whose packet it embeds: it passes while that flow's verdict stands, and changes nothing of it. */
export function related(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): u32 {
  const reason = checkSender(facts, scratch);
  if (reason != REASON_FORWARDED) return dropped(record, reason);
  const reply: u32 = record.reply;
  const originEpoch: u32 = reply != 0 ? scratch.destinationEpoch : scratch.sourceEpoch;
  const responderEpoch: u32 = reply != 0 ? scratch.sourceEpoch : scratch.destinationEpoch;
  rewriteError(facts, record, scratch, entry);
  const outward: bool = record.reply == 0 && isOutward(entry);
  if (entry.originEpoch != originEpoch || entry.responderEpoch != responderEpoch) {
    const outcome = stray(facts, record, scratch);
    return outward ? ENDED : outcome;
  }
  record.sourceIdentity = reply != 0 ? entry.originIdentity : entry.responderIdentity;
  record.destinationIdentity = reply != 0 ? entry.responderIdentity : entry.originIdentity;
  scratch.remoteNode = entry.remoteNode;
  return outward ? ENDED : ALLOWED;
}

/** A packet of a flow whose verdict stands. */
export function established(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): u32 {
  touchFlow(facts, record, entry);
  scratch.remoteNode = entry.remoteNode;
  if (record.reply == 0) {
    rewriteForward(record, scratch);
  } else {
    rewriteReply(facts, record, scratch, entry);
    if ((entry.flags & CONNTRACK_TRANSLATED) != 0) {
      renewTranslation(facts, record, scratch, entry);
      if (isOutward(entry)) return ENDED;
    }
  }
  return ALLOWED;
}

/** Notes what policy is asked about: the flow of the origin tuple. */
function setTraffic(facts: Facts, scratch: Scratch): void {
  const origin = originTuple(scratch);
  scratch.traffic = trafficOf(origin.protocol, policyPort(origin, facts.family));
}

/** A packet of a flow about which something changed: its policies are asked once more, and the flow goes on or ends. */
export function revisited(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): u32 {
  if (record.reply != 0) reverseTuple(packetTuple(scratch), originTuple(scratch));
  else copyTuple(packetTuple(scratch), originTuple(scratch));
  // Of a masqueraded client it is asked who that is, not who the router is.
  if (isOutward(entry)) {
    originTuple(scratch).sourceHi = entry.clientHi;
    originTuple(scratch).sourceLo = entry.clientLo;
  }
  scratch.originIdentity = entry.originIdentity;
  scratch.responderIdentity = entry.responderIdentity;
  scratch.keepsGrants = 1;
  setTraffic(facts, scratch);
  const reason = evaluate(facts, record, scratch);
  if (reason != REASON_FORWARDED) {
    drop(record, <u8>reason);
    // Only a policy ends a flow: a packet with a forged source must not end somebody else's.
    if (reason != REASON_INVALID_SOURCE && reason != REASON_INVALID_IDENTITY) record.conntrack = EFFECT_DELETE;
    return ENDED;
  }
  record.service = entry.service;
  record.backend = entry.backend;
  continueFlow(facts, record, scratch, entry);
  record.conntrack = EFFECT_REPLACE;
  tellAllowed(record);
  if (record.reply != 0) {
    record.proxyPort = 0;
    rewriteReply(facts, record, scratch, entry);
    if (isOutward(entry)) return ENDED;
  } else {
    rewriteForward(record, scratch);
  }
  return ALLOWED;
}

/** What policy allowed as the first packet of a flow: its entry, and its whole way. `effect` as for `opened`; the next hop. */
export function begun(facts: Facts, record: Record, scratch: Scratch, effect: u8): u32 {
  const reset: bool = facts.protocol == PROTOCOL_TCP && (facts.tcpFlags & TCP_RST) != 0;
  if (reset) {
    record.translation = EFFECT_NONE;
  } else {
    newFlow(facts, record, scratch);
    record.conntrack = effect;
  }
  tellAllowed(record);
  rewriteForward(record, scratch);
  return forward(facts, record, scratch);
}

/**
 * The first packet of a flow. `effect`: EFFECT_CREATE, or EFFECT_REPLACE where an entry that no longer counts is in the way. Policy is asked
 * in line, so that a denied packet pays for no call; what is allowed pays for the one that does the rest.
 */
export function opened(facts: Facts, record: Record, scratch: Scratch, effect: u8): u32 {
  copyTuple(packetTuple(scratch), originTuple(scratch));
  if (scratch.hidden == HIDDEN_MASQUERADE) {
    originTuple(scratch).sourceHi = clientTuple(scratch).sourceHi;
    originTuple(scratch).sourceLo = clientTuple(scratch).sourceLo;
  }
  scratch.originIdentity = 0;
  scratch.responderIdentity = 0;
  scratch.keepsGrants = 0;
  setTraffic(facts, scratch);
  record.reply = 0;
  const reason = evaluate(facts, record, scratch);
  if (reason != REASON_FORWARDED) return dropped(record, reason);
  begun(facts, record, scratch, effect);
  return ENDED;
}

/** Whether the entry that a packet found is the flow of what its sender wrote on it: to a frontend, or to the address itself. */
function isSameFrontend(record: Record, scratch: Scratch, entry: Conntrack): bool {
  if (record.reply != 0) return record.service == 0;
  if (record.service == 0) return (entry.flags & CONNTRACK_TRANSLATED) == 0;
  const client = clientTuple(scratch);
  return (
    (entry.flags & CONNTRACK_TRANSLATED) != 0 &&
    entry.frontendHi == client.destinationHi &&
    entry.frontendLo == client.destinationLo &&
    entry.frontendPort == client.destinationPort
  );
}

/** A packet whose flow key has a live entry. */
function known(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): u32 {
  const reply: u32 = isReply(entry.flags, scratch.sourceHigh);
  record.reply = <u8>reply;
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  if (!isError && conntrackReopens(facts.protocol, facts.tcpFlags, entry.flags)) return OPENS;
  if (!isError && isTranslating(facts.hook) && !isSameFrontend(record, scratch, entry)) {
    return (entry.flags & CONNTRACK_ANY_CLOSED) != 0 ? OPENS : dropped(record, REASON_TRANSLATION_CLASH);
  }
  scratch.hidden = (entry.flags & CONNTRACK_HAIRPIN) != 0 ? HIDDEN_HAIRPIN : isOutward(entry) ? HIDDEN_MASQUERADE : 0;
  if (isError) return related(facts, record, scratch, entry);
  if (isCurrent(facts, scratch, entry, reply)) return established(facts, record, scratch, entry);
  return revisited(facts, record, scratch, entry);
}

/** Finds the packet tuple's flow, its epochs first. Null where none lives; the scratch and the record say what is in the way then. */
function findFlow(record: Record, scratch: Scratch): Conntrack | null {
  readEpochs(scratch);
  scratch.sourceHigh = flowKeyOf(packetTuple(scratch), flowKey(scratch));
  const entry = lookupConntrack(flowKey(scratch));
  scratch.stale = 0;
  if (entry == null || !hasExpired(entry.expires, scratch.now)) return entry;
  scratch.stale = 1;
  record.touchExpires = entry.expires;
  return null;
}

/** Gives ports to what has none on the wire; a reason to drop otherwise. An ICMP message's come from its first fragment's header. */
function findPorts(facts: Facts, record: Record, scratch: Scratch): u32 {
  const icmp: bool = facts.protocol == PROTOCOL_ICMP || facts.protocol == PROTOCOL_ICMPV6;
  if (icmp && (facts.flags & FACT_LATER_FRAGMENT) == 0) {
    const reason = icmpPorts(facts);
    if (reason != REASON_FORWARDED) return reason;
  }
  if ((facts.flags & (FACT_FIRST_FRAGMENT | FACT_LATER_FRAGMENT)) == 0) return REASON_FORWARDED;
  return fragment(facts, record, scratch);
}

function hintsOf(hi: u64, lo: u64): u32 {
  const slot = lookupEpoch(addressSlot(hi, lo));
  return slot == null ? HINT_ENDPOINT : slot.hints;
}

/** The tunnel's own packets are the host's, wherever services are: nothing is asked about them. */
function isTunnel(facts: Facts, config: Config): bool {
  if (facts.protocol != PROTOCOL_UDP || (facts.flags & FACT_ICMP_ERROR) != 0) return false;
  return config.tunnelPort != 0 && facts.destinationPort == config.tunnelPort;
}

/**
 * What the network sends to an address that is neither an endpoint's nor a frontend's nor the router's is the host's own business, well
 * formed or not.
 */
export function isForeign(facts: Facts): u32 {
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  let hints: u32 = hintsOf(facts.destinationHi, facts.destinationLo);
  if (isError) hints |= hintsOf(facts.outerDestinationHi, facts.outerDestinationLo);
  if ((hints & HINT_ENDPOINT) != 0) return 0;
  const config = lookupConfig();
  if (config == null) return hints == 0 ? 1 : 0;
  if ((hints & HINT_FRONTEND) != 0) return isTunnel(facts, config) ? 1 : 0;
  if (isError && isRouter(config, facts.outerDestinationHi, facts.outerDestinationLo)) return 0;
  return isRouter(config, facts.destinationHi, facts.destinationLo) ? 0 : 1;
}

/**
 * As above, for what may have been a frontend's or the router's and is not: neither are addresses of which policy speaks. The packet's own
 * destination counts, also that of an error.
 */
export function isHostOwned(facts: Facts, scratch: Scratch): u32 {
  // Read first and chosen then, as in stages/stray.ts.
  const outerHi: u64 = facts.outerDestinationHi;
  const outerLo: u64 = facts.outerDestinationLo;
  const ownHi: u64 = facts.destinationHi;
  const ownLo: u64 = facts.destinationLo;
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  const endpoint = endpointOf(scratch, isError ? outerHi : ownHi, isError ? outerLo : ownLo);
  if (endpoint == null) return 1;
  return (endpoint.flags & (ENDPOINT_HOST | ENDPOINT_INGRESS_ENFORCED)) == ENDPOINT_HOST ? 1 : 0;
}

function isHosts(facts: Facts, scratch: Scratch): bool {
  return facts.hook == HOOK_FROM_NETWORK && isHostOwned(facts, scratch) != 0;
}

/** Ends a packet that is the host's: nothing of it is remembered. */
function leaveToHost(record: Record): u32 {
  record.fragment = EFFECT_NONE;
  return ENDED;
}

/** Judges the packet tuple, which may be translated on the way. */
function judge(facts: Facts, record: Record, scratch: Scratch): u32 {
  let entry = findFlow(record, scratch);
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  if (entry == null && (isError || (scratch.hints & HINT_FRONTEND) != 0)) {
    const translated = translate(facts, record, scratch);
    if (translated > TRANSLATE_ELSEWHERE) return dropped(record, translated);
    if (translated == TRANSLATE_ELSEWHERE) return elsewhere(facts, record, scratch);
    if (translated == TRANSLATE_DONE) {
      if (!isError) scratch.hidden = newTranslation(scratch).flags & (TRANSLATION_HAIRPIN | TRANSLATION_MASQUERADED);
      entry = findFlow(record, scratch);
    }
  }
  let effect: u8 = EFFECT_CREATE;
  if (entry != null) {
    const outcome: u32 = known(facts, record, scratch, entry);
    if (outcome != OPENS) return outcome;
    effect = EFFECT_REPLACE;
    if (scratch.hidden == HIDDEN_MASQUERADE) {
      // A closed connection's port, which two clients may be about to take.
      effect = EFFECT_CLAIM;
      record.touchExpires = entry.expires;
    }
  } else if (scratch.stale != 0) {
    effect = scratch.hidden == HIDDEN_MASQUERADE ? EFFECT_CLAIM : EFFECT_REPLACE;
  }
  if (record.service == 0 && isHosts(facts, scratch)) return leaveToHost(record);
  // Neither begins a flow.
  const icmp: bool = facts.protocol == PROTOCOL_ICMP || facts.protocol == PROTOCOL_ICMPV6;
  if (isError || (icmp && isEchoReply(facts.family, facts.icmpType))) return unrelated(facts, record, scratch);
  return opened(facts, record, scratch, effect);
}

/** Whether a packet of the host's stack belongs to a client who knows the host as a frontend: an answer, or an error about a question. */
function isToClient(facts: Facts, record: Record, entry: Conntrack): bool {
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  if ((entry.flags & CONNTRACK_ANSWERED) != CONNTRACK_TRANSLATED) return false;
  if (isError) return record.reply == 0;
  return record.reply != 0 && !conntrackReopens(facts.protocol, facts.tcpFlags, entry.flags);
}

/**
 * What the host's stack sends to the network: where the host is the backend itself, its client shall see the frontend answer. Everything else is
 * the host's own business, and what others turned back on their way here. The next hop.
 */
export function answered(facts: Facts, record: Record, scratch: Scratch): u32 {
  const config = lookupConfig();
  if (config == null || isTunnel(facts, config)) return NEXT_HOP_STACK;
  if (facts.invalid != 0 || (facts.flags & FACT_NEIGHBOUR) != 0) return NEXT_HOP_STACK;
  if (findPorts(facts, record, scratch) != REASON_FORWARDED) return NEXT_HOP_STACK;
  copyTuple(tupleOf(facts), packetTuple(scratch));
  const entry = findFlow(record, scratch);
  if (entry != null) {
    const reply: u32 = isReply(entry.flags, scratch.sourceHigh);
    record.reply = <u8>reply;
    if (isToClient(facts, record, entry)) {
      if ((facts.flags & FACT_ICMP_ERROR) != 0) related(facts, record, scratch, entry);
      else if (isCurrent(facts, scratch, entry, reply)) established(facts, record, scratch, entry);
      else revisited(facts, record, scratch, entry);
      return record.nextHop;
    }
  }
  record.reply = 0;
  leaveToHost(record);
  return NEXT_HOP_STACK;
}

/** Decides one packet. Writes the whole record, and in the scratch the values that its effects need; returns the next hop. */
export function decide(facts: Facts, record: Record, scratch: Scratch): u32 {
  clearRecord(facts, record);
  scratch.now = facts.now;
  scratch.hidden = 0;
  if (facts.hook == HOOK_FROM_NETWORK && isForeign(facts) != 0) return NEXT_HOP_STACK;
  if (facts.hook == HOOK_TO_NETWORK) return answered(facts, record, scratch);
  if (facts.invalid != 0) return isHosts(facts, scratch) ? NEXT_HOP_STACK : drop(record, facts.invalid);
  if ((facts.flags & FACT_NEIGHBOUR) != 0) return NEXT_HOP_STACK;
  const reason = findPorts(facts, record, scratch);
  if (reason != REASON_FORWARDED) return isHosts(facts, scratch) ? NEXT_HOP_STACK : drop(record, <u8>reason);
  copyTuple(tupleOf(facts), packetTuple(scratch));
  if (judge(facts, record, scratch) == ENDED) return record.nextHop;
  return forward(facts, record, scratch);
}
