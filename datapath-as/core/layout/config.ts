// Config: the run-time switches, one entry of `config`, the same on both machines.

/** Value of `config`. 64 bytes. */
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
  pad0: u64;
  pad1: u64;
}

/** Tell of allowed flows too, not only of drops. */
export const CONFIG_ALLOW_EVENTS: u32 = 2;
