// Descriptors: what the host knows of each map, at an address that follows from the map's number, so that a lookup by a constant
// number needs no other table.

import { DESCRIPTORS, forgetMatches, giveVersionBack } from './memory';

export const MAX_MAPS: u32 = 64;
const DESCRIPTOR_SIZE: usize = 256;

// Kinds, in the order of MapKind in core/maps.ts; 0 is a map that was not created.
export const KIND_NONE: u32 = 0;
export const KIND_HASH: u32 = 1;
export const KIND_LRU: u32 = 2;
export const KIND_LPM: u32 = 3;
export const KIND_ARRAY: u32 = 4;
export const KIND_PERCPU_ARRAY: u32 = 5;

/** Bits of a version that are 0 twice in a round of its low half. */
const HALF_ROUND: u64 = 0x7fffffff;

/** In `changes`: set while a bucket is being split. */
export const SPLITTING: u64 = 0x100000000;

// Flags of an update, those of bpf(2).
export const FLAG_ANY: u32 = 0;
export const FLAG_NO_EXIST: u32 = 1;
export const FLAG_EXIST: u32 = 2;

// Results, as the kernel gives them.
export const OK: i32 = 0;
export const ENOENT: i32 = 2;
export const E2BIG: i32 = 7;
export const ENOMEM: i32 = 12;
export const EBUSY: i32 = 16;
export const EEXIST: i32 = 17;
export const EINVAL: i32 = 22;
export const ENOSPC: i32 = 28;

/**
 * 256 bytes. The first line is what a lookup reads, the second what only a writer reads: a writer's lock does not take the line
 * of the readers away. The third is all that a match remembered needs.
 */
@unmanaged
export class MapDescriptor {
  kind: u32;
  keySize: u32;
  /** Bytes from node to node; in an array, from element to element. */
  stride: u32;
  /** Where a node's value starts. */
  valueOffset: u32;
  /** Address of node 0, which is never used; in an array, of element 0. */
  pool: usize;
  /** Address of the bucket words (buckets.ts). */
  buckets: usize;
  /** A hash under the mask is a bucket's number. */
  mask: u32;
  /** lpm: 1 for keys of 16 bytes in groups, which lpm-pair.ts finds. */
  isPair: u32;
  /**
   *  63             32 31              0
   * +-----------------+-----------------+
   * |     splits      |    removals     |   splits is odd while a bucket is being split
   * +-----------------+-----------------+
   */
  changes: u64;
  /** A reader's look is good when no more nodes than this were removed meanwhile: half of the grace. */
  patience: u32;
  /** lpm: bits that all keys of a group share; 0: no groups (lpm-group.ts). */
  group: u32;
  /** lpm: of a pair's second word, the bits that count in a group. */
  groupMask: u64;
  /** lpm: address of the masks, one key's size each (lpm-mask.ts). */
  masks: usize;
  /** lpm: the longest prefix. Per-CPU array: bytes from copy to copy. */
  span: u32;

  lock: u32;
  count: u32;
  /** Nodes that fit: indexes 1..nodes. In an array, elements. */
  nodes: u32;
  /** Entries that fit. */
  entries: u32;
  /** lru: address of the recency links (recency.ts). */
  recency: usize;
  /** lpm: entries of the lengths outside groups. */
  loose: u32;
  valueSize: u32;
  /** A removed node keeps its key and value until that many more were removed. */
  grace: u32;
  /** Nodes below or at this index have been used. */
  fresh: u32;
  freeFirst: u32;
  freeLast: u32;
  freeCount: u32;
  /** Buckets that have chains of their own; those above mirror them (buckets.ts). */
  bucketsUsed: u32;
  maxBuckets: u32;
  /** lpm: address of a bit per length outside groups, then of a counter per length (lpm-length.ts). */
  lengths: usize;
  counters: usize;

  /** lpm: moves when an update begins and ends: odd while one is under way, and never again what it was, not even after `reset`. */
  version: u64;
  /**
   * What its holder is about, for whoever finds the lock without one (recover.ts): the node that comes, and the one that goes when that one
   * has its state, or at once when none comes. 0: none.
   */
  placing: u32;
  leaving: u32;
}

/** The descriptor of a map's number; the caller knows that it is below MAX_MAPS. */
export function descriptor(map: u32): MapDescriptor {
  return changetype<MapDescriptor>(DESCRIPTORS + <usize>map * DESCRIPTOR_SIZE);
}

/** 0 for a number that no map has. */
export function kindOf(map: u32): u32 {
  return map < MAX_MAPS ? descriptor(map).kind : KIND_NONE;
}

export function forgetDescriptor(map: MapDescriptor): void {
  giveVersionBack(map.version);
  memory.fill(changetype<usize>(map), 0, DESCRIPTOR_SIZE);
}
export function forgetDescriptors(): void {
  for (let map: u32 = 0; map < MAX_MAPS; map++) forgetDescriptor(descriptor(map));
}

/** Read at the start and at the end of a lookup. Atomic, so that no compiler moves the reads in between across it. */
export function loadChanges(map: MapDescriptor): u64 {
  return atomic.load<u64>(changetype<usize>(map), offsetof<MapDescriptor>('changes'));
}
/** What is remembered of the map holds while this is what it was. Atomic, as above. */
export function loadVersion(map: MapDescriptor): u64 {
  return atomic.load<u64>(changetype<usize>(map), offsetof<MapDescriptor>('version'));
}
/**
 * Before and after whatever a lookup could see. Only the holder of the map's lock calls it. The low half is what matches are remembered
 * under, and is never 0. Twice in its round the matches are emptied: what a slow worker notes just afterwards is gone before it could
 * count again.
 */
export function stepVersion(map: MapDescriptor): void {
  let next = map.version + 1;
  if ((next & HALF_ROUND) == 0) {
    forgetMatches();
    next += 2;
  }
  atomic.store<u64>(changetype<usize>(map), next, offsetof<MapDescriptor>('version'));
}
/** Only the holder of the map's lock adds. */
export function addChanges(map: MapDescriptor, amount: u64): void {
  atomic.store<u64>(changetype<usize>(map), map.changes + amount, offsetof<MapDescriptor>('changes'));
}
