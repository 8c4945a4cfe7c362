// Buckets: chains of nodes, by linear hashing: the table grows by one bucket at a time as entries come, so that few entries lie
// close together and no insertion pays for a rehash. A word that leads to a node says enough about it to skip it unread.
//
//   31     30    25 24                     0
// +------+--------+------------------------+   more: another node follows that one
// | more |  tag   |       node index       |   tag: top 6 bits of the key's hash
// +------+--------+------------------------+   0: no node
//
// There are always mask + 1 words, a power of two, so that a reader needs no more than the mask. Those above the buckets in use are
// mirrors: bucket b that was not split off yet has the word of bucket b - (mask + 1) / 2.
//
// A reader takes no lock. It sees each chain whole or, while the chain is split or a node on its way is used again, cut short; the
// map's `changes` tell it which (`isIntact`, `isSettled`). They are read atomically before and after, which keeps compilers in order;
// the loads in between are plain ones. Against a machine that defers those beyond the last check, a reader puts up with half of the
// grace only.

import { addChanges, KIND_LPM, loadChanges, MapDescriptor, SPLITTING } from './descriptor';
import { equalKey, hashKey } from './hash-key';
import { hashNodePrefix } from './lpm-mask';
import { MAX_NODES, NODE_KEY, nodeAddress } from './node-pool';

const MORE: u32 = 0x80000000;
const TAG: u32 = 0x7e000000;
/** A map starts with that many: one line of words. */
export const FIRST_BUCKETS: u32 = 16;

export function linkIndex(link: u32): u32 {
  return link & MAX_NODES;
}
/** Whether a link can lead to a key of that hash. */
export function linkFits(link: u32, hash: u32): bool {
  return ((link ^ (hash >> 1)) & TAG) == 0;
}
/** The link after `link`, whose node is given; the node is not read when nothing follows. */
export function nextLink(link: u32, node: usize): u32 {
  return (link & MORE) == 0 ? 0 : load<u32>(node);
}
/** The first link of the hash's bucket. */
export function firstLink(map: MapDescriptor, hash: u32): u32 {
  return load<u32>(map.buckets + ((<usize>(hash & map.mask)) << 2));
}

/** Address of the node with that key, 0 when there is none (or a writer was in the way, see above). */
export function findKey(map: MapDescriptor, key: usize, hash: u32): usize {
  const link = firstLink(map, hash);
  if (link == 0) return 0;
  const node = nodeAddress(map, linkIndex(link));
  if (linkFits(link, hash) && equalKey(node + NODE_KEY, key, map.keySize)) return node;
  return (link & MORE) == 0 ? 0 : findFurther(map, node, key, hash);
}

function findFurther(map: MapDescriptor, first: usize, key: usize, hash: u32): usize {
  let link = load<u32>(first);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && equalKey(node + NODE_KEY, key, map.keySize)) return node;
    link = nextLink(link, node);
  }
  return 0;
}

/** No node read since `before` was used again: keys and links were what they seemed. */
export function isIntact(map: MapDescriptor, before: u64): bool {
  return <u32>loadChanges(map) - <u32>before <= map.patience;
}
/** As `isIntact`, and no bucket was split: what was not found was not there. */
export function isSettled(map: MapDescriptor, before: u64): bool {
  const now = loadChanges(map);
  if ((before & SPLITTING) != 0) return false;
  return now == before || (now >> 32 == before >> 32 && <u32>now - <u32>before <= map.patience);
}

/** Puts a complete node at the head of its chain; readers see it from here on. Under the map's lock. */
export function linkNode(map: MapDescriptor, index: u32, hash: u32): void {
  const bucket = ownBucket(map, hash);
  const head = load<u32>(slotOf(map, bucket));
  atomic.store<u32>(nodeAddress(map, index), head);
  storeHead(map, bucket, linkTo(index, hash, head));
}

