// Stage flow: what a packet does to its conntrack entry: makes it, moves it on, renews it.

import { conntrackExpiry, conntrackLifetime, conntrackTransition } from '../conntrack';
import { EFFECT_REPLACE, EFFECT_TOUCH } from '../enum/effect';
import { HOOK_FROM_POD, HOOK_TO_HOST, HOOK_TO_POD } from '../enum/hook';
import { PROTOCOL_UDP } from '../enum/protocol';
import { TRANSLATION_RENEWAL } from '../enum/time';
import { lookupBackend } from '../host';
import {
  Conntrack,
  CONNTRACK_HAIRPIN,
  CONNTRACK_MASQUERADED,
  CONNTRACK_ORIGIN_HIGH,
  CONNTRACK_PROXY,
  CONNTRACK_TRANSLATED,
  TRANSLATION_HAIRPIN,
  TRANSLATION_MASQUERADED,
} from '../layout/conntrack';
import { Facts, Record } from '../layout/packet';
import { clientTuple, HIDDEN_HAIRPIN, HIDDEN_MASQUERADE, newConntrack, newTranslation, Scratch } from '../layout/scratch';

/**
 * Whether the entry's word still holds for this packet: neither address's epoch has moved, and the sender is where it was: a
 * pod behind its port, anybody else not on this node.
 */
export function isCurrent(facts: Facts, scratch: Scratch, entry: Conntrack, reply: u32): bool {
  const originEpoch: u32 = reply != 0 ? scratch.destinationEpoch : scratch.sourceEpoch;
  const responderEpoch: u32 = reply != 0 ? scratch.sourceEpoch : scratch.destinationEpoch;
  if (entry.originEpoch != originEpoch || entry.responderEpoch != responderEpoch) return false;
  const senderPort: u32 = reply != 0 ? entry.responderPort : entry.originPort;
  if (facts.hook == HOOK_FROM_POD) return facts.port == senderPort;
  return senderPort == 0 || facts.hook == HOOK_TO_POD || facts.hook == HOOK_TO_HOST;
}

/** Moves an established flow on by one packet. */
export function touchFlow(facts: Facts, record: Record, entry: Conntrack): void {
  const added: u32 = conntrackTransition(facts.protocol, facts.tcpFlags, record.reply);
  const flags: u32 = entry.flags | added;
  const reply: bool = record.reply != 0;
  record.conntrack = EFFECT_TOUCH;
  record.touchFlags = added & ~entry.flags;
  record.touchExpires = conntrackExpiry(entry.expires, facts.now, conntrackLifetime(facts.protocol, flags));
  record.sourceIdentity = reply ? entry.responderIdentity : entry.originIdentity;
  record.destinationIdentity = reply ? entry.originIdentity : entry.responderIdentity;
  record.service = entry.service;
  record.backend = entry.backend;
  record.proxyPort = reply ? 0 : entry.proxyPort;
}

/** Whether the flow's backend is what it was when the flow began, and not gone or another under the same number. */
function isBackends(entry: Conntrack): bool {
  const backend = lookupBackend(entry.backend);
  return backend != null && backend.generation == entry.generation;
}

/**
 * Has an answer renew the small half of its translated flow, which only the client's packets look up. Datagrams that left a backend and came
 * back to it have the entry of the first time: it knows less than their translation does.
 */
export function renewTranslation(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): void {
  if (facts.now - entry.renewed < TRANSLATION_RENEWAL) return;
  if (facts.protocol == PROTOCOL_UDP && !isBackends(entry)) return;
  const client = clientTuple(scratch);
  const hairpin: bool = (entry.flags & CONNTRACK_HAIRPIN) != 0;
  const masqueraded: bool = (entry.flags & CONNTRACK_MASQUERADED) != 0;
  client.sourceHi = hairpin ? facts.sourceHi : facts.destinationHi;
  client.sourceLo = hairpin ? facts.sourceLo : facts.destinationLo;
  client.sourcePort = facts.destinationPort;
  if (masqueraded) {
    client.sourceHi = entry.clientHi;
    client.sourceLo = entry.clientLo;
    client.sourcePort = entry.clientPort;
  }
  client.destinationHi = entry.frontendHi;
  client.destinationLo = entry.frontendLo;
  client.destinationPort = entry.frontendPort;
  client.protocol = facts.protocol;
  client.pad0 = 0;
  client.pad1 = 0;
  const translation = newTranslation(scratch);
  translation.backendHi = facts.sourceHi;
  translation.backendLo = facts.sourceLo;
  translation.backendPort = facts.sourcePort;
  translation.flags = hairpin ? TRANSLATION_HAIRPIN : masqueraded ? TRANSLATION_MASQUERADED : 0;
  translation.backend = entry.backend;
  translation.service = entry.service;
  translation.generation = entry.generation;
  translation.sourcePort = masqueraded ? facts.destinationPort : 0;
  translation.pad0 = 0;
  translation.pad1 = 0;
  record.translation = EFFECT_REPLACE;
  record.touchRenewed = facts.now == 0 ? 1 : facts.now;
}

