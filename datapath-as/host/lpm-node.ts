// Nodes of prefix maps: found by a prefix of the key instead of all of it; made and freed under the map's lock.

import { firstLink, growBuckets, linkFits, linkIndex, linkNode, nextLink, unlinkNode } from './buckets';
import { MapDescriptor } from './descriptor';
import { equalPrefix, hashNodePrefix, hashPrefix, maskOf } from './lpm-mask';
import { copyWords, freeNode, NODE_KEY, nodeAddress, nodeIndex, STATE_ENTRY, setNodeState, takeNode } from './node-pool';

/** Address of the node of the key's first `length` bits under `mark`, 0 when there is none. */
export function findPrefix(map: MapDescriptor, key: usize, length: u32, mark: u32): usize {
  const mask = maskOf(map, length);
  const hash = hashPrefix(map, key, mark, mask);
  let link = firstLink(map, hash);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && equalPrefix(map, node + NODE_KEY, key, mark, mask)) return node;
    link = nextLink(link, node);
  }
  return 0;
}

/** A linked node with that key, mark, state and (unless 0) value; 0 when all nodes are in use. */
export function addPrefix(map: MapDescriptor, key: usize, mark: u32, value: usize, state: u32): usize {
  const index = takeNode(map);
  if (index == 0) return 0;
  const node = nodeAddress(map, index);
  if ((state & STATE_ENTRY) != 0) map.placing = index;
  copyWords(node + NODE_KEY, key, map.keySize);
  store<u32>(node + NODE_KEY, mark);
  if (value != 0) copyWords(node + <usize>map.valueOffset, value, map.valueSize);
  setNodeState(node, state);
  linkNode(map, index, hashNodePrefix(map, node + NODE_KEY));
  growBuckets(map, map.fresh - map.freeCount);
  return node;
}

export function removePrefix(map: MapDescriptor, node: usize): void {
  const index = nodeIndex(map, node);
  unlinkNode(map, index, hashNodePrefix(map, node + NODE_KEY));
  freeNode(map, index);
}
