// Endpoints, prefixes and nodes: who is behind an address, and where.

/** Value of `endpoints`, found by address: an interface of this node with an identity. 48 bytes. */
@unmanaged
export class Endpoint {
  /** Datapath port (kernel: ifindex of the host side; wasm: port number). */
  port: u32;
  id: u32;
  identity: u32;
  policySet: u32;
  flags: u32;
  pad0: u32;
  /** MAC addresses in the low six bytes, first byte on the wire first: the pod's, and the one it knows its gateway by. */
  mac: u64;
  gatewayMac: u64;
  pad1: u64;
}

export const ENDPOINT_EGRESS_ENFORCED: u32 = 1;
export const ENDPOINT_INGRESS_ENFORCED: u32 = 2;
/** The host itself: delivered to the host's stack. */
export const ENDPOINT_HOST: u32 = 4;
/** Would-be policy drops pass and are reported. */
export const ENDPOINT_AUDIT: u32 = 8;
/**
 * No entry of its policy set for egress, or for ingress, speaks of every peer (identity 0): who has no match of its own is denied without
 * another look. Whoever writes the set sets it on its endpoints when the last such entry is gone, and clears it before the first one comes:
 * wrongly set it denies, never allows.
 */
export const ENDPOINT_EGRESS_PEERS_ONLY: u32 = 16;
export const ENDPOINT_INGRESS_PEERS_ONLY: u32 = 32;

/** Key of `ipcache` (longest prefix). A prefix's length counts from the zone: 32 + bits of the v4-mapped address. 24 bytes. */
@unmanaged
export class PrefixKey {
  prefixLength: u32;
  /** 0; tells overlapping address spaces apart. */
  zone: u32;
  hi: u64;
  lo: u64;
}

/** Value of `ipcache`. 16 bytes. */
@unmanaged
export class Prefix {
  identity: u32;
  /** Node that carries the prefix; 0: no node, the host's routes decide. */
  node: u32;
  flags: u32;
  pad0: u32;
}

/** Value of `nodes`, found by node number. 40 bytes. */
@unmanaged
export class Node {
  addressHi: u64;
  addressLo: u64;
  mode: u8;
  keyState: u8;
  mtu: u16;
  cluster: u32;
  flags: u32;
  pad0: u32;
  pad1: u64;
}

/** node mode: packets for its pods go through the tunnel; otherwise the host's routes decide. */
export const NODE_MODE_NATIVE: u8 = 0;
export const NODE_MODE_OVERLAY: u8 = 1;
