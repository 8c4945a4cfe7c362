// Nodes of prefix maps: found by a prefix of the key instead of all of it; made and freed under the map's lock.

import { firstLink, growBuckets, linkFits, linkIndex, linkNode, nextLink, unlinkNode } from './buckets';
import { MapDescriptor } from './descriptor';
import { equalPrefix, hashNodePrefix, hashPrefix, maskOf } from './lpm-mask';
import { copyWords, freeNode, NODE_KEY, nodeAddress, setNodeState, takeNode } from './node-pool';

/** Index of the node of the key's first `length` bits under `mark`, 0 when there is none. */
export function findPrefix(map: MapDescriptor, key: usize, length: u32, mark: u32): u32 {
  const mask = maskOf(map, length);
  const hash = hashPrefix(map, key, mark, mask);
  let link = firstLink(map, hash);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && equalPrefix(map, node + NODE_KEY, key, mark, mask)) return linkIndex(link);
    link = nextLink(link, node);
  }
  return 0;
}

/** A linked node with that key, mark, state and (unless 0) value; 0 when all nodes are in use. */
export function addPrefix(map: MapDescriptor, key: usize, mark: u32, value: usize, state: u32): u32 {
  const index = takeNode(map);
  if (index == 0) return 0;
  const node = nodeAddress(map, index);
  copyWords(node + NODE_KEY, key, map.keySize);
  store<u32>(node + NODE_KEY, mark);
  if (value != 0) copyWords(node + <usize>map.valueOffset, value, map.valueSize);
  setNodeState(node, state);
  linkNode(map, index, hashNodePrefix(map, node + NODE_KEY));
  growBuckets(map, map.fresh - map.freeCount);
  return index;
}

export function removePrefix(map: MapDescriptor, index: u32): void {
  unlinkNode(map, index, hashNodePrefix(map, nodeAddress(map, index) + NODE_KEY));
  freeNode(map, index);
}
