// Copies: entries read out whole while other instances write. An address (mapLookup, entryValue) is faster to have, but what it
// leads to may be another entry's by the time a slow reader gets there; a copy is checked after it was made.

import { arrayFirst } from './array-map';
import { isIntact } from './buckets';
import {
  descriptor,
  EINVAL,
  ENOENT,
  KIND_ARRAY,
  KIND_LPM,
  KIND_NONE,
  KIND_PERCPU_ARRAY,
  kindOf,
  loadChanges,
  MapDescriptor,
  OK,
} from './descriptor';
import { ATTEMPTS, hashFind } from './hash-map';
import { acquire, release } from './lock';
import { lpmFind } from './lpm-map';
import { copyWords, NODE_KEY, nodeAddress, nodeState, STATE_ENTRY } from './node-pool';

function isElements(kind: u32): bool {
  return kind == KIND_ARRAY || kind == KIND_PERCPU_ARRAY;
}

/** Copies the value that mapLookup finds to `target`. 0, -ENOENT, or -EINVAL for a map that was not created. */
export function mapRead(map: u32, key: usize, target: usize): i32 {
  const kind = kindOf(map);
  if (kind == KIND_NONE) return -EINVAL;
  const found = descriptor(map);
  if (isElements(kind)) return readElement(found, load<u32>(key), target);
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const before = loadChanges(found);
    const result = readValue(found, key, target);
    if (isIntact(found, before)) return result;
  }
  const locked = acquire(found);
  const result = readValue(found, key, target);
  if (locked) release(found);
  return result;
}

function readElement(map: MapDescriptor, index: u32, target: usize): i32 {
  const element = arrayFirst(map, index);
  if (element == 0) return -ENOENT;
  copyWords(target, element, map.valueSize);
  return OK;
}

function readValue(map: MapDescriptor, key: usize, target: usize): i32 {
  const node = map.kind == KIND_LPM ? lpmFind(map, key) : hashFind(map, key);
  if (node == 0) return -ENOENT;
  copyWords(target, node + <usize>map.valueOffset, map.valueSize);
  return OK;
}

/** Copies key and value under a cursor of mapNext. 0, -ENOENT when the entry is gone, or -EINVAL for a map that was not created. */
export function entryRead(map: u32, cursor: u32, key: usize, target: usize): i32 {
  const kind = kindOf(map);
  if (kind == KIND_NONE) return -EINVAL;
  const found = descriptor(map);
  if (cursor == 0 || cursor > found.nodes) return -ENOENT;
  if (isElements(kind)) {
    store<u32>(key, cursor - 1);
    return readElement(found, cursor - 1, target);
  }
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const before = loadChanges(found);
    const node = nodeAddress(found, cursor);
    if ((nodeState(node) & STATE_ENTRY) == 0) return -ENOENT;
    copyWords(key, node + NODE_KEY, found.keySize);
    copyWords(target, node + <usize>found.valueOffset, found.valueSize);
    if (isIntact(found, before)) return OK;
  }
  // So many were removed each time that this one, if it is there at all, is a newcomer.
  return -ENOENT;
}
