// Hash maps, plain and LRU: lookups without a lock, updates under the map's. Replacing an entry's value puts a new node before the
// old one and then takes the old one out, as the kernel does, so that no reader sees half of each value.

import { findKey, growBuckets, isIntact, isSettled, linkNode, unlinkNode } from './buckets';
import { E2BIG, EBUSY, EEXIST, EINVAL, ENOENT, FLAG_EXIST, FLAG_NO_EXIST, KIND_LRU, loadChanges, MapDescriptor, OK } from './descriptor';
import { hashKey } from './hash-key';
import { acquire, release } from './lock';
import { copyWords, freeNode, NODE_KEY, nodeAddress, ownIndex, STATE_ENTRY, STATE_USED, setNodeState, takeNode } from './node-pool';
import { beginReplacing, endReplacing } from './journal';
import { addNewest, forgetNode, oldestNode } from './recency';

/** Looks that a writer may spoil before a reader asks it to wait. */
export const ATTEMPTS: u32 = 8;

/** Address of the key's node, 0 when it is absent. */
export function hashFind(map: MapDescriptor, key: usize): usize {
  const hash = hashKey(key, map.keySize);
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const before = loadChanges(map);
    const node = findKey(map, key, hash);
    if (node != 0 ? isIntact(map, before) : isSettled(map, before)) return node;
  }
  return findLocked(map, key, hash);
}

/** When the lock's holder is gone, what is seen is all that will ever be seen. */
export function findLocked(map: MapDescriptor, key: usize, hash: u32): usize {
  const locked = acquire(map);
  const node = findKey(map, key, hash);
  if (locked) release(map);
  return node;
}

export function hashUpdate(map: MapDescriptor, key: usize, value: usize, flags: u32): i32 {
  if (flags > FLAG_EXIST) return -EINVAL;
  const hash = hashKey(key, map.keySize);
  if (!acquire(map)) return -EBUSY;
  const result = put(map, key, value, flags, hash);
  release(map);
  return result;
}

function put(map: MapDescriptor, key: usize, value: usize, flags: u32, hash: u32): i32 {
  const old = findKey(map, key, hash);
  if (old != 0 && flags == FLAG_NO_EXIST) return -EEXIST;
  if (old == 0 && flags == FLAG_EXIST) return -ENOENT;
  if (old == 0 && map.count >= map.entries) {
    if (map.kind != KIND_LRU) return -E2BIG;
    evict(map);
  }
  const index = takeNode(map);
  if (index == 0) return -E2BIG;
  const node = nodeAddress(map, index);
  beginReplacing(map, index, old == 0 ? 0 : ownIndex(old));
  copyWords(node + NODE_KEY, key, map.keySize);
  copyWords(node + <usize>map.valueOffset, value, map.valueSize);
  setNodeState(node, STATE_USED | STATE_ENTRY | index);
  linkNode(map, index, hash);
  if (map.kind == KIND_LRU) addNewest(map, index);
  map.count++;
  if (old != 0) remove(map, old, hash);
  else growBuckets(map, map.count);
  endReplacing(map);
  return OK;
}

function remove(map: MapDescriptor, node: usize, hash: u32): void {
  const index = ownIndex(node);
  map.leaving = index;
  unlinkNode(map, index, hash);
  if (map.kind == KIND_LRU) forgetNode(map, index);
  freeNode(map, index);
  map.count--;
  map.leaving = 0;
}

function evict(map: MapDescriptor): void {
  const index = oldestNode(map);
  if (index == 0) return;
  const node = nodeAddress(map, index);
  remove(map, node, hashKey(node + NODE_KEY, map.keySize));
}

export function hashDelete(map: MapDescriptor, key: usize): i32 {
  const hash = hashKey(key, map.keySize);
  if (!acquire(map)) return -EBUSY;
  const node = findKey(map, key, hash);
  if (node != 0) remove(map, node, hash);
  release(map);
  return node != 0 ? OK : -ENOENT;
}
