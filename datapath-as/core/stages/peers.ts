// Stage peers: who the two sides of a flow are. Needs the origin tuple in the scratch; finds identities, ports and the remote node.

import { endpointOf, prefixOf } from '../address';
import { HOOK_FROM_NETWORK, HOOK_FROM_OVERLAY, HOOK_FROM_POD } from '../enum/hook';
import { IDENTITY_HOST, IDENTITY_REMOTE_NODE, IDENTITY_SCOPE_MASK, IDENTITY_UNKNOWN, IDENTITY_WORLD } from '../enum/identity';
import { REASON_FORWARDED, REASON_INVALID_IDENTITY, REASON_INVALID_SOURCE } from '../enum/reason';
import { Endpoint } from '../layout/endpoint';
import { Facts } from '../layout/packet';
import { originTuple, Scratch } from '../layout/scratch';

/** A sender on this node must be behind the port the packet came in by; one that is not here must not have an address that is. */
function senderReason(facts: Facts, sender: Endpoint | null): u8 {
  if (facts.hook == HOOK_FROM_POD) {
    return sender != null && sender.port == facts.port ? REASON_FORWARDED : REASON_INVALID_SOURCE;
  }
  if (facts.hook == HOOK_FROM_OVERLAY || facts.hook == HOOK_FROM_NETWORK) {
    return sender != null ? REASON_INVALID_SOURCE : REASON_FORWARDED;
  }
  return REASON_FORWARDED;
}

/** Checks the sender of a packet by itself: for ICMP errors, whose flow speaks of somebody else's packet. */
export function checkSender(facts: Facts, scratch: Scratch): u32 {
  return senderReason(facts, endpointOf(scratch, facts.outerSourceHi, facts.outerSourceLo));
}

/** Identity that a tunnel packet's sender has by its VNI: another node's host is not ours, a local scope never travels. */
function tunnelIdentity(identity: u32): u32 {
  if (identity == IDENTITY_HOST) return IDENTITY_REMOTE_NODE;
  return (identity & IDENTITY_SCOPE_MASK) == 0 ? identity : IDENTITY_UNKNOWN;
}

/** Identity of a side that is no endpoint here: by its longest prefix, else `known`, else the world. Notes its node. */
function remoteIdentity(scratch: Scratch, hi: u64, lo: u64, known: u32): u32 {
  const prefix = prefixOf(scratch, hi, lo);
  if (prefix == null) {
    scratch.remoteNode = 0;
    return known == IDENTITY_UNKNOWN ? IDENTITY_WORLD : known;
  }
  scratch.remoteNode = prefix.node;
  return prefix.identity;
}

/** What the tunnel calls the world may have a name of local scope here, which is known of clients that come with an address of their own. */
function worldIdentity(known: u32, identity: u32): u32 {
  return known == IDENTITY_WORLD && (identity & IDENTITY_SCOPE_MASK) != 0 ? identity : known;
}

/** Notes who the originator is (`endpoint`: its row if it is here); a reason if it can't be who it says. */
export function noteOriginator(facts: Facts, scratch: Scratch, endpoint: Endpoint | null, reply: u32): u32 {
  if (reply == 0) {
    const reason = senderReason(facts, endpoint);
    if (reason != REASON_FORWARDED) return reason;
  }
  if (endpoint != null) {
    scratch.originPort = endpoint.port;
    scratch.originIdentity = endpoint.identity;
    return REASON_FORWARDED;
  }
  const origin = originTuple(scratch);
  scratch.originPort = 0;
  const overlay: bool = facts.hook == HOOK_FROM_OVERLAY && reply == 0;
  const known: u32 = overlay ? tunnelIdentity(facts.tunnelIdentity) : scratch.originIdentity;
  if (overlay && known == IDENTITY_UNKNOWN) return REASON_INVALID_IDENTITY;
  const identity = remoteIdentity(scratch, origin.sourceHi, origin.sourceLo, known);
  scratch.originIdentity = overlay ? worldIdentity(known, identity) : identity;
  return REASON_FORWARDED;
}

/** Notes who the responder is; a reason if the packet at hand is its answer and it can't be who it says. */
export function noteResponder(facts: Facts, scratch: Scratch, endpoint: Endpoint | null, reply: u32): u32 {
  if (reply != 0) {
    const reason = senderReason(facts, endpoint);
    if (reason != REASON_FORWARDED) return reason;
  }
  if (endpoint != null) {
    scratch.responderPort = endpoint.port;
    scratch.responderIdentity = endpoint.identity;
    return REASON_FORWARDED;
  }
  const origin = originTuple(scratch);
  scratch.responderPort = 0;
  scratch.responderIdentity = remoteIdentity(scratch, origin.destinationHi, origin.destinationLo, scratch.responderIdentity);
  return REASON_FORWARDED;
}
