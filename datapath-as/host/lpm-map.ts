// Longest-prefix maps, with the results of the kernel's BPF_MAP_TYPE_LPM_TRIE. One hash table holds the prefixes of every length;
// a lookup probes the lengths that there are, longest first. Key: u32 prefix length, then the bits, first byte first.

import { isSettled } from './buckets';
import { EBUSY, EEXIST, EINVAL, ENOENT, ENOSPC, FLAG_EXIST, FLAG_NO_EXIST, loadChanges, MapDescriptor, OK } from './descriptor';
import { ATTEMPTS } from './hash-map';
import { acquire, release } from './lock';
import { addToGroup, dropFromGroup, dropGroupEntry, STATE_LENGTHS } from './lpm-group';
import { addLength, dropLength, lengthAtMost } from './lpm-length';
import { addPrefix, findPrefix, removePrefix } from './lpm-node';
import { pairMatch } from './lpm-pair';
import { nodeAddress, nodeState, STATE_ENTRY, STATE_FREE, STATE_USED } from './node-pool';

/** What a match returns instead of an index when a writer changed the group under it. */
export const AGAIN: u32 = 0xffffffff;

/** Index of the node of the longest entry that holds the key's first bits, 0 when there is none. */
export function lpmFind(map: MapDescriptor, key: usize): u32 {
  const length = load<u32>(key);
  if (length > map.span) return 0;
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const before = loadChanges(map);
    const index = match(map, key, length);
    if (index != AGAIN && isSettled(map, before)) return index;
  }
  const locked = acquire(map);
  const index = match(map, key, length);
  if (locked) release(map);
  return index == AGAIN ? 0 : index;
}

function match(map: MapDescriptor, key: usize, length: u32): u32 {
  if (map.group == 0 || length < map.group) return matchLengths(map, key, length);
  const index = map.keySize == 16 ? pairMatch(map, key, length) : matchGroup(map, key, length);
  return index != 0 ? index : matchLengths(map, key, map.group - 1);
}

function matchLengths(map: MapDescriptor, key: usize, length: u32): u32 {
  for (let at = lengthAtMost(map, <i32>length); at >= 0; at = lengthAtMost(map, at - 1)) {
    const index = findPrefix(map, key, <u32>at, <u32>at);
    if (index != 0) return index;
  }
  return 0;
}

function matchGroup(map: MapDescriptor, key: usize, length: u32): u32 {
  const group = findPrefix(map, key, map.group, map.group);
  if (group == 0) return 0;
  const state = nodeState(nodeAddress(map, group));
  if ((state & STATE_FREE) != 0) return AGAIN;
  let lengths = state & STATE_LENGTHS & lengthsUpTo(length - map.group);
  for (; lengths != 0; lengths &= ~((<u32>0x80000000) >> clz<u32>(lengths))) {
    const at = map.group + 31 - clz<u32>(lengths);
    const index = findPrefix(map, key, at, at);
    if (index != 0) return index;
  }
  return (state & STATE_ENTRY) != 0 ? group : 0;
}

/** Bits 0..span. */
export function lengthsUpTo(span: u32): u32 {
  return (<u32>2 << span) - 1;
}

/** Index of the entry of exactly this prefix, 0 when there is none. Under the map's lock, or from the only writer. */
export function lpmExact(map: MapDescriptor, key: usize): u32 {
  const length = load<u32>(key);
  if (length > map.span) return 0;
  const index = findPrefix(map, key, length, length);
  return index != 0 && (nodeState(nodeAddress(map, index)) & STATE_ENTRY) != 0 ? index : 0;
}

export function lpmUpdate(map: MapDescriptor, key: usize, value: usize, flags: u32): i32 {
  if (flags > FLAG_EXIST || load<u32>(key) > map.span) return -EINVAL;
  if (!acquire(map)) return -EBUSY;
  const result = put(map, key, value, flags);
  release(map);
  return result;
}

function put(map: MapDescriptor, key: usize, value: usize, flags: u32): i32 {
  const length = load<u32>(key);
  const old = findPrefix(map, key, length, length);
  const state: u32 = old == 0 ? 0 : nodeState(nodeAddress(map, old));
  const exists = (state & STATE_ENTRY) != 0;
  if (exists && flags == FLAG_NO_EXIST) return -EEXIST;
  if (!exists && flags == FLAG_EXIST) return -ENOENT;
  if (!exists && map.count >= map.entries) return -ENOSPC;
  const index = addPrefix(map, key, length, value, STATE_USED | STATE_ENTRY | (state & STATE_LENGTHS));
  if (index == 0) return -ENOSPC;
  if (old != 0) removePrefix(map, old);
  if (exists) return OK;
  if (map.group == 0 || length < map.group) addLength(map, length);
  else if (length > map.group && !addToGroup(map, key, length)) {
    removePrefix(map, index);
    return -ENOSPC;
  }
  map.count++;
  return OK;
}

export function lpmDelete(map: MapDescriptor, key: usize): i32 {
  if (load<u32>(key) > map.span) return -EINVAL;
  if (!acquire(map)) return -EBUSY;
  const index = lpmExact(map, key);
  if (index != 0) drop(map, index, key);
  release(map);
  return index != 0 ? OK : -ENOENT;
}

function drop(map: MapDescriptor, index: u32, key: usize): void {
  const length = load<u32>(key);
  map.count--;
  if (map.group != 0 && length == map.group) {
    dropGroupEntry(map, index);
    return;
  }
  removePrefix(map, index);
  if (map.group == 0 || length < map.group) dropLength(map, length);
  else dropFromGroup(map, key, length);
}
