// Maps as the orchestrator uses them: by number, with keys and values in memory. A number that no map has reads as empty and
// refuses writes with -EINVAL.

import { arrayFirst, arrayKey, arrayUpdate, copiesOf } from './array-map';
import { descriptor, EINVAL, KIND_ARRAY, KIND_HASH, KIND_LPM, KIND_LRU, KIND_NONE, KIND_PERCPU_ARRAY, kindOf } from './descriptor';
import { hashDelete, hashFind, hashUpdate } from './hash-map';
import { nodeValue } from './lookup';
import { lpmDelete, lpmExact, lpmFind, lpmUpdate } from './lpm-map';
import { pairLookup } from './lpm-pair';
import { NODE_KEY, nextEntry, nodeAddress } from './node-pool';

function isNodes(kind: u32): bool {
  return kind == KIND_HASH || kind == KIND_LRU || kind == KIND_LPM;
}
function isArray(kind: u32): bool {
  return kind == KIND_ARRAY || kind == KIND_PERCPU_ARRAY;
}

/** Inserts or replaces; flags are bpf(2)'s. 0 or -errno: EEXIST, ENOENT, E2BIG (full), ENOSPC (prefix map full), EINVAL, EBUSY. */
export function mapUpdate(map: u32, key: usize, value: usize, flags: u32): i32 {
  const kind = kindOf(map);
  if (kind == KIND_HASH || kind == KIND_LRU) return hashUpdate(descriptor(map), key, value, flags);
  if (kind == KIND_LPM) return lpmUpdate(descriptor(map), key, value, flags);
  if (isArray(kind)) return arrayUpdate(descriptor(map), load<u32>(key), value, flags);
  return -EINVAL;
}

/** 0, -ENOENT, or -EINVAL: an array's elements cannot be deleted. */
export function mapDelete(map: u32, key: usize): i32 {
  const kind = kindOf(map);
  if (kind == KIND_HASH || kind == KIND_LRU) return hashDelete(descriptor(map), key);
  if (kind == KIND_LPM) return lpmDelete(descriptor(map), key);
  return -EINVAL;
}

/** Address of the value, as the packet path would find it, without counting as use; in a per-CPU array, of the first copy. 0: absent. */
export function mapLookup(map: u32, key: usize): usize {
  const kind = kindOf(map);
  const found = descriptor(kind == KIND_NONE ? 0 : map);
  if (kind == KIND_HASH || kind == KIND_LRU) return nodeValue(found, hashFind(found, key));
  if (kind == KIND_LPM) return found.isPair != 0 ? pairLookup(found, key) : nodeValue(found, lpmFind(found, key));
  return isArray(kind) ? arrayFirst(found, load<u32>(key)) : 0;
}

/** As mapLookup, but in a prefix map the entry of exactly this prefix and not the longest match. */
export function mapExact(map: u32, key: usize): usize {
  if (kindOf(map) != KIND_LPM) return mapLookup(map, key);
  return nodeValue(descriptor(map), lpmExact(descriptor(map), key));
}

/** Cursor of the entry after `cursor`, in no order that means anything; 0 before the first and behind the last. */
export function mapNext(map: u32, cursor: u32): u32 {
  const kind = kindOf(map);
  if (isNodes(kind)) return nextEntry(descriptor(map), cursor);
  return isArray(kind) && cursor < descriptor(map).nodes ? cursor + 1 : 0;
}

/** Address of the key under a cursor; of an array's, good until the next call. 0 for a cursor that mapNext never gave. */
export function entryKey(map: u32, cursor: u32): usize {
  const kind = kindOf(map);
  if (cursor == 0 || kind == KIND_NONE || cursor > descriptor(map).nodes) return 0;
  return isArray(kind) ? arrayKey(cursor - 1) : nodeAddress(descriptor(map), cursor) + NODE_KEY;
}

/** Address of the value under a cursor; in a per-CPU array, of the first copy. */
export function entryValue(map: u32, cursor: u32): usize {
  const kind = kindOf(map);
  if (cursor == 0 || kind == KIND_NONE || cursor > descriptor(map).nodes) return 0;
  return isArray(kind) ? arrayFirst(descriptor(map), cursor - 1) : nodeValue(descriptor(map), nodeAddress(descriptor(map), cursor));
}

/** Entries present; of an array, all. */
export function mapCount(map: u32): u32 {
  return kindOf(map) == KIND_NONE ? 0 : descriptor(map).count;
}

/** Copies of each value (per-CPU arrays: one per worker), and the bytes from one to the next. */
export function mapCopies(map: u32): u32 {
  return kindOf(map) == KIND_NONE ? 0 : copiesOf(descriptor(map));
}
export function mapCopyStride(map: u32): u32 {
  return kindOf(map) == KIND_PERCPU_ARRAY ? descriptor(map).span : 0;
}
