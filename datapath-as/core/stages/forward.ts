// Stage forward: where an allowed packet goes. Needs its target in the scratch's address key and the node in `remoteNode`.

import { drop } from '../effects';
import { HOOK_FROM_OVERLAY, HOOK_TO_HOST, HOOK_TO_POD } from '../enum/hook';
import { IDENTITY_SCOPE_MASK, IDENTITY_WORLD } from '../enum/identity';
import { NEXT_HOP_LOCAL, NEXT_HOP_OVERLAY, NEXT_HOP_PROXY, NEXT_HOP_STACK } from '../enum/next-hop';
import { REASON_NO_TUNNEL_ENDPOINT, REASON_UNKNOWN_TARGET } from '../enum/reason';
import { lookupEndpoint, lookupNode } from '../host';
import { Endpoint, ENDPOINT_HOST, NODE_MODE_OVERLAY } from '../layout/endpoint';
import { Facts, Record } from '../layout/packet';
import { addressKey, HIDDEN_MASQUERADE, Scratch } from '../layout/scratch';

function forwardLocal(facts: Facts, record: Record, endpoint: Endpoint): u32 {
  if (facts.hook == HOOK_TO_POD && endpoint.port != facts.port) return drop(record, REASON_UNKNOWN_TARGET);
  const delivered: bool = facts.hook == HOOK_TO_POD || facts.hook == HOOK_TO_HOST || (endpoint.flags & ENDPOINT_HOST) != 0;
  if (delivered) {
    record.nextHop = NEXT_HOP_STACK;
    return NEXT_HOP_STACK;
  }
  record.nextHop = NEXT_HOP_LOCAL;
  record.outPort = endpoint.port;
  record.destinationMac = endpoint.mac;
  record.sourceMac = endpoint.gatewayMac;
  return NEXT_HOP_LOCAL;
}

/** What came through the tunnel goes on only for a client whose backend this node has chosen. */
function goesOn(facts: Facts, record: Record, scratch: Scratch): bool {
  if (facts.hook == HOOK_FROM_OVERLAY) return scratch.hidden == HIDDEN_MASQUERADE && record.service != 0;
  return facts.hook != HOOK_TO_POD;
}

function forwardRemote(facts: Facts, record: Record, scratch: Scratch): u32 {
  if (!goesOn(facts, record, scratch)) return drop(record, REASON_UNKNOWN_TARGET);
  const number: u32 = scratch.remoteNode;
  record.nextHop = NEXT_HOP_STACK;
  if (number == 0 || facts.hook == HOOK_TO_HOST) return NEXT_HOP_STACK;
  const node = lookupNode(number);
  if (node == null) return drop(record, REASON_NO_TUNNEL_ENDPOINT);
  if (node.mode != NODE_MODE_OVERLAY) return NEXT_HOP_STACK;
  // An identity of local scope means nothing elsewhere: over there the sender is the world.
  if ((record.sourceIdentity & IDENTITY_SCOPE_MASK) != 0) record.sourceIdentity = IDENTITY_WORLD;
  record.nextHop = NEXT_HOP_OVERLAY;
  record.tunnelHi = node.addressHi;
  record.tunnelLo = node.addressLo;
  return NEXT_HOP_OVERLAY;
}

/** Sets the record's next hop; the next hop's number. */
export function forward(facts: Facts, record: Record, scratch: Scratch): u32 {
  if (record.proxyPort != 0) {
    record.nextHop = NEXT_HOP_PROXY;
    return NEXT_HOP_PROXY;
  }
  const endpoint = lookupEndpoint(addressKey(scratch));
  if (endpoint != null) return forwardLocal(facts, record, endpoint);
  return forwardRemote(facts, record, scratch);
}
