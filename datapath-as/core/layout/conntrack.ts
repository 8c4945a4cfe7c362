// Conntrack: one entry a flow, whatever its direction and however often translated.

/**
 * Value of `conntrack`. The first 56 bytes are all that a packet of an established flow reads or writes. 136 bytes.
 *
 * flags:
 *   31      11  10  9   8   7   6   5   4   3   2   1   0
 *  +----------+---+---+---+---+---+---+---+---+---+---+---+
 *  |  unused  | M | P | H | T | R | c | C | n | N | r | O |
 *  +----------+---+---+---+---+---+---+---+---+---+---+---+
 *  O originator is the high side   r the responder answered      N, n originator, responder sent a non-SYN segment
 *  C, c originator, responder closed (FIN or RST)   R reset      T translated: the responder is a backend of a frontend
 *  H hairpin: the originator is the backend itself  P the originator's packets go to a proxy
 *  M masqueraded: the originator is the node's router address, behind which is the client
 */
@unmanaged
export class Conntrack {
  flags: u32;
  /** Tick after which the entry is as good as absent. */
  expires: u32;
  originEpoch: u32;
  responderEpoch: u32;
  /** Datapath ports behind which the two sides are; 0 when a side is not on this node. */
  originPort: u32;
  responderPort: u32;
  originPackets: u64;
  originBytes: u64;
  responderPackets: u64;
  responderBytes: u64;
  /** Node number of the side that is not here; 0 for none. */
  remoteNode: u32;
  /** Tick at which the other half of a translated flow was last renewed. */
  renewed: u32;
  frontendHi: u64;
  frontendLo: u64;
  frontendPort: u16;
  proxyPort: u16;
  service: u32;
  backend: u32;
  generation: u32;
  originIdentity: u32;
  responderIdentity: u32;
  egressRule: u32;
  ingressRule: u32;
  /** Who is behind a masqueraded originator; 0 otherwise. */
  clientHi: u64;
  clientLo: u64;
  clientPort: u16;
  pad0: u16;
  pad1: u32;
}

export const CONNTRACK_ORIGIN_HIGH: u32 = 1;
export const CONNTRACK_REPLIED: u32 = 2;
export const CONNTRACK_ORIGIN_NON_SYN: u32 = 4;
export const CONNTRACK_RESPONDER_NON_SYN: u32 = 8;
export const CONNTRACK_ORIGIN_CLOSED: u32 = 16;
export const CONNTRACK_RESPONDER_CLOSED: u32 = 32;
export const CONNTRACK_RESET: u32 = 64;
export const CONNTRACK_TRANSLATED: u32 = 128;
export const CONNTRACK_HAIRPIN: u32 = 256;
export const CONNTRACK_PROXY: u32 = 512;
export const CONNTRACK_MASQUERADED: u32 = 1024;

/** Value of `translations`: the small half of a translated flow, found by what the client wrote on the packet. 40 bytes. */
@unmanaged
export class Translation {
  backendHi: u64;
  backendLo: u64;
  backendPort: u16;
  flags: u16;
  backend: u32;
  service: u32;
  generation: u32;
  /** Port at the router's address that was claimed for a masqueraded client; 0 otherwise. */
  sourcePort: u16;
  pad0: u16;
  pad1: u32;
}

/** translation flag: the client is the backend; its source is rewritten to the node's hairpin address. */
export const TRANSLATION_HAIRPIN: u16 = 1;
/** translation flag: the client is outside and the backend elsewhere; its source is rewritten to the node's router address. */
export const TRANSLATION_MASQUERADED: u16 = 2;
/** translation flag: the backend's node gets the packet as the client wrote it, and translates there. */
export const TRANSLATION_DSR: u16 = 4;

/** Key of `fragments`: what the fragments of one datagram share. 40 bytes. */
@unmanaged
export class FragmentKey {
  sourceHi: u64;
  sourceLo: u64;
  destinationHi: u64;
  destinationLo: u64;
  id: u32;
  protocol: u8;
  pad0: u8;
  pad1: u16;
}

/** Value of `fragments`: the ports that only the first fragment carries. 8 bytes. */
@unmanaged
export class FragmentPorts {
  sourcePort: u16;
  destinationPort: u16;
  expires: u32;
}

/** Value of `epochs`, found by slot number hash(address): what may have changed about an address, and what it may be. 8 bytes. */
@unmanaged
export class AddressSlot {
  /** Moves when the identity, policy set or owner of an address in this slot changes. Written after what it announces. */
  epoch: u32;
  hints: u32;
}

/** hint: some frontend has an address in this slot. Set before the frontend is written; a stale one only costs time. */
export const HINT_FRONTEND: u32 = 1;
/** hint: some local endpoint has an address in this slot that the network's packets are judged for: a pod's, and the host's under policy. */
export const HINT_ENDPOINT: u32 = 2;
