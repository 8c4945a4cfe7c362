// Effects: the record's beginnings and ends.

import { isConfigured } from './address';
import { EFFECT_NONE, REWRITE_NONE } from './enum/effect';
import { DIRECTION_EGRESS, DIRECTION_INGRESS, EVENT_ALLOW, EVENT_DROP, EVENT_NONE } from './enum/event';
import { HOOK_FROM_POD } from './enum/hook';
import { NEXT_HOP_DROP, NEXT_HOP_STACK } from './enum/next-hop';
import { REASON_FORWARDED } from './enum/reason';
import { CONFIG_ALLOW_EVENTS } from './layout/config';
import { Facts, Record } from './layout/packet';

/** What a stage says of a packet: its record is final, or it is allowed and only its way is left to find. */
export const ENDED: u32 = 0;
export const ALLOWED: u32 = 1;

/** A record that forwards to the stack and changes nothing. */
export function clearRecord(facts: Facts, record: Record): void {
  record.nextHop = NEXT_HOP_STACK;
  record.reason = REASON_FORWARDED;
  record.event = EVENT_NONE;
  record.direction = facts.hook == HOOK_FROM_POD ? DIRECTION_EGRESS : DIRECTION_INGRESS;
  record.conntrack = EFFECT_NONE;
  record.translation = EFFECT_NONE;
  record.affinity = EFFECT_NONE;
  record.fragment = EFFECT_NONE;
  record.rewrite = REWRITE_NONE;
  record.reply = 0;
  record.audited = 0;
  record.pad0 = 0;
  record.proxyPort = 0;
  record.pad1 = 0;
  record.touchFlags = 0;
  record.touchExpires = 0;
  record.outPort = 0;
  record.sourceIdentity = 0;
  record.destinationIdentity = 0;
  record.egressRule = 0;
  record.ingressRule = 0;
  record.endpoint = 0;
  record.service = 0;
  record.backend = 0;
  record.touchRenewed = 0;
}

/** Ends the decision with a drop: nothing that the packet would have created or changed remains. */
export function drop(record: Record, reason: u8): u32 {
  record.nextHop = NEXT_HOP_DROP;
  record.reason = reason;
  record.event = EVENT_DROP;
  record.conntrack = EFFECT_NONE;
  record.translation = EFFECT_NONE;
  record.affinity = EFFECT_NONE;
  record.fragment = EFFECT_NONE;
  record.rewrite = REWRITE_NONE;
  return NEXT_HOP_DROP;
}

/** As `drop`, for stages that say what became of the packet. */
export function dropped(record: Record, reason: u32): u32 {
  drop(record, <u8>reason);
  return ENDED;
}

/** What policy allows is told if the node wants to know; a would-be drop is told already. */
export function tellAllowed(record: Record): void {
  if (record.event == EVENT_NONE && isConfigured(CONFIG_ALLOW_EVENTS)) record.event = EVENT_ALLOW;
}
