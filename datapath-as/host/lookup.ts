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
import { pairLookup } from './lpm-pair';
import { keyCell } from './memory';
import { NODE_KEY, nodeAddress } from './node-pool';
import { touchNode } from './recency';

/** Address of the value under the key at `key`, 0 when absent. A hit in an LRU map counts as use. */
export function lookup(map: u32, key: usize): usize {
  const found = descriptor(map);
  return found.isPair != 0 ? pairLookup(found, key) : lookupAny(found, key);
}

function lookupAny(found: MapDescriptor, key: usize): usize {
  if (found.kind == KIND_LPM) return nodeValue(found, lpmFind(found, key));
  if (found.kind == KIND_HASH) return nodeValue(found, hashFind(found, key));
  if (found.kind == KIND_LRU) {
    const node = hashFind(found, key);
    if (node != 0) touchNode(found, node);
    return nodeValue(found, node);
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
    const node = findNumber(found, number, hash);
    if (node != 0 ? isIntact(found, before) : isSettled(found, before)) return nodeValue(found, node);
  }
  const cell = keyCell();
  store<u32>(cell, number);
  return nodeValue(found, findLocked(found, cell, hash));
}

/** Every other kind of map, which reads its key from memory. */
function lookupStored(map: u32, number: u32): usize {
  if (descriptor(map).keySize != 4) return 0;
  const cell = keyCell();
  store<u32>(cell, number);
  return lookupAny(descriptor(map), cell);
}

function findNumber(map: MapDescriptor, number: u32, hash: u32): usize {
  let link = firstLink(map, hash);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && load<u32>(node, NODE_KEY) == number) return node;
    link = nextLink(link, node);
  }
  return 0;
}

/** Address of a node's value; 0 for no node. */
export function nodeValue(map: MapDescriptor, node: usize): usize {
  return node == 0 ? 0 : node + <usize>map.valueOffset;
}
