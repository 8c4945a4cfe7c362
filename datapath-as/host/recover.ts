// Recovery: what is left of a writer that ended inside an update. Its lock names it, the map's descriptor says what it was about. Whoever
// knows that it is gone takes the lock over, makes the map anew of its entries, and lets it go. An update whose entry was there is done to
// its end, any other one never was.

import { clearBuckets, linkNode } from './buckets';
import {
  addChanges,
  descriptor,
  KIND_HASH,
  KIND_LPM,
  KIND_LRU,
  KIND_NONE,
  kindOf,
  loadChanges,
  MAX_MAPS,
  MapDescriptor,
  SPLITTING,
  stepVersion,
} from './descriptor';
import { hashKey } from './hash-key';
import { endReplacing } from './journal';
import { release, takeOver } from './lock';
import { addToGroup } from './lpm-group';
import { addLength, clearLengths } from './lpm-length';
import { hashNodePrefix } from './lpm-mask';
import { addRemovals, NODE_KEY, nodeAddress, nodeState, STATE_ENTRY, STATE_FREE, STATE_USED, setNodeState } from './node-pool';
import { mendRing } from './recency';

/**
 * Releases every map that the worker held. The caller knows that it is gone and that nobody is that worker now, unless it is the caller
 * itself, which has not begun. How many there were.
 */
export function recoverMaps(worker: u32): u32 {
  let recovered: u32 = 0;
  for (let map: u32 = 0; map < MAX_MAPS; map++) {
    const kind = kindOf(map);
    if (kind == KIND_NONE) continue;
    const found = descriptor(map);
    if (!takeOver(found, worker)) continue;
    // Elements of arrays are written by nobody's leave; half of one is written again by whoever wrote it.
    if (kind == KIND_HASH || kind == KIND_LRU || kind == KIND_LPM) rebuild(found);
    release(found);
    recovered++;
  }
  return recovered;
}

/** Readers look again until it is done, and then ask for the lock. Entries stay where they are. */
function rebuild(map: MapDescriptor): void {
  if ((loadChanges(map) & SPLITTING) == 0) addChanges(map, SPLITTING);
  addRemovals(map, map.patience + 1);
  endUpdate(map);
  clearBuckets(map);
  collectNodes(map);
  if (map.kind == KIND_LPM) countLengths(map);
  if (map.kind == KIND_LRU) mendRing(map);
  endReplacing(map);
  addRemovals(map, map.patience + 1);
  addChanges(map, SPLITTING);
  if (map.kind != KIND_LPM) return;
  // What was remembered since the update began is of no use; odd, it had begun.
  const begun = (map.version & 1) != 0;
  stepVersion(map);
  if (!begun) stepVersion(map);
}

/** What was to go goes, if what was to come is there. */
function endUpdate(map: MapDescriptor): void {
  const leaving = map.leaving;
  const placing = map.placing;
  if (leaving == 0 || leaving > map.fresh) return;
  if (placing != 0 && (placing > map.fresh || (nodeState(nodeAddress(map, placing)) & STATE_ENTRY) == 0)) return;
  setNodeState(nodeAddress(map, leaving), STATE_FREE);
}

/** Chains of all entries, and a queue of all other nodes. */
function collectNodes(map: MapDescriptor): void {
  map.count = 0;
  map.freeCount = 0;
  for (let index: u32 = 1; index <= map.fresh; index++) {
    const node = nodeAddress(map, index);
    if ((nodeState(node) & STATE_ENTRY) == 0) {
      queueNode(map, node, index);
      continue;
    }
    setNodeState(node, STATE_USED | STATE_ENTRY | (map.kind == KIND_LPM ? 0 : index));
    linkNode(map, index, map.kind == KIND_LPM ? hashNodePrefix(map, node + NODE_KEY) : hashKey(node + NODE_KEY, map.keySize));
    map.count++;
  }
}

function queueNode(map: MapDescriptor, node: usize, index: u32): void {
  setNodeState(node, STATE_FREE);
  if (map.freeCount == 0) map.freeFirst = index;
  else setNodeState(nodeAddress(map, map.freeLast), STATE_FREE | index);
  map.freeLast = index;
  map.freeCount++;
}

/** Lengths, and the groups' helpers, of which there were as many before. */
function countLengths(map: MapDescriptor): void {
  clearLengths(map);
  const last = map.fresh;
  for (let index: u32 = 1; index <= last; index++) {
    const node = nodeAddress(map, index);
    if ((nodeState(node) & STATE_ENTRY) == 0) continue;
    const key = node + NODE_KEY;
    const length = load<u32>(key);
    if (map.group == 0 || length < map.group) addLength(map, length);
    else if (length > map.group) addToGroup(map, key, length);
  }
}
