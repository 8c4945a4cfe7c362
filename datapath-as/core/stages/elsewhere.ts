// Stage elsewhere: direct server return. A client's packet goes through the tunnel to the node of its backend as the client wrote it,
// and that node translates and answers. This one keeps no flow: only which backend the client was given.

import { endpointOf, prefixOf } from '../address';
import { dropped, ENDED } from '../effects';
import { IDENTITY_SCOPE_MASK, IDENTITY_WORLD } from '../enum/identity';
import { NEXT_HOP_OVERLAY } from '../enum/next-hop';
import { REASON_INVALID_SOURCE, REASON_NO_TUNNEL_ENDPOINT } from '../enum/reason';
import { lookupNode } from '../host';
import { Node, NODE_MODE_OVERLAY } from '../layout/endpoint';
import { FACT_ICMP_ERROR, Facts, Record } from '../layout/packet';
import { newTranslation, Scratch } from '../layout/scratch';

/** The node of the new translation's backend; null if the tunnel does not lead to it. */
function tunnelNode(scratch: Scratch): Node | null {
  const translation = newTranslation(scratch);
  const prefix = prefixOf(scratch, translation.backendHi, translation.backendLo);
  if (prefix == null || prefix.node == 0) return null;
  const node = lookupNode(prefix.node);
  return node != null && node.mode == NODE_MODE_OVERLAY ? node : null;
}

/** Whether the new translation's backend can be given packets that are not addressed to it. */
export function isBehindTunnel(scratch: Scratch): bool {
  return tunnelNode(scratch) != null;
}

/** Sends the packet to the node of the new translation's backend. Policy is asked there, about the client as that node knows it. */
export function elsewhere(facts: Facts, record: Record, scratch: Scratch): u32 {
  record.service = newTranslation(scratch).service;
  record.backend = newTranslation(scratch).backend;
  const isError: bool = (facts.flags & FACT_ICMP_ERROR) != 0;
  // Read first and chosen then: compilers choose between addresses otherwise, which the proof does not follow.
  const outerHi: u64 = facts.outerSourceHi;
  const outerLo: u64 = facts.outerSourceLo;
  const ownHi: u64 = facts.sourceHi;
  const ownLo: u64 = facts.sourceLo;
  const hi: u64 = isError ? outerHi : ownHi;
  const lo: u64 = isError ? outerLo : ownLo;
  if (endpointOf(scratch, hi, lo) != null) return dropped(record, REASON_INVALID_SOURCE);
  const sender = prefixOf(scratch, hi, lo);
  const identity: u32 = sender == null ? IDENTITY_WORLD : sender.identity;
  const node = tunnelNode(scratch);
  if (node == null) return dropped(record, REASON_NO_TUNNEL_ENDPOINT);
  // As for whatever goes through the tunnel: an identity of local scope means nothing elsewhere.
  record.sourceIdentity = (identity & IDENTITY_SCOPE_MASK) != 0 ? IDENTITY_WORLD : identity;
  record.nextHop = NEXT_HOP_OVERLAY;
  record.tunnelHi = node.addressHi;
  record.tunnelLo = node.addressLo;
  return ENDED;
}
