// Statistics: the shape of a map's hash table, for tests and for whoever doubts it. Walks the whole table under the map's lock.

import { linkIndex, nextLink } from './buckets';
import { descriptor, KIND_HASH, KIND_LPM, KIND_LRU, kindOf, MapDescriptor } from './descriptor';
import { acquire, release } from './lock';
import { nodeAddress } from './node-pool';

function isChained(map: u32): bool {
  const kind = kindOf(map);
  return kind == KIND_HASH || kind == KIND_LRU || kind == KIND_LPM;
}

/** Buckets in use; 0 for a map without. */
export function bucketCount(map: u32): u32 {
  return isChained(map) ? descriptor(map).bucketsUsed : 0;
}

/** Nodes in the fullest bucket: what the dearest lookup reads. */
export function longestChain(map: u32): u32 {
  const found = descriptor(map);
  if (!isChained(map) || !acquire(found)) return 0;
  let longest: u32 = 0;
  const buckets = found.bucketsUsed;
  for (let bucket: u32 = 0; bucket < buckets; bucket++) {
    const length = chainLength(found, found.buckets + ((<usize>bucket) << 2));
    if (length > longest) longest = length;
  }
  release(found);
  return longest;
}

function chainLength(map: MapDescriptor, slot: usize): u32 {
  let length: u32 = 0;
  let link = load<u32>(slot);
  for (; link != 0 && length < map.nodes; length++) link = nextLink(link, nodeAddress(map, linkIndex(link)));
  return length;
}
