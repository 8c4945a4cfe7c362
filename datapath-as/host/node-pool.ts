// Nodes: the entries of a hash, LRU or prefix map, in one block, named by index so that a link has room for a tag. A node's address
// never changes while its entry lives. Freed nodes queue up: the one that was freed first is used again first, and never while
// fewer than `grace` others were freed after it, so that readers (and packets under way) still find in it what they saw.
//
//   0 next      link to the next node of the bucket (buckets.ts); stays as it was when the node is freed
//   4 state     31 free  30 entry  29 in use  | 28..0 next free node; else own index, or lengths (lpm-group.ts)
//   8 key       padded to 8
//     value     padded to 8

import { addChanges, MapDescriptor } from './descriptor';

export const NODE_STATE: usize = 4;
export const NODE_KEY: usize = 8;
export const STATE_FREE: u32 = 0x80000000;
/** The node is one of the map's entries, not one of its own helpers. */
export const STATE_ENTRY: u32 = 0x40000000;
export const STATE_USED: u32 = 0x20000000;
/** Bits that a link gives to the index. */
export const MAX_NODES: u32 = 0x1ffffff;

/** Removals that a freed node outlives, for a map of that many entries. */
export function graceOf(entries: u32): u32 {
  const part = entries >> 3;
  if (part < 8) return 8;
  if (part > 4096) return 4096;
  return part;
}

export function nodeAddress(map: MapDescriptor, index: u32): usize {
  return map.pool + <usize>index * <usize>map.stride;
}
/** Divides: for writers. */
export function nodeIndex(map: MapDescriptor, node: usize): u32 {
  return <u32>(node - map.pool) / map.stride;
}
export function nodeState(node: usize): u32 {
  return atomic.load<u32>(node + NODE_STATE);
}
export function setNodeState(node: usize, state: u32): void {
  atomic.store<u32>(node + NODE_STATE, state);
}

/** Of a node of a hash map. */
export function ownIndex(node: usize): u32 {
  return nodeState(node) & MAX_NODES;
}

/** A node that no reader sees, 0 when all are in use. Under the map's lock. */
export function takeNode(map: MapDescriptor): u32 {
  if (map.freeCount > map.grace) {
    const index = map.freeFirst;
    map.freeFirst = nodeState(nodeAddress(map, index)) & MAX_NODES;
    map.freeCount--;
    return index;
  }
  if (map.fresh >= map.nodes) return 0;
  map.fresh++;
  return map.fresh;
}

/** Frees a node that no bucket leads to any more. Under the map's lock. */
export function freeNode(map: MapDescriptor, index: u32): void {
  setNodeState(nodeAddress(map, index), STATE_FREE);
  if (map.freeCount == 0) map.freeFirst = index;
  else setNodeState(nodeAddress(map, map.freeLast), STATE_FREE | index);
  map.freeLast = index;
  map.freeCount++;
  addRemovals(map, 1);
}

/** The low half counts by itself: a carry into the splits would look like one. */
export function addRemovals(map: MapDescriptor, count: u32): void {
  const removals = <u32>map.changes;
  addChanges(map, <u64>(removals + count) - <u64>removals);
}

/** Copies whole words and a last half word. */
export function copyWords(target: usize, source: usize, size: u32): void {
  const whole = <usize>(size & ~7);
  for (let offset: usize = 0; offset < whole; offset += 8) store<u64>(target + offset, load<u64>(source + offset));
  if ((size & 4) != 0) store<u32>(target + whole, load<u32>(source + whole));
}

/** Cursor of the next node from `cursor` on that holds an entry, 0 at the end. */
export function nextEntry(map: MapDescriptor, cursor: u32): u32 {
  const last = map.fresh;
  if (cursor >= last) return 0;
  for (let index = cursor + 1; index <= last; index++) {
    if ((nodeState(nodeAddress(map, index)) & STATE_ENTRY) != 0) return index;
  }
  return 0;
}
