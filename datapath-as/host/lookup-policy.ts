// Lookups of policy, the dearest that a verdict needs: the matches found last are remembered, by each worker for itself. A flow that
// goes on, and the entries that are for everybody, then cost one probe.
//
// A worker's matches are slots of 32 bytes, one for each hash: a new match takes the place of the one that was there.
//   0 set u32, identity u32     8 direction, protocol, port, prefix length u32     16 version of the map u64     24 address of the value u32
//
// A match holds only while the map's version is what it was when it was made: every update ends all matches. So what is returned is
// what the map has at that moment, as from a lookup; that there is no entry is remembered as well.

import { descriptor, loadVersion } from './descriptor';
import { MAP_POLICY } from './generated/maps';
import { lookup } from './lookup';
import { keyTail } from './lpm-pair';
import { MATCHES_SIZE, workerMatches } from './memory';

const SLOT_SIZE: u32 = 32;
/** Of a slot's distance from the first. */
const SLOT_MASK: u32 = <u32>MATCHES_SIZE - SLOT_SIZE;
/** 2^32 / golden ratio. Whoever chooses keys that share a slot gains lookups that are not remembered, no more: it is no secret. */
const SPREAD: u32 = 0x9e3779b1;
const SPREAD_SHIFT: u32 = 18;

/** As `lookup` of the policy map. */
export function recentPolicy(key: usize): usize {
  const tail = keyTail(key);
  const hash = ((load<u32>(key, 8) ^ tail ^ (load<u32>(key, 4) << 8)) * SPREAD) >> SPREAD_SHIFT;
  const slot = workerMatches() + <usize>(hash & SLOT_MASK);
  if (((load<u64>(slot) ^ keyPeer(key)) | (load<u64>(slot, 8) ^ keyRest(key, tail))) != 0) return rememberPolicy(key, slot);
  // Slots are this worker's alone, and no word of a node changes while its version lasts: only the version is news, in any order.
  if (load<u64>(slot, 16) != descriptor(MAP_POLICY).version) return rememberPolicy(key, slot);
  return load<usize>(slot, 24);
}

function keyPeer(key: usize): u64 {
  return ((<u64>load<u32>(key, 8)) << 32) | <u64>load<u32>(key, 4);
}
function keyRest(key: usize, tail: u32): u64 {
  return ((<u64>load<u32>(key)) << 32) | <u64>tail;
}

/** Looks, and remembers what was found under the version from before: if an update changes it meanwhile, that one is no more. */
function rememberPolicy(key: usize, slot: usize): usize {
  const version = loadVersion(descriptor(MAP_POLICY));
  const value = lookup(MAP_POLICY, key);
  if ((version & 1) != 0) return value;
  store<u64>(slot, keyPeer(key));
  store<u64>(slot, keyRest(key, keyTail(key)), 8);
  store<u64>(slot, version, 16);
  store<usize>(slot, value, 24);
  return value;
}
