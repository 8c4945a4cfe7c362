// Apply: does to the maps what the record says. Maps come before the packet: a packet that leaves has its flow written.

import { EFFECT_CLAIM, EFFECT_CREATE, EFFECT_DELETE, EFFECT_NONE, EFFECT_REPLACE, EFFECT_TOUCH } from '../core/enum/effect';
import { Conntrack, CONNTRACK_TRANSLATED } from '../core/layout/conntrack';
import { Facts, Record } from '../core/layout/packet';
import {
  affinityKey,
  clientTuple,
  flowKey,
  fragmentKey,
  newAffinity,
  newConntrack,
  newFragmentPorts,
  newTranslation,
  Scratch,
} from '../core/layout/scratch';
import { MAP_AFFINITY, MAP_CONNTRACK, MAP_FRAGMENTS, MAP_TRANSLATIONS } from '../host/generated/maps';
import { keptConntrack } from '../host/kept';
import { mapDelete, mapUpdate } from '../host/maps';
import { countHit } from './hits';

/** All effects are done. */
export const APPLIED: u32 = 0xffffffff;
/** The conntrack entry to create is there already; nothing was done. Any other answer is the number of the map that refused. */
export const APPLY_CONFLICT: u32 = 0xfffffffe;

const UPDATE_ANY: u32 = 0;
const UPDATE_NO_EXIST: u32 = 1;
const EEXIST: i32 = -17;

/** APPLIED, APPLY_CONFLICT, or the map that refused an entry. */
export function apply(facts: Facts, record: Record, scratch: Scratch): u32 {
  if (record.conntrack == EFFECT_TOUCH) {
    touch(facts, record);
  } else if (record.conntrack != EFFECT_NONE) {
    if (record.conntrack == EFFECT_CLAIM && !claim(record, scratch)) return APPLY_CONFLICT;
    const failed = write(record.conntrack, MAP_CONNTRACK, changetype<usize>(flowKey(scratch)), changetype<usize>(newConntrack(scratch)));
    if (failed != APPLIED) return failed;
  }
  // One test for the usual case that no other map is written: three bytes side by side.
  if ((record.translation | record.affinity | record.fragment) != EFFECT_NONE) {
    const failed = applyRest(record, scratch);
    if (failed != APPLIED) return failed;
  }
  if (record.conntrack == EFFECT_CREATE || record.conntrack == EFFECT_REPLACE) countNewFlow(newConntrack(scratch));
  return APPLIED;
}

/** Of a flow that begins with this packet and goes to a backend; one that goes on under a new verdict has counted more of them. */
function countNewFlow(entry: Conntrack): void {
  if ((entry.flags & CONNTRACK_TRANSLATED) != 0 && entry.originPackets + entry.responderPackets == 1) {
    countHit(entry.backend, entry.generation);
  }
}

function applyRest(record: Record, scratch: Scratch): u32 {
  let failed = write(
    record.translation,
    MAP_TRANSLATIONS,
    changetype<usize>(clientTuple(scratch)),
    changetype<usize>(newTranslation(scratch)),
  );
  if (failed != APPLIED) return failed == APPLY_CONFLICT ? MAP_TRANSLATIONS : failed;
  failed = write(record.affinity, MAP_AFFINITY, changetype<usize>(affinityKey(scratch)), changetype<usize>(newAffinity(scratch)));
  if (failed != APPLIED) return failed == APPLY_CONFLICT ? MAP_AFFINITY : failed;
  failed = write(record.fragment, MAP_FRAGMENTS, changetype<usize>(fragmentKey(scratch)), changetype<usize>(newFragmentPorts(scratch)));
  return failed == APPLY_CONFLICT ? MAP_FRAGMENTS : failed;
}

function write(effect: u8, map: u32, key: usize, value: usize): u32 {
  if (effect == EFFECT_CREATE || effect == EFFECT_REPLACE) {
    const result = mapUpdate(map, key, value, effect == EFFECT_CREATE ? UPDATE_NO_EXIST : UPDATE_ANY);
    if (result == 0) return APPLIED;
    return result == EEXIST ? APPLY_CONFLICT : map;
  }
  // The answer of a delete is of no interest: absent is what was wanted.
  if (effect == EFFECT_DELETE) mapDelete(map, key);
  return APPLIED;
}

/** Takes the expired entry that the core found, which one worker can do; it is then replaced like any other. */
function claim(record: Record, scratch: Scratch): bool {
  const entry = keptConntrack();
  const expires = offsetof<Conntrack>('expires');
  if (entry == 0) return false;
  const found = atomic.cmpxchg<u32>(entry + expires, record.touchExpires, newConntrack(scratch).expires);
  if (found != record.touchExpires) return false;
  record.conntrack = EFFECT_REPLACE;
  return true;
}

/** Moves the entry that the core found on by one packet. Other workers may be doing the same: only sums and bits, never a copy. */
function touch(facts: Facts, record: Record): void {
  const entry = keptConntrack();
  if (entry == 0) return;
  const counters = entry + (record.reply != 0 ? offsetof<Conntrack>('responderPackets') : offsetof<Conntrack>('originPackets'));
  atomic.add<u64>(counters, 1);
  atomic.add<u64>(counters, facts.length, 8);
  if (record.touchFlags != 0) atomic.or<u32>(entry, record.touchFlags, offsetof<Conntrack>('flags'));
  if (record.touchExpires != 0) atomic.store<u32>(entry, record.touchExpires, offsetof<Conntrack>('expires'));
  if (record.touchRenewed != 0) atomic.store<u32>(entry, record.touchRenewed, offsetof<Conntrack>('renewed'));
}
