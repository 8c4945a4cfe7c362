// Stage masquerade: a client from the network whose backend is elsewhere gets the router's address of this node and a port of its own
// there, so that answers come back this way.

import { CONNTRACK_BOTH_CLOSED } from '../conntrack';
import { FAMILY_IPV4, PROTOCOL_TCP, TCP_ACK, TCP_SYN } from '../enum/protocol';
import { REASON_FORWARDED, REASON_NO_CONFIG, REASON_NO_SOURCE_PORT } from '../enum/reason';
import { clientHash, scaleHash } from '../hash';
import { lookupConfig, lookupConntrack } from '../host';
import { Config } from '../layout/config';
import { Conntrack, CONNTRACK_MASQUERADED, TRANSLATION_MASQUERADED } from '../layout/conntrack';
import { Facts } from '../layout/packet';
import { clientTuple, flowKey, newTranslation, packetTuple, Scratch } from '../layout/scratch';
import { hasExpired } from '../time';
import { flowKeyOf } from '../tuple';

/** Ports tried for a client. A backend's port with half of all ports in use refuses one client in 256. */
const CLAIM_ATTEMPTS: u32 = 8;

/** Whether an entry is the flow of the scratch's client tuple. */
export function isOfClient(scratch: Scratch, entry: Conntrack): bool {
  const client = clientTuple(scratch);
  return (
    (entry.flags & CONNTRACK_MASQUERADED) != 0 &&
    entry.clientHi == client.sourceHi &&
    entry.clientLo == client.sourceLo &&
    entry.clientPort == client.sourcePort &&
    entry.frontendHi == client.destinationHi &&
    entry.frontendLo == client.destinationLo &&
    entry.frontendPort == client.destinationPort
  );
}

/** Whether the packet tuple may be this client's flow: nobody's live entry is in the way. Who really gets it is decided by writing it. */
export function isFree(scratch: Scratch): bool {
  flowKeyOf(packetTuple(scratch), flowKey(scratch));
  const entry = lookupConntrack(flowKey(scratch));
  return entry == null || hasExpired(entry.expires, scratch.now) || isOfClient(scratch, entry);
}

/** Writes the router's address as the packet tuple's source; a reason if the node has none of this family. */
export function hideBehindRouter(scratch: Scratch, family: u8): u8 {
  const config = lookupConfig();
  if (config == null) return REASON_NO_CONFIG;
  const hi: u64 = family == FAMILY_IPV4 ? 0 : config.router6Hi;
  const lo: u64 = family == FAMILY_IPV4 ? config.router4 : config.router6Lo;
  if ((hi | lo) == 0) return REASON_NO_CONFIG;
  packetTuple(scratch).sourceHi = hi;
  packetTuple(scratch).sourceLo = lo;
  return REASON_FORWARDED;
}

/** Whether an address is the node's own among its pods, to which masqueraded flows are answered. */
export function isRouter(config: Config, hi: u64, lo: u64): bool {
  return (hi == 0 && lo == config.router4) || (hi == config.router6Hi && lo == config.router6Lo);
}

/** Whether the packet tuple is a connection that both of its sides have closed: what is still under way of it is late. */
function isLeft(scratch: Scratch): bool {
  flowKeyOf(packetTuple(scratch), flowKey(scratch));
  const entry = lookupConntrack(flowKey(scratch));
  return entry != null && (entry.flags & CONNTRACK_BOTH_CLOSED) == CONNTRACK_BOTH_CLOSED;
}

/** The port that a client is offered at an attempt, of `count` from `first` on: into the packet tuple. */
function offer(scratch: Scratch, first: u32, count: u32, attempt: u32): void {
  const port: u16 = <u16>(first + scaleHash(clientHash(clientTuple(scratch), attempt + 1), count));
  packetTuple(scratch).sourcePort = bswap<u16>(port);
}

function giveOffered(scratch: Scratch): u32 {
  newTranslation(scratch).flags = TRANSLATION_MASQUERADED;
  newTranslation(scratch).sourcePort = packetTuple(scratch).sourcePort;
  return REASON_FORWARDED;
}

/** As `masquerade` where no port is free: a new connection gets one that a closed connection has left. */
export function masqueradeAgain(scratch: Scratch, first: u32, count: u32): u32 {
  for (let attempt: u32 = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    offer(scratch, first, count, attempt);
    if (isLeft(scratch)) return giveOffered(scratch);
  }
  return REASON_NO_SOURCE_PORT;
}

/**
 * Finds the client a port at the router's address: into the packet tuple, which goes from there to the backend already, and the new translation.
 * A client is offered the same ports every time, its own flow's first, should only its translation have been forgotten. Closed connections
 * give way to new ones: else a backend's port would have so many connections in ten seconds at most.
 */
export function masquerade(facts: Facts, scratch: Scratch): u32 {
  const config = lookupConfig();
  if (config == null) return REASON_NO_CONFIG;
  const first: u32 = config.masqPortMin;
  const last: u32 = config.masqPortMax;
  if (first > last) return REASON_NO_SOURCE_PORT;
  for (let attempt: u32 = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    offer(scratch, first, last - first + 1, attempt);
    if (isFree(scratch)) return giveOffered(scratch);
  }
  const opens: bool = facts.protocol == PROTOCOL_TCP && (facts.tcpFlags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
  return opens ? masqueradeAgain(scratch, first, last - first + 1) : REASON_NO_SOURCE_PORT;
}
