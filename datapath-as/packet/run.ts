// Run: one packet through the datapath. Read this first.

import { decide } from '../core/decide';
import { drop } from '../core/effects';
import { EVENT_NONE, EVENT_OVERFLOW } from '../core/enum/event';
import { NEXT_HOP_DROP } from '../core/enum/next-hop';
import { REASON_CONNTRACK_CONFLICT, REASON_MAP_FULL, REASON_REWRITE_FAILED } from '../core/enum/reason';
import { Facts, Record } from '../core/layout/packet';
import { APPLIED, APPLY_CONFLICT, apply } from './apply';
import { areaFacts, areaRecord, areaScratch } from './area';
import { emitEvent } from './event';
import { countPacket } from './metrics';
import { parse } from './parse';
import { rewrite } from './rewrite';

/**
 * Decides the packet in [packet, packet + length), a virtio-net header and what follows it, and rewrites it in place. `now` is a
 * tick, `random` any number, `tunnelIdentity` the VNI of a packet from the overlay. Next hop | reason << 8; the rest of the decision
 * stays in the record.
 */
export function run(hook: u32, port: u32, packet: u32, length: u32, now: u32, random: u32, tunnelIdentity: u32): u32 {
  const facts = areaFacts();
  parse(packet, length, facts);
  facts.hook = <u8>hook;
  facts.port = port;
  facts.now = now;
  facts.random = random;
  facts.tunnelIdentity = tunnelIdentity;
  const record = areaRecord();
  settle(facts, record);
  if (record.rewrite != 0 && record.nextHop != NEXT_HOP_DROP && !rewrite(record, packet)) drop(record, REASON_REWRITE_FAILED);
  if (record.event != EVENT_NONE) emitEvent(facts, record);
  countPacket(facts, record);
  return <u32>record.nextHop | ((<u32>record.reason) << 8);
}

/** Decides and writes the maps. A flow that another worker created meanwhile is decided once more, then as that flow's packet. */
function settle(facts: Facts, record: Record): void {
  const scratch = areaScratch();
  decide(facts, record, scratch);
  let applied = apply(facts, record, scratch);
  if (applied == APPLIED) return;
  if (applied == APPLY_CONFLICT) {
    decide(facts, record, scratch);
    applied = apply(facts, record, scratch);
    if (applied == APPLIED) return;
  }
  if (applied == APPLY_CONFLICT) {
    drop(record, REASON_CONNTRACK_CONFLICT);
    return;
  }
  drop(record, REASON_MAP_FULL);
  record.event = EVENT_OVERFLOW;
  record.backend = applied;
}