/** Writes what `evaluate` found into the scratch's new entry, whatever its history. */
export function writeVerdict(record: Record, scratch: Scratch): void {
  const entry = newConntrack(scratch);
  const reply: bool = record.reply != 0;
  entry.originEpoch = reply ? scratch.destinationEpoch : scratch.sourceEpoch;
  entry.responderEpoch = reply ? scratch.sourceEpoch : scratch.destinationEpoch;
  entry.originPort = scratch.originPort;
  entry.responderPort = scratch.responderPort;
  entry.remoteNode = scratch.remoteNode;
  entry.originIdentity = scratch.originIdentity;
  entry.responderIdentity = scratch.responderIdentity;
  entry.egressRule = record.egressRule;
  entry.ingressRule = record.ingressRule;
  entry.proxyPort = record.proxyPort;
}

/** The scratch's new entry for a flow that begins with this packet. */
export function newFlow(facts: Facts, record: Record, scratch: Scratch): void {
  const entry = newConntrack(scratch);
  const translated: bool = record.service != 0;
  let flags: u32 = scratch.sourceHigh != 0 ? CONNTRACK_ORIGIN_HIGH : 0;
  flags |= conntrackTransition(facts.protocol, facts.tcpFlags, 0);
  if (translated) flags |= CONNTRACK_TRANSLATED;
  const masqueraded: bool = scratch.hidden == HIDDEN_MASQUERADE;
  if (scratch.hidden == HIDDEN_HAIRPIN) flags |= CONNTRACK_HAIRPIN;
  if (masqueraded) flags |= CONNTRACK_MASQUERADED;
  if (record.proxyPort != 0) flags |= CONNTRACK_PROXY;
  entry.flags = flags;
  entry.expires = facts.now + conntrackLifetime(facts.protocol, flags);
  entry.originPackets = 1;
  entry.originBytes = facts.length;
  entry.responderPackets = 0;
  entry.responderBytes = 0;
  entry.renewed = facts.now;
  entry.frontendHi = translated ? clientTuple(scratch).destinationHi : 0;
  entry.frontendLo = translated ? clientTuple(scratch).destinationLo : 0;
  entry.frontendPort = translated ? clientTuple(scratch).destinationPort : 0;
  entry.service = record.service;
  entry.backend = record.backend;
  entry.generation = translated ? newTranslation(scratch).generation : 0;
  entry.clientHi = masqueraded ? clientTuple(scratch).sourceHi : 0;
  entry.clientLo = masqueraded ? clientTuple(scratch).sourceLo : 0;
  entry.clientPort = masqueraded ? clientTuple(scratch).sourcePort : 0;
  entry.pad0 = 0;
  entry.pad1 = 0;
  writeVerdict(record, scratch);
}

/** The scratch's new entry for a flow that goes on under a new verdict: its history, this packet, and what `evaluate` found. */
export function continueFlow(facts: Facts, record: Record, scratch: Scratch, old: Conntrack): void {
  const entry = newConntrack(scratch);
  const reply: bool = record.reply != 0;
  const flags: u32 = old.flags | conntrackTransition(facts.protocol, facts.tcpFlags, record.reply);
  entry.flags = record.proxyPort != 0 ? flags | CONNTRACK_PROXY : flags & ~CONNTRACK_PROXY;
  entry.expires = facts.now + conntrackLifetime(facts.protocol, flags);
  entry.originPackets = reply ? old.originPackets : old.originPackets + 1;
  entry.originBytes = reply ? old.originBytes : old.originBytes + <u64>facts.length;
  entry.responderPackets = reply ? old.responderPackets + 1 : old.responderPackets;
  entry.responderBytes = reply ? old.responderBytes + <u64>facts.length : old.responderBytes;
  entry.renewed = old.renewed;
  entry.frontendHi = old.frontendHi;
  entry.frontendLo = old.frontendLo;
  entry.frontendPort = old.frontendPort;
  entry.service = old.service;
  entry.backend = old.backend;
  entry.generation = old.generation;
  entry.clientHi = old.clientHi;
  entry.clientLo = old.clientLo;
  entry.clientPort = old.clientPort;
  entry.pad0 = 0;
  entry.pad1 = 0;
  writeVerdict(record, scratch);
}
