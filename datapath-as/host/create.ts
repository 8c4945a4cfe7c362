// Creation: lays a map out at the break of the memory. Only by one instance, before others use the maps.

import { POLICY_PREFIX_PEER } from '../core/enum/policy';
import { FIRST_BUCKETS } from './buckets';
import {
  descriptor,
  EEXIST,
  EINVAL,
  ENOMEM,
  forgetDescriptor,
  forgetDescriptors,
  KIND_ARRAY,
  KIND_HASH,
  KIND_LPM,
  KIND_LRU,
  KIND_NONE,
  KIND_PERCPU_ARRAY,
  MAX_MAPS,
  MapDescriptor,
} from './descriptor';
import { MAP_POLICY } from './generated/maps';
import { isSeeded, MAX_KEY_SIZE, seedHash } from './hash-key';
import { MAX_GROUP_SPAN, NODES_PER_ENTRY } from './lpm-group';
import { lengthBitsSize, lengthCountersSize } from './lpm-length';
import { fillMasks, maskOf, maskTableSize } from './lpm-mask';
import { allocate, firstVersion, LINE, MAX_WORKERS, releaseAll } from './memory';
import { graceOf, MAX_NODES, NODE_KEY } from './node-pool';

const MAX_VALUE_SIZE: u32 = 4096;
/** Where `kind` carries the bits of a prefix map's groups. */
const GROUP_SHIFT: u32 = 8;
const DEFAULT_SEED: u64 = 0x243f6a8885a308d3;

/**
 * Builds map number `map`. Sizes are multiples of 4; `kind` is KIND_*, for a prefix map also `bits that groups share << 8` (the
 * policy map has its own by default). 0, or EINVAL, EEXIST (the number is taken), ENOMEM (nothing was built).
 */
export function create(map: u32, kind: u32, keySize: u32, valueSize: u32, entries: u32): u32 {
  if (map >= MAX_MAPS || entries == 0 || entries > MAX_NODES) return EINVAL;
  if (keySize == 0 || keySize > MAX_KEY_SIZE || (keySize & 3) != 0) return EINVAL;
  if (valueSize == 0 || valueSize > MAX_VALUE_SIZE || (valueSize & 3) != 0) return EINVAL;
  const made = descriptor(map);
  if (made.kind != KIND_NONE) return EEXIST;
  if (!isSeeded()) seedHash(DEFAULT_SEED);
  made.keySize = keySize;
  made.valueSize = valueSize;
  made.entries = entries;
  made.count = 0;
  made.version = firstVersion();
  const plain = kind & 0xff;
  let group = kind >> GROUP_SHIFT;
  if (plain == KIND_LPM && group == 0 && map == MAP_POLICY && keySize == 16) group = POLICY_PREFIX_PEER;
  let error = EINVAL;
  if (plain == KIND_LPM) error = createLpm(made, group);
  else if (group != 0) error = EINVAL;
  else if (plain == KIND_HASH || plain == KIND_LRU) error = createHash(made, plain == KIND_LRU);
  else if (plain == KIND_ARRAY || plain == KIND_PERCPU_ARRAY) error = createArray(made, plain == KIND_PERCPU_ARRAY ? MAX_WORKERS : 1);
  if (error == 0) made.kind = plain;
  else forgetDescriptor(made);
  return error;
}

/** Forgets all maps and their entries, and draws new hash multipliers. Not while another instance runs. */
export function reset(): void {
  forgetDescriptors();
  releaseAll();
  seedHash(DEFAULT_SEED);
}

/** As `reset`, with a secret seed: keys that outsiders choose (flows) then cannot be chosen to share a bucket. */
export function resetSeeded(seed: u64): void {
  forgetDescriptors();
  releaseAll();
  seedHash(seed);
}

/** Long nodes (conntrack) start on a cache line, so that key and counters of a flow lie in two; others lie closer. */
function strideOf(size: u32): u32 {
  const unit: u32 = size > 128 ? <u32>LINE : size > 32 ? 16 : 8;
  return (size + unit - 1) & ~(unit - 1);
}

function createNodes(map: MapDescriptor, nodes: u64, extra: u64): u32 {
  if (nodes > <u64>MAX_NODES) return EINVAL;
  map.valueOffset = <u32>NODE_KEY + ((map.keySize + 7) & ~7);
  map.stride = strideOf(map.valueOffset + ((map.valueSize + 7) & ~7));
  map.nodes = <u32>nodes;
  map.fresh = 0;
  map.freeCount = 0;
  map.changes = 0;
  map.lock = 0;
  map.patience = map.grace >> 1;
  map.maxBuckets = FIRST_BUCKETS;
  for (; map.maxBuckets < map.nodes; ) map.maxBuckets <<= 1;
  map.bucketsUsed = FIRST_BUCKETS;
  map.mask = FIRST_BUCKETS - 1;
  const pool = (nodes + 1) * <u64>map.stride;
  const buckets = (<u64>map.maxBuckets) << 2;
  const start = allocate(alignLine(buckets) + alignLine(extra) + pool);
  if (start == 0) return ENOMEM;
  map.buckets = start;
  map.recency = start + <usize>alignLine(buckets);
  map.pool = map.recency + <usize>alignLine(extra);
  return 0;
}

function alignLine(bytes: u64): u64 {
  return (bytes + <u64>(LINE - 1)) & ~(<u64>(LINE - 1));
}

function createHash(map: MapDescriptor, recent: bool): u32 {
  map.grace = graceOf(map.entries);
  const nodes = <u64>map.entries + <u64>map.grace + 1;
  return createNodes(map, nodes, recent ? (nodes + 1) << 3 : 0);
}

function createLpm(map: MapDescriptor, group: u32): u32 {
  if (map.keySize < 8) return EINVAL;
  map.span = (map.keySize - 4) << 3;
  if (group >= map.span || (group != 0 && map.span - group > MAX_GROUP_SPAN)) return EINVAL;
  map.group = group;
  map.loose = 0;
  map.isPair = group != 0 && map.keySize == 16 ? 1 : 0;
  map.grace = graceOf(map.entries);
  const nodes = <u64>map.entries * <u64>(group != 0 ? NODES_PER_ENTRY : 1) + <u64>map.grace + 2;
  const bits = alignLine(lengthBitsSize(map.span));
  const counters = alignLine(lengthCountersSize(map.span));
  const error = createNodes(map, nodes, bits + counters + maskTableSize(map.keySize, map.span));
  if (error != 0) return error;
  map.lengths = map.recency;
  map.counters = map.lengths + <usize>bits;
  map.masks = map.counters + <usize>counters;
  map.recency = 0;
  fillMasks(map);
  if (map.isPair != 0) map.groupMask = load<u64>(maskOf(map, group), 8);
  return 0;
}

/** Elements of 4 bytes lie 4 apart, all others a multiple of 8. */
function createArray(map: MapDescriptor, copies: u32): u32 {
  if (map.keySize != 4) return EINVAL;
  map.stride = map.valueSize == 4 ? 4 : (map.valueSize + 7) & ~7;
  map.nodes = map.entries;
  map.count = map.entries;
  const block = alignLine(<u64>map.entries * <u64>map.stride);
  const start = allocate(block * <u64>copies);
  if (start == 0) return ENOMEM;
  map.pool = start;
  map.span = <u32>block;
  return 0;
}
