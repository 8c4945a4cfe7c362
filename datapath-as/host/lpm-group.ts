// Groups: prefixes that agree in their first `group` bits. A group has a node of its own, at length `group`, which knows the longer
// lengths in it: a lookup in a group that does not exist costs one probe, and one in a group costs its own lengths only. The node
// is at the same time the entry of that length, when there is one. Policy maps use it: a group is (set, identity, direction).
//
// State of a group's node:                                   State of the counter of a length in a group:
//   31     30     29    28          0                          31     30    29   28          0
// +------+-------+------+-------------+                      +------+------+------+-------------+
// | free | entry | used | lengths     |                      | free |  0   | used | entries     |
// +------+-------+------+-------------+                      +------+------+------+-------------+
//   bit n of lengths: the group has entries of length group + n, 1 <= n <= 28

import { MapDescriptor } from './descriptor';
import { MARK_COUNTER } from './lpm-mask';
import { addPrefix, findPrefix, removePrefix } from './lpm-node';
import { nodeState, STATE_ENTRY, STATE_USED, setNodeState } from './node-pool';

export const STATE_LENGTHS: u32 = 0x1fffffff;
/** Lengths that a group can tell apart. */
export const MAX_GROUP_SPAN: u32 = 28;
/** Nodes that one entry may need: its own, its group's and the counter of its length. */
export const NODES_PER_ENTRY: u32 = 3;

/** What a match returns instead of a node when a writer changed the group under it. */
export const AGAIN: usize = 1;

/** Bits 0..span. */
export function lengthsUpTo(span: u32): u32 {
  return ((<u32>2) << span) - 1;
}
/** The highest bit of a word that is not 0. */
export function lengthBit(lengths: u32): u32 {
  return <u32>0x80000000 >> clz<u32>(lengths);
}

/** The entry of `length` > group came: counts it and shows it to lookups. False when no node was left for that. */
export function addToGroup(map: MapDescriptor, key: usize, length: u32): bool {
  const counter = findPrefix(map, key, map.group, length | MARK_COUNTER);
  if (counter != 0) {
    setNodeState(counter, nodeState(counter) + 1);
    return true;
  }
  if (addPrefix(map, key, length | MARK_COUNTER, 0, STATE_USED | 1) == 0) return false;
  const bit: u32 = (<u32>1) << (length - map.group);
  const group = findPrefix(map, key, map.group, map.group);
  if (group == 0) return addPrefix(map, key, map.group, 0, STATE_USED | bit) != 0;
  setNodeState(group, nodeState(group) | bit);
  return true;
}

/** An entry of `length` > group went. */
export function dropFromGroup(map: MapDescriptor, key: usize, length: u32): void {
  const counter = findPrefix(map, key, map.group, length | MARK_COUNTER);
  if (counter == 0) return;
  const left = nodeState(counter) - 1;
  setNodeState(counter, left);
  if ((left & STATE_LENGTHS) != 0) return;
  removePrefix(map, counter);
  const group = findPrefix(map, key, map.group, map.group);
  if (group == 0) return;
  const state = nodeState(group) & ~((<u32>1) << (length - map.group));
  setNodeState(group, state);
  if ((state & (STATE_ENTRY | STATE_LENGTHS)) == 0) removePrefix(map, group);
}

/** The group's own entry goes; the node stays while the group has longer ones. */
export function dropGroupEntry(map: MapDescriptor, group: usize): void {
  const state = nodeState(group);
  if ((state & STATE_LENGTHS) == 0) removePrefix(map, group);
  else setNodeState(group, state & ~STATE_ENTRY);
}