function linkTo(index: u32, hash: u32, next: u32): u32 {
  return (next == 0 ? 0 : MORE) | ((hash >> 1) & TAG) | index;
}
function slotOf(map: MapDescriptor, bucket: u32): usize {
  return map.buckets + ((<usize>bucket) << 2);
}
/** The bucket in use that a hash belongs to. */
function ownBucket(map: MapDescriptor, hash: u32): u32 {
  const bucket = hash & map.mask;
  return bucket < map.bucketsUsed ? bucket : bucket & (map.mask >> 1);
}
function storeHead(map: MapDescriptor, bucket: u32, link: u32): void {
  atomic.store<u32>(slotOf(map, bucket), link);
  const mirror = bucket + (map.mask >> 1) + 1;
  if (mirror >= map.bucketsUsed && mirror <= map.mask) atomic.store<u32>(slotOf(map, mirror), link);
}

/** Takes a node out of its chain; its own link stays, for readers that stand on it. Under the map's lock. */
export function unlinkNode(map: MapDescriptor, index: u32, hash: u32): void {
  const bucket = ownBucket(map, hash);
  let link = load<u32>(slotOf(map, bucket));
  /** The nodes before the one that `link` leads to, nearest first; 0 for the bucket itself. */
  let before: usize = 0;
  let beforeThat: usize = 0;
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    const next = load<u32>(node);
    if (linkIndex(link) == index) {
      if (before == 0) {
        storeHead(map, bucket, next);
        return;
      }
      atomic.store<u32>(before, next);
      if (next != 0) return;
      // The node before is the last one now, and the link to it says otherwise.
      if (beforeThat == 0) storeHead(map, bucket, load<u32>(slotOf(map, bucket)) & ~MORE);
      else atomic.store<u32>(beforeThat, load<u32>(beforeThat) & ~MORE);
      return;
    }
    beforeThat = before;
    before = node;
    link = next;
  }
}

/** Splits buckets until there are two for each node in use, or as many as fit. Under the map's lock. */
export function growBuckets(map: MapDescriptor, used: u32): void {
  for (; map.bucketsUsed < map.maxBuckets && map.bucketsUsed >> 1 < used; ) {
    if (map.bucketsUsed > map.mask) doubleWords(map);
    splitBucket(map);
  }
}

/** Empties all chains; there are as many buckets as words then, and no mirrors. Between two changes that readers are told of. */
export function clearBuckets(map: MapDescriptor): void {
  memory.fill(map.buckets, 0, (<usize>map.mask + 1) << 2);
  map.bucketsUsed = map.mask + 1;
}

/** Twice the words, each new one a mirror. */
function doubleWords(map: MapDescriptor): void {
  const words = map.bucketsUsed;
  memory.copy(slotOf(map, words), map.buckets, (<usize>words) << 2);
  atomic.store<u32>(changetype<usize>(map), map.mask + words, offsetof<MapDescriptor>('mask'));
}

/** Gives the first mirror a chain of its own: the nodes of the mirrored bucket whose hash has the top bit of the mask. */
function splitBucket(map: MapDescriptor): void {
  const high = map.bucketsUsed;
  const low = high & (map.mask >> 1);
  addChanges(map, SPLITTING);
  let lowHead: u32 = 0;
  let highHead: u32 = 0;
  let link = load<u32>(slotOf(map, low));
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const index = linkIndex(link);
    const node = nodeAddress(map, index);
    const hash = map.kind == KIND_LPM ? hashNodePrefix(map, node + NODE_KEY) : hashKey(node + NODE_KEY, map.keySize);
    link = load<u32>(node);
    if ((hash & map.mask) == high) {
      atomic.store<u32>(node, highHead);
      highHead = linkTo(index, hash, highHead);
    } else {
      atomic.store<u32>(node, lowHead);
      lowHead = linkTo(index, hash, lowHead);
    }
  }
  map.bucketsUsed = high + 1;
  atomic.store<u32>(slotOf(map, low), lowHead);
  atomic.store<u32>(slotOf(map, high), highHead);
  addChanges(map, SPLITTING);
}
