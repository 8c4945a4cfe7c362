// Buckets: chains of nodes, by linear hashing: the table grows by one bucket at a time as entries come, so that few entries lie
// close together and no insertion pays for a rehash. A word that leads to a node says enough about it to skip it unread.
//
//   31     30    25 24                     0
// +------+--------+------------------------+   more: another node follows that one
// | more |  tag   |       node index       |   tag: top 6 bits of the key's hash
// +------+--------+------------------------+   0: no node
//
// A reader takes no lock. It sees each chain whole or, while the chain is split or a node on its way is used again, cut short; the
// map's `changes` tell it which (`isSettled`, `isIntact`).

import { addChanges, KIND_LPM, loadChanges, loadShape, MapDescriptor, storeShape } from './descriptor';
import { equalKey, hashKey } from './hash-key';
import { hashNodePrefix } from './lpm-mask';
import { MAX_NODES, NODE_KEY, nodeAddress } from './node-pool';

const MORE: u32 = 0x80000000;
const TAG: u32 = 0x7e000000;
const TAG_SHIFT: u32 = 25;
const HASH_TAG_SHIFT: u32 = 26;
/** A map starts with that many, one line of words, unless it is smaller. */
export const FIRST_BUCKETS: u32 = 16;
const SPLIT: u64 = 0x100000000;

export function linkIndex(link: u32): u32 {
  return link & MAX_NODES;
}
/** Whether a link can lead to a key of that hash. */
export function linkFits(link: u32, hash: u32): bool {
  return (link & TAG) == (hash >> HASH_TAG_SHIFT) << TAG_SHIFT;
}
/** The link after `link`, whose node is given; the node is not read when nothing follows. */
export function nextLink(link: u32, node: usize): u32 {
  return (link & MORE) == 0 ? 0 : atomic.load<u32>(node);
}

export function bucketSlot(map: MapDescriptor, hash: u32): usize {
  const shape = loadShape(map);
  let bucket = hash & <u32>(shape >> 32);
  if (bucket >= <u32>shape) bucket &= <u32>(shape >> 33);
  return map.buckets + ((<usize>bucket) << 2);
}
export function firstLink(map: MapDescriptor, hash: u32): u32 {
  return atomic.load<u32>(bucketSlot(map, hash));
}

/** Index of the node with that key, 0 when there is none (or a writer was in the way, see above). */
export function findKey(map: MapDescriptor, key: usize, hash: u32): u32 {
  let link = firstLink(map, hash);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && equalKey(node + NODE_KEY, key, map.keySize)) return linkIndex(link);
    link = nextLink(link, node);
  }
  return 0;
}

/** No node read since `before` was used again: keys and links were what they seemed. */
export function isIntact(map: MapDescriptor, before: u64): bool {
  return <u32>loadChanges(map) - <u32>before <= map.grace;
}
/** As `isIntact`, and no bucket was split: what was not found was not there. */
export function isSettled(map: MapDescriptor, before: u64): bool {
  const now = loadChanges(map);
  return <u32>now - <u32>before <= map.grace && now >> 32 == before >> 32 && ((before >> 32) & 1) == 0;
}

/** Puts a complete node at the head of its chain; readers see it from here on. Under the map's lock. */
export function linkNode(map: MapDescriptor, index: u32, hash: u32): void {
  pushNode(map, bucketSlot(map, hash), index, hash);
}

function pushNode(map: MapDescriptor, slot: usize, index: u32, hash: u32): void {
  const head = load<u32>(slot);
  atomic.store<u32>(nodeAddress(map, index), head);
  const more = head == 0 ? <u32>0 : MORE;
  atomic.store<u32>(slot, more | ((hash >> HASH_TAG_SHIFT) << TAG_SHIFT) | index);
}

/** Takes a node out of its chain; its own link stays, for readers that stand on it. Under the map's lock. */
export function unlinkNode(map: MapDescriptor, index: u32, hash: u32): void {
  /** The word that leads to the node which `slot` lies in. */
  let before: usize = 0;
  let slot = bucketSlot(map, hash);
  let link = load<u32>(slot);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    const next = load<u32>(node);
    if (linkIndex(link) == index) {
      atomic.store<u32>(slot, next);
      if (next == 0 && before != 0) atomic.store<u32>(before, load<u32>(before) & ~MORE);
      return;
    }
    before = slot;
    slot = node;
    link = next;
  }
}

/** Splits buckets until there are two for each node in use, or as many as fit. Under the map's lock. */
export function growBuckets(map: MapDescriptor, used: u32): void {
  for (let buckets = <u32>map.shape; buckets < map.maxBuckets && buckets >> 1 < used; buckets++) splitBucket(map, buckets);
}

/** Adds bucket number `added`; its nodes come from the bucket that differs in the top bit only. */
function splitBucket(map: MapDescriptor, added: u32): void {
  let mask = <u32>(map.shape >> 32);
  if (added > mask) mask = (mask << 1) | 1;
  addChanges(map, SPLIT);
  const low = map.buckets + ((<usize>(added & (mask >> 1))) << 2);
  const high = map.buckets + ((<usize>added) << 2);
  let link = load<u32>(low);
  atomic.store<u32>(low, 0);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    const next = load<u32>(node);
    const hash = map.kind == KIND_LPM ? hashNodePrefix(map, node + NODE_KEY) : hashKey(node + NODE_KEY, map.keySize);
    pushNode(map, (hash & mask) == added ? high : low, linkIndex(link), hash);
    link = next;
  }
  storeShape(map, ((<u64>mask) << 32) | <u64>(added + 1));
  addChanges(map, SPLIT);
}
