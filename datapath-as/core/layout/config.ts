// Config: the run-time switches, one entry of `config`, the same on both machines.

/** Value of `config`. 80 bytes. */
@unmanaged
export class Config {
  flags: u32;
  node: u32;
  cluster: u32;
  /** Datapath port of the overlay device; 0: no overlay. */
  overlayPort: u32;
  /** Source address that a pod sees when it reaches itself through a service, per family (v4 in the low half of `hairpin4`). */
  hairpin4: u64;
  hairpin6Hi: u64;
  hairpin6Lo: u64;
  /** MAC address of the host side, for deliveries that have no endpoint's. */
  hostMac: u64;
  /** Source address that a backend elsewhere sees of a client from the network, per family as above; low half 0: none. */
  router4: u64;
  router6Hi: u64;
  router6Lo: u64;
  /** Source ports for such clients, both included. Numbers, not in network order. */
  masqPortMin: u16;
  masqPortMax: u16;
  /** UDP port of the tunnel, network order; 0: no tunnel. What comes from the network for it is the host's own business. */
  tunnelPort: u16;
  pad0: u16;
}

/** Tell of allowed flows too, not only of drops. */
export const CONFIG_ALLOW_EVENTS: u32 = 2;
