// The match within a group for 16-byte keys, those of policy: the same as matchGroup in lpm-map.ts with both words of the key in
// registers. A verdict is two of these, and the hot path has nothing dearer.

import { firstLink, linkFits, linkIndex, nextLink } from './buckets';
import { MapDescriptor } from './descriptor';
import { finishHash, hashWord } from './hash-key';
import { AGAIN, lengthsUpTo } from './lpm-map';
import { STATE_LENGTHS } from './lpm-group';
import { maskOf } from './lpm-mask';
import { NODE_KEY, nodeAddress, nodeState, STATE_ENTRY, STATE_FREE } from './node-pool';

/** Index of the longest entry of the key's group, 0 when there is none; AGAIN when a writer was in the way. */
export function pairMatch(map: MapDescriptor, key: usize, length: u32): u32 {
  const start = load<u64>(key) & 0xffffffff00000000;
  const rest = load<u64>(key, 8);
  const group = findPair(map, start | <u64>map.group, rest, load<u64>(maskOf(map, map.group), 8));
  if (group == 0) return 0;
  const state = nodeState(nodeAddress(map, group));
  if ((state & STATE_FREE) != 0) return AGAIN;
  let lengths = state & STATE_LENGTHS & lengthsUpTo(length - map.group);
  for (; lengths != 0; lengths &= ~((<u32>0x80000000) >> clz<u32>(lengths))) {
    const at = map.group + 31 - clz<u32>(lengths);
    const index = findPair(map, start | <u64>at, rest, load<u64>(maskOf(map, at), 8));
    if (index != 0) return index;
  }
  return (state & STATE_ENTRY) != 0 ? group : 0;
}

/** As findPrefix in lpm-node.ts, for lengths that reach into the second word. */
function findPair(map: MapDescriptor, start: u64, rest: u64, mask: u64): u32 {
  const hash = finishHash(hashWord(start, 0) + hashWord(rest & mask, 8));
  let link = firstLink(map, hash);
  for (let steps = map.nodes; link != 0 && steps != 0; steps--) {
    const node = nodeAddress(map, linkIndex(link));
    if (linkFits(link, hash) && atomic.load<u64>(node, NODE_KEY) == start) {
      if (((atomic.load<u64>(node, NODE_KEY + 8) ^ rest) & mask) == 0) return linkIndex(link);
    }
    link = nextLink(link, node);
  }
  return 0;
}
