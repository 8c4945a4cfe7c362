// Stage masquerade: a client from the network whose backend is elsewhere gets the router's address of this node and a port of its own
// there, so that answers come back this way.

import { FAMILY_IPV4 } from '../enum/protocol';
import { REASON_FORWARDED, REASON_NO_CONFIG, REASON_NO_SOURCE_PORT } from '../enum/reason';
import { clientHash, scaleHash } from '../hash';
import { lookupConfig, lookupConntrack } from '../host';
import { Config } from '../layout/config';
import { Conntrack, CONNTRACK_MASQUERADED, TRANSLATION_MASQUERADED } from '../layout/conntrack';
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
  if (lo == 0) return REASON_NO_CONFIG;
  packetTuple(scratch).sourceHi = hi;
  packetTuple(scratch).sourceLo = lo;
  return REASON_FORWARDED;
}

/** Whether an address is the node's own among its pods, to which masqueraded flows are answered. */
export function isRouter(config: Config, hi: u64, lo: u64): bool {
  return (hi == 0 && lo == config.router4) || (hi == config.router6Hi && lo == config.router6Lo);
}

/**
 * Finds the client a port at the router's address: into the packet tuple, which goes to the backend already, and the new translation.
 * A client is offered the same ports every time, its own flow's first, should only its translation have been forgotten.
 */
export function masquerade(scratch: Scratch, family: u8): u32 {
  const reason = hideBehindRouter(scratch, family);
  if (reason != REASON_FORWARDED) return reason;
  const config = lookupConfig();
  if (config == null) return REASON_NO_CONFIG;
  const first: u32 = config.masqPortMin;
  const last: u32 = config.masqPortMax;
  if (first > last) return REASON_NO_SOURCE_PORT;
  for (let attempt: u32 = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    const port: u16 = <u16>(first + scaleHash(clientHash(clientTuple(scratch), attempt + 1), last - first + 1));
    packetTuple(scratch).sourcePort = bswap<u16>(port);
    if (!isFree(scratch)) continue;
    newTranslation(scratch).flags = TRANSLATION_MASQUERADED;
    newTranslation(scratch).sourcePort = packetTuple(scratch).sourcePort;
    return REASON_FORWARDED;
  }
  return REASON_NO_SOURCE_PORT;
}
