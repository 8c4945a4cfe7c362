// The longest match for 16-byte keys in groups, those of policy: what lpm-map.ts does for every map, in line and with both words of
// the key in registers. Tries the whole key first, for most entries name one port: such a match costs one probe, and a peer that no
// entry names costs two. A verdict is two of these, and the hot path has nothing dearer. Whatever is unusual (a writer at work, a
// shorter key, entries outside groups) is left to lpm-map.ts.

import { firstLink, linkFits, linkIndex, nextLink } from './buckets';
import { loadChanges, MapDescriptor, SPLITTING } from './descriptor';
import { finishHash, multiplier } from './hash-key';
import { lengthBit, STATE_LENGTHS } from './lpm-group';
import { lpmFind } from './lpm-map';
import { maskOf } from './lpm-mask';
import { NODE_KEY, NODE_STATE, nodeAddress, STATE_ENTRY, STATE_FREE } from './node-pool';

/** Address of the value of the longest entry that holds the key's first bits, 0 when there is none. */
export function pairLookup(map: MapDescriptor, key: usize): usize {
  // Odd while a bucket is being split: then no later look equals it.
  const before = loadChanges(map) & ~SPLITTING;
  // In the pieces that the core writes: a load across fresh stores would wait for them.
  const length = load<u32>(key);
  const set = (<u64>load<u32>(key, 4)) << 32;
  const rest = ((<u64>keyTail(key)) << 32) | <u64>load<u32>(key, 8);
  if (length != map.span) return pairUnusual(map, key);
  const node = findWhole(map, set | <u64>length, rest);
  if (node != 0) return loadChanges(map) == before ? node + <usize>map.valueOffset : pairUnusual(map, key);
  return pairShorter(map, key, before, set, rest);
}

/** The last word of a key: direction, protocol and port, read as they are written. */
export function keyTail(key: usize): u32 {
  return ((<u32>load<u16>(key, 14)) << 16) | ((<u32>load<u8>(key, 13)) << 8) | <u32>load<u8>(key, 12);
}

function pairUnusual(map: MapDescriptor, key: usize): usize {
  const node = lpmFind(map, key);
  return node == 0 ? 0 : node + <usize>map.valueOffset;
}

/** The match among the group's other entries. */
function pairShorter(map: MapDescriptor, key: usize, before: u64, set: u64, rest: u64): usize {
  const group = findMasked(map, set | <u64>map.group, rest, map.groupMask);
  let found: usize = 0;
  if (group != 0) {
    const state = load<u32>(group, NODE_STATE);
    if ((state & STATE_FREE) != 0) return pairUnusual(map, key);
    if ((state & STATE_ENTRY) != 0) found = group;
    const lengths = state & STATE_LENGTHS & ~((<u32>1) << (map.span - map.group));
    if (lengths != 0) {
      const longer = pairLonger(map, lengths, set, rest);
      if (longer != 0) found = longer;
    }
  }
  if (loadChanges(map) != before || (found == 0 && map.loose != 0)) return pairUnusual(map, key);
  return found == 0 ? 0 : found + <usize>map.valueOffset;
}

/** The match among entries longer than the group and shorter than the key. */
function pairLonger(map: MapDescriptor, present: u32, set: u64, rest: u64): usize {
  for (let lengths = present; lengths != 0; lengths &= ~lengthBit(lengths)) {
    const length = map.group + 31 - clz<u32>(lengths);
    const first = set | <u64>length;
    const mask = load<u64>(maskOf(map, length), 8);
    const hash = hashPair(first, rest & mask);
    const node = findFurther(map, firstLink(map, hash), hash, first, rest, mask);
    if (node != 0) return node;
  }
  return 0;
}

/** As hashPrefix in lpm-mask.ts. */
function hashPair(first: u64, second: u64): u32 {
  return finishHash(first * multiplier(0) + second * multiplier(8));
}

function findWhole(map: MapDescriptor, first: u64, second: u64): usize {
  const hash = hashPair(first, second);
  const link = firstLink(map, hash);
  if (link == 0) return 0;
  const node = nodeAddress(map, linkIndex(link));
  if (linkFits(link, hash) && load<u64>(node, NODE_KEY + 8) == second && load<u64>(node, NODE_KEY) == first) return node;
  const next = nextLink(link, node);
  return next == 0 ? 0 : findFurther(map, next, hash, first, second, 0xffffffffffffffff);
}

function findMasked(map: MapDescriptor, first: u64, second: u64, mask: u64): usize {
  const hash = hashPair(first, second & mask);
  const link = firstLink(map, hash);
  if (link == 0) return 0;
  const node = nodeAddress(map, linkIndex(link));
  if (linkFits(link, hash) && ((load<u64>(node, NODE_KEY + 8) ^ second) & mask) == 0 && load<u64>(node, NODE_KEY) == first) return node;
  const next = nextLink(link, node);
  return next == 0 ? 0 : findFurther(map, next, hash, first, second, mask);
}

function findFurther(map: MapDescriptor, next: u32, hash: u32, first: u64, second: u64, mask: u64): usize {
  let link = next;
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && load<u64>(node, NODE_KEY) == first && ((load<u64>(node, NODE_KEY + 8) ^ second) & mask) == 0) return node;
    link = nextLink(link, node);
  }
  return 0;
}
