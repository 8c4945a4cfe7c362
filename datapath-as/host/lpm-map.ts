// Longest-prefix maps, with the results of the kernel's BPF_MAP_TYPE_LPM_TRIE. One hash table holds the prefixes of every length;
// a lookup probes the lengths that there are, longest first. Key: u32 prefix length, then the bits, first byte first.

import { isSettled } from './buckets';
import {
  EBUSY,
  EEXIST,
  EINVAL,
  ENOENT,
  ENOSPC,
  FLAG_EXIST,
  FLAG_NO_EXIST,
  loadChanges,
  MapDescriptor,
  OK,
  stepVersion,
} from './descriptor';
import { ATTEMPTS } from './hash-map';
import { beginReplacing, endReplacing, NOT_YET } from './journal';
import { acquire, release } from './lock';
import { AGAIN, addToGroup, dropFromGroup, dropGroupEntry, lengthBit, lengthsUpTo, STATE_LENGTHS } from './lpm-group';
import { addLength, dropLength, lengthAtMost } from './lpm-length';
import { addPrefix, findPrefix, removePrefix } from './lpm-node';
import { nodeIndex, nodeState, STATE_ENTRY, STATE_FREE, STATE_USED } from './node-pool';

/** Address of the node of the longest entry that holds the key's first bits, 0 when there is none. */
export function lpmFind(map: MapDescriptor, key: usize): usize {
  const length = load<u32>(key);
  if (length > map.span) return 0;
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const before = loadChanges(map);
    const node = match(map, key, length);
    if (node != AGAIN && isSettled(map, before)) return node;
  }
  const locked = acquire(map);
  const node = match(map, key, length);
  if (locked) release(map);
  return node == AGAIN ? 0 : node;
}

function match(map: MapDescriptor, key: usize, length: u32): usize {
  if (map.group == 0 || length < map.group) return matchLengths(map, key, length);
  const node = matchGroup(map, key, length);
  return node != 0 || map.loose == 0 ? node : matchLengths(map, key, map.group - 1);
}

function matchLengths(map: MapDescriptor, key: usize, length: u32): usize {
  for (let at = lengthAtMost(map, <i32>length); at >= 0; at = lengthAtMost(map, at - 1)) {
    const node = findPrefix(map, key, <u32>at, <u32>at);
    if (node != 0) return node;
  }
  return 0;
}

function matchGroup(map: MapDescriptor, key: usize, length: u32): usize {
  const group = findPrefix(map, key, map.group, map.group);
  if (group == 0) return 0;
  const state = nodeState(group);
  if ((state & STATE_FREE) != 0) return AGAIN;
  let lengths = state & STATE_LENGTHS & lengthsUpTo(length - map.group);
  for (; lengths != 0; lengths &= ~lengthBit(lengths)) {
    const at = map.group + 31 - clz<u32>(lengths);
    const node = findPrefix(map, key, at, at);
    if (node != 0) return node;
  }
  return (state & STATE_ENTRY) != 0 ? group : 0;
}

/** Address of the node of exactly this prefix, 0 when there is no such entry. Under the map's lock, or from the only writer. */
export function lpmExact(map: MapDescriptor, key: usize): usize {
  const length = load<u32>(key);
  if (length > map.span) return 0;
  const node = findPrefix(map, key, length, length);
  return node != 0 && (nodeState(node) & STATE_ENTRY) != 0 ? node : 0;
}

export function lpmUpdate(map: MapDescriptor, key: usize, value: usize, flags: u32): i32 {
  if (flags > FLAG_EXIST || load<u32>(key) > map.span) return -EINVAL;
  if (!acquire(map)) return -EBUSY;
  stepVersion(map);
  const result = put(map, key, value, flags);
  endReplacing(map);
  stepVersion(map);
  release(map);
  return result;
}

function put(map: MapDescriptor, key: usize, value: usize, flags: u32): i32 {
  const length = load<u32>(key);
  const old = findPrefix(map, key, length, length);
  const state: u32 = old == 0 ? 0 : nodeState(old);
  const exists = (state & STATE_ENTRY) != 0;
  if (exists && flags == FLAG_NO_EXIST) return -EEXIST;
  if (!exists && flags == FLAG_EXIST) return -ENOENT;
  if (!exists && map.count >= map.entries) return -ENOSPC;
  beginReplacing(map, NOT_YET, old == 0 ? 0 : nodeIndex(map, old));
  const node = addPrefix(map, key, length, value, STATE_USED | STATE_ENTRY | (state & STATE_LENGTHS));
  if (node == 0) return -ENOSPC;
  if (old != 0) removePrefix(map, old);
  if (exists) return OK;
  if (map.group == 0 || length < map.group) addLength(map, length);
  else if (length > map.group && !addToGroup(map, key, length)) {
    removePrefix(map, node);
    return -ENOSPC;
  }
  map.count++;
  return OK;
}

export function lpmDelete(map: MapDescriptor, key: usize): i32 {
  if (load<u32>(key) > map.span) return -EINVAL;
  if (!acquire(map)) return -EBUSY;
  const node = lpmExact(map, key);
  if (node != 0) {
    stepVersion(map);
    map.leaving = nodeIndex(map, node);
    drop(map, node, key);
    map.leaving = 0;
    stepVersion(map);
  }
  release(map);
  return node != 0 ? OK : -ENOENT;
}

function drop(map: MapDescriptor, node: usize, key: usize): void {
  const length = load<u32>(key);
  map.count--;
  if (map.group != 0 && length == map.group) {
    dropGroupEntry(map, node);
    return;
  }
  removePrefix(map, node);
  if (map.group == 0 || length < map.group) dropLength(map, length);
  else dropFromGroup(map, key, length);
}
