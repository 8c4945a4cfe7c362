// Recency: a ring through the nodes of an LRU map, newest to oldest, exact to the last lookup. The links lie apart from the nodes,
// eight bytes each, so that moving a node to the front writes lines that eight neighbours share and no line of another flow.
// Link 0 is the ring's joint: `older` of it is the newest node, `newer` of it the oldest.

import { MapDescriptor } from './descriptor';
import { release, tryAcquire } from './lock';
import { nodeAddress, nodeState, ownIndex, STATE_ENTRY, STATE_USED } from './node-pool';

const OLDER: usize = 4;
/** Index of no node. */
const NOWHERE: u32 = 0xffffffff;

function linkAddress(map: MapDescriptor, index: u32): usize {
  return map.recency + ((<usize>index) << 3);
}

/** Under the map's lock, as all below but `touchNode`. */
export function addNewest(map: MapDescriptor, index: u32): void {
  const joint = map.recency;
  const second = load<u32>(joint, OLDER);
  const link = linkAddress(map, index);
  store<u32>(link, 0);
  store<u32>(link, second, OLDER);
  store<u32>(linkAddress(map, second), index);
  store<u32>(joint, index, OLDER);
}

export function forgetNode(map: MapDescriptor, index: u32): void {
  const link = linkAddress(map, index);
  const newer = load<u32>(link);
  const older = load<u32>(link, OLDER);
  store<u32>(linkAddress(map, newer), older, OLDER);
  store<u32>(linkAddress(map, older), newer);
}

/** Index of the node that was not used for longest, 0 in an empty map. */
export function oldestNode(map: MapDescriptor): u32 {
  return load<u32>(map.recency);
}

/**
 * Makes the ring whole again: in the order that it has from newest to oldest, which a writer leaves whole but for a node on its way to
 * the front; such a one becomes the oldest. Only entries stay in it.
 */
export function mendRing(map: MapDescriptor): void {
  for (let index: u32 = 1; index <= map.fresh; index++) store<u32>(linkAddress(map, index), NOWHERE);
  let last: u32 = 0;
  let index = load<u32>(map.recency, OLDER);
  for (; index != 0 && index <= map.fresh; index = load<u32>(linkAddress(map, index), OLDER)) {
    if (load<u32>(linkAddress(map, index)) != NOWHERE) break;
    if (!isEntry(map, index)) {
      // Its way on counts, it does not.
      store<u32>(linkAddress(map, index), 0);
      continue;
    }
    last = appendOldest(map, last, index);
  }
  for (let rest: u32 = 1; rest <= map.fresh; rest++) {
    if (load<u32>(linkAddress(map, rest)) == NOWHERE && isEntry(map, rest)) last = appendOldest(map, last, rest);
  }
  store<u32>(linkAddress(map, last), 0, OLDER);
  store<u32>(map.recency, last);
}

function isEntry(map: MapDescriptor, index: u32): bool {
  return nodeState(nodeAddress(map, index)) == (STATE_USED | STATE_ENTRY | index);
}

/** Leaves where the new one leads to as it is: the walk goes on there. */
function appendOldest(map: MapDescriptor, last: u32, index: u32): u32 {
  store<u32>(linkAddress(map, index), last);
  store<u32>(linkAddress(map, last), index, OLDER);
  return index;
}

/**
 * Counts a lookup as use. Costs one comparison for the newest node. A lookup that finds the lock taken does not wait for it: with
 * several workers a use may go unnoted, with one none does.
 */
export function touchNode(map: MapDescriptor, node: usize): void {
  const index = ownIndex(node);
  if (load<u32>(map.recency, OLDER) == index || !tryAcquire(map)) return;
  // It may have been removed since it was found; its state then names another node.
  if (nodeState(node) == (STATE_USED | STATE_ENTRY | index)) {
    forgetNode(map, index);
    addNewest(map, index);
  }
  release(map);
}
