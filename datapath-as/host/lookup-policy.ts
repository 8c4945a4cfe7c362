// Lookups of policy, the dearest that a verdict needs: the matches found last are remembered, by each worker for itself, two at a time,
// for a verdict asks about a peer and about every peer. What was asked before then costs one probe.
//
// A worker's matches are an open-addressing table. A slot, 32 bytes, two to a cache line:
//   0 identity u32, set u32     8 traffic u32, low half of the map's version u32     16 the peer's match u64     24 every peer's match u64
//
// A slot holds only while the map's version is what it was when it was filled: every update ends all of them. So what is returned is what
// the map has at that moment, as from a lookup; that there is no entry is remembered as well, as a match of 0. No version of a map ends in
// a half of 0, so that a slot with that half is free; and before halves come again, all tables are emptied (descriptor.ts).

import { POLICY_ANY_IDENTITY, POLICY_PREFIX_PORT } from '../core/enum/policy';
import { descriptor, loadVersion } from './descriptor';
import { MAP_POLICY } from './generated/maps';
import { lookup } from './lookup';
import { keyCell, MATCHES_SIZE, workerMatches } from './memory';

const SLOT_SIZE: usize = 32;
const SLOT_SHIFT: u64 = 5;
/** Bits of a hash that are dropped, so that a slot's number remains. */
const HASH_SHIFT: u64 = 49;
const OFFSET_MASK: usize = MATCHES_SIZE - SLOT_SIZE;
/** Slots in which a match can be, from that of its hash on: two lines. */
const WINDOW: usize = 4 * SLOT_SIZE;
/** 2^64 / golden ratio. Whoever chooses keys that share a slot gains lookups that are not remembered, no more: it is no secret. */
const SPREAD: u64 = 0x9e3779b97f4a7c15;
/** Where a slot's two matches are. */
const MATCH: usize = 16;

/** Address of the peer's match of the whole key, then every peer's. Good until this worker's next lookup of policy. */
export function policyMatches(set: u32, identity: u32, traffic: u32): usize {
  const peer = ((<u64>set) << 32) | <u64>identity;
  const stamp = stampOf(descriptor(MAP_POLICY).version, traffic);
  const slot = workerMatches() + offsetOf(peer, traffic);
  // Slots are this worker's alone: only the version is news.
  if (load<u64>(slot) == peer && load<u64>(slot, 8) == stamp) return slot + MATCH;
  return findFurther(set, identity, traffic);
}

function stampOf(version: u64, traffic: u32): u64 {
  return (version << 32) | <u64>traffic;
}
/** Of the slot in which a match is by preference. */
function offsetOf(peer: u64, traffic: u32): usize {
  return (<usize>(((((<u64>traffic) << 32) ^ peer ^ (peer >> 20)) * SPREAD) >> HASH_SHIFT)) << (<usize>SLOT_SHIFT);
}

/** The rest of the window, and then the map. */
function findFurther(set: u32, identity: u32, traffic: u32): usize {
  const peer = ((<u64>set) << 32) | <u64>identity;
  const stamp = stampOf(descriptor(MAP_POLICY).version, traffic);
  const first = offsetOf(peer, traffic);
  for (let distance = SLOT_SIZE; distance < WINDOW; distance += SLOT_SIZE) {
    const slot = workerMatches() + ((first + distance) & OFFSET_MASK);
    if (load<u64>(slot) == peer && load<u64>(slot, 8) == stamp) return slot + MATCH;
  }
  return remember(set, identity, traffic, first);
}

/**
 * Looks, and notes what was found under the version from before: if an update changes it meanwhile, that one is no more. The stamp goes first
 * and comes last: a process may be killed in between, and the next one has the same area.
 */
function remember(set: u32, identity: u32, traffic: u32, first: usize): usize {
  const version = loadVersion(descriptor(MAP_POLICY));
  const match = find(set, identity, traffic);
  const every = identity == POLICY_ANY_IDENTITY ? match : load<u64>(policyMatches(set, POLICY_ANY_IDENTITY, traffic));
  const slot = freeSlot(first, <u32>version);
  atomic.store<u64>(slot, 0, 8);
  store<u64>(slot, ((<u64>set) << 32) | <u64>identity);
  store<u64>(slot, match, MATCH);
  store<u64>(slot, every, MATCH + 8);
  atomic.store<u64>(slot, stampOf((version & 1) != 0 ? 0 : version, traffic), 8);
  return slot + MATCH;
}

/** The window's first slot that holds nothing of this version, or else its first. */
function freeSlot(first: usize, version: u32): usize {
  for (let distance: usize = 0; distance < WINDOW; distance += SLOT_SIZE) {
    const slot = workerMatches() + ((first + distance) & OFFSET_MASK);
    if (load<u32>(slot, 12) != version) return slot;
  }
  return workerMatches() + first;
}

function find(set: u32, identity: u32, traffic: u32): u64 {
  const key = keyCell();
  store<u32>(key, POLICY_PREFIX_PORT);
  store<u32>(key, set, 4);
  store<u32>(key, identity, 8);
  store<u32>(key, traffic, 12);
  const value = lookup(MAP_POLICY, key);
  return value == 0 ? 0 : load<u64>(value);
}
