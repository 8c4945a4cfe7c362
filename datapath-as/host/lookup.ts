// Lookups: what the core asks for, by map number. No entry and no such map are both 0.

import { arrayElement } from './array-map';
import { firstLink, isIntact, isSettled, linkFits, linkIndex, nextLink } from './buckets';
import {
  descriptor,
  KIND_ARRAY,
  KIND_HASH,
  KIND_LPM,
  KIND_LRU,
  KIND_NONE,
  KIND_PERCPU_ARRAY,
  loadChanges,
  MapDescriptor,
} from './descriptor';
import { hashNumber } from './hash-key';
import { ATTEMPTS, findLocked, hashFind } from './hash-map';
import { lpmFind } from './lpm-map';
import { keyCell } from './memory';
import { NODE_KEY, nodeAddress } from './node-pool';
import { touchNode } from './recency';

/** Address of the value under the key at `key`, 0 when absent. A hit in an LRU map counts as use. */
export function lookup(map: u32, key: usize): usize {
  const found = descriptor(map);
  if (found.kind == KIND_LPM) return valueOf(found, lpmFind(found, key));
  if (found.kind == KIND_HASH) return valueOf(found, hashFind(found, key));
  if (found.kind == KIND_LRU) {
    const index = hashFind(found, key);
    if (index != 0) touchNode(found, index);
    return valueOf(found, index);
  }
  return found.kind == KIND_NONE ? 0 : arrayElement(found, load<u32>(key));
}

/** As `lookup`, of an array's element. */
export function lookupArray(map: u32, index: u32): usize {
  const found = descriptor(map);
  return found.kind == KIND_ARRAY || found.kind == KIND_PERCPU_ARRAY ? arrayElement(found, index) : 0;
}

/** As `lookup`, of a key that is one u32 by value. */
export function lookupNumber(map: u32, number: u32): usize {
  const found = descriptor(map);
  if (found.kind != KIND_HASH || found.keySize != 4) return lookupStored(map, number);
  const hash = hashNumber(number);
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const before = loadChanges(found);
    const index = findNumber(found, number, hash);
    if (index != 0 ? isIntact(found, before) : isSettled(found, before)) return valueOf(found, index);
  }
  const cell = keyCell();
  store<u32>(cell, number);
  return valueOf(found, findLocked(found, cell, hash));
}

/** Every other kind of map, which reads its key from memory. */
function lookupStored(map: u32, number: u32): usize {
  if (descriptor(map).keySize != 4) return 0;
  const cell = keyCell();
  store<u32>(cell, number);
  return lookup(map, cell);
}

function findNumber(map: MapDescriptor, number: u32, hash: u32): u32 {
  let link = firstLink(map, hash);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && atomic.load<u32>(node, NODE_KEY) == number) return linkIndex(link);
    link = nextLink(link, node);
  }
  return 0;
}

export function valueOf(map: MapDescriptor, index: u32): usize {
  return index == 0 ? 0 : nodeAddress(map, index) + <usize>map.valueOffset;
}
