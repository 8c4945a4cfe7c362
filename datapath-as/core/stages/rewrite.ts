// Stage rewrite: what of the packet changes on the way, from the tuple it came with and the entry it belongs to.

import {
  REWRITE_DESTINATION,
  REWRITE_EMBEDDED,
  REWRITE_NONE,
  REWRITE_OUTER_DESTINATION,
  REWRITE_OUTER_SOURCE,
  REWRITE_SOURCE,
} from '../enum/effect';
import { Conntrack, CONNTRACK_HAIRPIN, CONNTRACK_MASQUERADED, CONNTRACK_TRANSLATED } from '../layout/conntrack';
import { Facts, Record } from '../layout/packet';
import { addressKey, packetTuple, Scratch } from '../layout/scratch';

function setSource(record: Record, hi: u64, lo: u64, port: u16): void {
  record.rewrite |= REWRITE_SOURCE;
  record.newSourceHi = hi;
  record.newSourceLo = lo;
  record.newSourcePort = port;
}

function setDestination(record: Record, hi: u64, lo: u64, port: u16): void {
  record.rewrite |= REWRITE_DESTINATION;
  record.newDestinationHi = hi;
  record.newDestinationLo = lo;
  record.newDestinationPort = port;
}

function setTarget(scratch: Scratch, hi: u64, lo: u64): void {
  addressKey(scratch).hi = hi;
  addressKey(scratch).lo = lo;
}

/** A packet of the originator: takes the packet tuple, which `translate` may have changed. Its target is the responder. */
export function rewriteForward(record: Record, scratch: Scratch): void {
  const tuple = packetTuple(scratch);
  setTarget(scratch, tuple.destinationHi, tuple.destinationLo);
  if (record.service == 0) return;
  setDestination(record, tuple.destinationHi, tuple.destinationLo, tuple.destinationPort);
  if (scratch.hidden != 0) setSource(record, tuple.sourceHi, tuple.sourceLo, tuple.sourcePort);
}

/** A packet of the responder: the client sees the frontend answer. Its target is the client. */
export function rewriteReply(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): void {
  setTarget(scratch, facts.destinationHi, facts.destinationLo);
  if ((entry.flags & CONNTRACK_TRANSLATED) == 0) return;
  setSource(record, entry.frontendHi, entry.frontendLo, entry.frontendPort);
  if ((entry.flags & (CONNTRACK_HAIRPIN | CONNTRACK_MASQUERADED)) == 0) return;
  if ((entry.flags & CONNTRACK_MASQUERADED) != 0) {
    setDestination(record, entry.clientHi, entry.clientLo, entry.clientPort);
    setTarget(scratch, entry.clientHi, entry.clientLo);
    return;
  }
  setDestination(record, facts.sourceHi, facts.sourceLo, facts.destinationPort);
  setTarget(scratch, facts.sourceHi, facts.sourceLo);
}

/** An ICMP error about a packet of the originator, which knows the responder as the frontend. */
function rewriteErrorForward(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): void {
  setTarget(scratch, facts.outerDestinationHi, facts.outerDestinationLo);
  if ((entry.flags & CONNTRACK_TRANSLATED) == 0) return;
  record.rewrite = REWRITE_EMBEDDED;
  setDestination(record, entry.frontendHi, entry.frontendLo, entry.frontendPort);
  if (facts.outerSourceHi == facts.destinationHi && facts.outerSourceLo == facts.destinationLo) record.rewrite |= REWRITE_OUTER_SOURCE;
  if ((entry.flags & CONNTRACK_MASQUERADED) != 0) {
    setSource(record, entry.clientHi, entry.clientLo, entry.clientPort);
    record.rewrite |= REWRITE_OUTER_DESTINATION;
    setTarget(scratch, entry.clientHi, entry.clientLo);
    return;
  }
  if ((entry.flags & CONNTRACK_HAIRPIN) == 0) return;
  setSource(record, facts.destinationHi, facts.destinationLo, facts.sourcePort);
  record.rewrite |= REWRITE_OUTER_DESTINATION;
  setTarget(scratch, facts.destinationHi, facts.destinationLo);
}

/** An ICMP error about a packet of the responder, sent by a client that saw the frontend: `translate` found the backend. */
function rewriteErrorReply(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): void {
  const tuple = packetTuple(scratch);
  setTarget(scratch, facts.outerDestinationHi, facts.outerDestinationLo);
  if (record.service == 0) return;
  record.rewrite = REWRITE_EMBEDDED;
  setSource(record, tuple.sourceHi, tuple.sourceLo, tuple.sourcePort);
  if ((entry.flags & CONNTRACK_MASQUERADED) != 0) {
    setDestination(record, tuple.destinationHi, tuple.destinationLo, tuple.destinationPort);
    if (facts.outerSourceHi == facts.destinationHi && facts.outerSourceLo == facts.destinationLo) record.rewrite |= REWRITE_OUTER_SOURCE;
  }
  if (facts.outerDestinationHi != facts.sourceHi || facts.outerDestinationLo != facts.sourceLo) return;
  record.rewrite |= REWRITE_OUTER_DESTINATION;
  setTarget(scratch, tuple.sourceHi, tuple.sourceLo);
}

/** An ICMP error of a flow. `record.reply`: the embedded packet is the responder's. */
export function rewriteError(facts: Facts, record: Record, scratch: Scratch, entry: Conntrack): void {
  record.rewrite = REWRITE_NONE;
  if (record.reply != 0) rewriteErrorReply(facts, record, scratch, entry);
  else rewriteErrorForward(facts, record, scratch, entry);
}
