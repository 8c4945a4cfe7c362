// Events: a ring per worker from the datapath to the orchestrator, one producer and one consumer. A full ring loses the event and
// counts it; the packet never waits.
//
//   offset from eventsPointer()   what
//     0   u32   head: events ever written (producer; wraps)
//     4   u32   lost: events that found the ring full
//    64   u32   tail: events ever read (consumer; wraps)
//   128   ...   EVENT_CAPACITY events; event n stands at 128 + (n & (EVENT_CAPACITY - 1)) * bytes of an Event

import { Event, Facts, Record } from '../core/layout/packet';
import { eventsPointer } from './area';

/** A power of two. */
export const EVENT_CAPACITY: u32 = 1024;
const LOST: usize = 4;
/** On a line of its own: the consumer writes it. */
const TAIL: usize = 64;
const RING: usize = 128;

export function eventCapacity(): u32 {
  return EVENT_CAPACITY;
}

/** Tells of the packet what facts and record say. */
export function emitEvent(facts: Facts, record: Record): void {
  const ring = eventsPointer();
  const head = load<u32>(ring);
  if (head - atomic.load<u32>(ring, TAIL) >= EVENT_CAPACITY) {
    atomic.add<u32>(ring, 1, LOST);
    return;
  }
  const event = changetype<Event>(ring + RING + <usize>(head & (EVENT_CAPACITY - 1)) * offsetof<Event>());
  writeFacts(event, facts);
  writeRecord(event, record);
  // The consumer that sees the new head sees the whole event.
  atomic.store<u32>(ring, head + 1);
}

function writeFacts(event: Event, facts: Facts): void {
  event.sourceHi = facts.sourceHi;
  event.sourceLo = facts.sourceLo;
  event.destinationHi = facts.destinationHi;
  event.destinationLo = facts.destinationLo;
  event.sourcePort = facts.sourcePort;
  event.destinationPort = facts.destinationPort;
  event.protocol = facts.protocol;
  event.family = facts.family;
  event.hook = facts.hook;
  event.tcpFlags = facts.tcpFlags;
  event.icmpType = facts.icmpType;
  event.length = facts.length;
  event.now = facts.now;
  event.port = facts.port;
}

function writeRecord(event: Event, record: Record): void {
  event.kind = record.event;
  // Of an audited packet: why it would have been dropped.
  event.reason = record.reason != 0 ? record.reason : record.audited;
  event.direction = record.direction;
  event.endpoint = record.endpoint;
  event.sourceIdentity = record.sourceIdentity;
  event.destinationIdentity = record.destinationIdentity;
  event.egressRule = record.egressRule;
  event.ingressRule = record.ingressRule;
  event.service = record.service;
  event.backend = record.backend;
  event.proxyPort = record.proxyPort;
  event.pad0 = 0;
  event.namespace = 0;
}
