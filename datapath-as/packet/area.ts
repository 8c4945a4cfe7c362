// Area: the part of the memory (host/memory.ts) that one worker has for itself: facts, record, scratch, events, a packet buffer.
//
//   offset in the area        what                                     bytes
//   0x00000                   facts, record, scratch, two headers, hits < 4096
//   0x01000                   events: ring header, then the ring       see event.ts
//   0x20000                   input buffer                             70,000
//   0x40000                   the host's: policy matches               1 MiB

import { Facts, Record } from '../core/layout/packet';
import { Scratch } from '../core/layout/scratch';
import { BackendHits } from '../core/layout/service';
import { AREA_BASE, AREA_SIZE, MAX_WORKERS, selectWorker } from '../host/memory';
import { Header } from './header';

/** The largest packet (65,535 bytes) behind its virtio-net header, rounded up. */
export const INPUT_BYTES: u32 = 70000;

// Each block starts on a cache line of its own.
const LINE: usize = 64;
const FACTS: usize = AREA_BASE;
const RECORD: usize = FACTS + ((offsetof<Facts>() + LINE - 1) & ~(LINE - 1));
const SCRATCH: usize = RECORD + ((offsetof<Record>() + LINE - 1) & ~(LINE - 1));
const OUTER: usize = SCRATCH + ((offsetof<Scratch>() + LINE - 1) & ~(LINE - 1));
const EMBEDDED: usize = OUTER + LINE;
const HITS: usize = EMBEDDED + LINE;
const EVENTS: usize = AREA_BASE + 0x1000;
const INPUT: usize = AREA_BASE + 0x20000;

/** Distance of the selected area from the first. */
let distance: usize = 0;

/** Selects the area of a worker of this instance; 0 without a call. 0, or 1 when there is no such worker. */
export function attachWorker(worker: u32): u32 {
  if (worker >= MAX_WORKERS) return 1;
  selectWorker(worker);
  distance = AREA_SIZE * <usize>worker;
  return 0;
}

export function areaFacts(): Facts {
  return changetype<Facts>(distance + FACTS);
}
export function areaRecord(): Record {
  return changetype<Record>(distance + RECORD);
}
export function areaScratch(): Scratch {
  return changetype<Scratch>(distance + SCRATCH);
}
/** Header of the packet itself. */
export function outerHeader(): Header {
  return changetype<Header>(distance + OUTER);
}
/** Header of the packet that an ICMP error quotes. */
export function embeddedHeader(): Header {
  return changetype<Header>(distance + EMBEDDED);
}
/** For an entry of `backend_hits` that is to be written, and its key behind it. */
export function newHits(): BackendHits {
  return changetype<BackendHits>(distance + HITS);
}
export function hitsKey(): usize {
  return distance + HITS + offsetof<BackendHits>();
}

export function factsPointer(): usize {
  return distance + FACTS;
}
export function recordPointer(): usize {
  return distance + RECORD;
}
export function scratchPointer(): usize {
  return distance + SCRATCH;
}
export function eventsPointer(): usize {
  return distance + EVENTS;
}
/** Address of the buffer for packets: a virtio-net header and INPUT_BYTES - 12 bytes of packet. */
export function inputBuffer(): usize {
  return distance + INPUT;
}
