// Facts, scratch and record: what a machine tells the core about a packet, where the core thinks, and what it decided.

/** Facts about one packet, written by the machine's parser before `decide`. Starts with the packet's Tuple. 112 bytes. */
@unmanaged
export class Facts {
  sourceHi: u64;
  sourceLo: u64;
  destinationHi: u64;
  destinationLo: u64;
  /** Of an ICMP error: everything above `outerSourceHi` is the embedded packet's. */
  sourcePort: u16;
  destinationPort: u16;
  protocol: u8;
  pad0: u8;
  pad1: u16;
  /** Addresses of the packet itself, set with FACT_ICMP_ERROR only. */
  outerSourceHi: u64;
  outerSourceLo: u64;
  outerDestinationHi: u64;
  outerDestinationLo: u64;
  /** Tick of arrival. */
  now: u32;
  /** No stage asks for it yet: the kernel leaves it 0, for its helper costs as much as a lookup. */
  random: u32;
  /** Datapath port the packet came in by. */
  port: u32;
  /** Bytes of the packet from its IP header on. */
  length: u32;
  fragmentId: u32;
  /** VNI of the tunnel; the sender's identity. */
  tunnelIdentity: u32;
  mark: u32;
  hook: u8;
  family: u8;
  tcpFlags: u8;
  icmpType: u8;
  /** ICMP echo identifier, network order. */
  icmpId: u16;
  flags: u8;
  /** Reason for which the parser refuses the packet; 0: well formed. */
  invalid: u8;
  icmpCode: u8;
  /** Type of the error itself, set with FACT_ICMP_ERROR only: `icmpType` may be the embedded message's. */
  outerIcmpType: u8;
  pad3: u16;
}

export const FACT_ICMP_ERROR: u8 = 1;
export const FACT_FIRST_FRAGMENT: u8 = 2;
export const FACT_LATER_FRAGMENT: u8 = 4;
/** Neighbour discovery that the parser found well formed (hop limit 255). */
export const FACT_NEIGHBOUR: u8 = 8;

/** What was decided about one packet: effects for the host to apply. 128 bytes. */
@unmanaged
export class Record {
  nextHop: u8;
  reason: u8;
  event: u8;
  direction: u8;
  conntrack: u8;
  translation: u8;
  affinity: u8;
  fragment: u8;
  rewrite: u8;
  /** 1: travels from responder to originator. */
  reply: u8;
  audited: u8;
  pad0: u8;
  proxyPort: u16;
  pad1: u16;
  touchFlags: u32;
  /** New expiry; 0: as it is. With EFFECT_CLAIM: the expiry by which the entry is known. */
  touchExpires: u32;
  newSourceHi: u64;
  newSourceLo: u64;
  newDestinationHi: u64;
  newDestinationLo: u64;
  newSourcePort: u16;
  newDestinationPort: u16;
  outPort: u32;
  tunnelHi: u64;
  tunnelLo: u64;
  destinationMac: u64;
  sourceMac: u64;
  sourceIdentity: u32;
  destinationIdentity: u32;
  egressRule: u32;
  ingressRule: u32;
  /** Local endpoint whose policy spoke last. */
  endpoint: u32;
  service: u32;
  backend: u32;
  /** Tick to note as the last renewal of the flow's other half; 0: leave it. */
  touchRenewed: u32;
}

/** One event in the ring, filled by the host from facts and record. 96 bytes. */
@unmanaged
export class Event {
  sourceHi: u64;
  sourceLo: u64;
  destinationHi: u64;
  destinationLo: u64;
  sourcePort: u16;
  destinationPort: u16;
  protocol: u8;
  family: u8;
  kind: u8;
  reason: u8;
  hook: u8;
  direction: u8;
  tcpFlags: u8;
  icmpType: u8;
  length: u32;
  now: u32;
  port: u32;
  endpoint: u32;
  sourceIdentity: u32;
  destinationIdentity: u32;
  egressRule: u32;
  ingressRule: u32;
  service: u32;
  backend: u32;
  proxyPort: u16;
  pad0: u16;
  /** Cookie of the network namespace of a socket, which has no address yet; 0 for a packet. */
  namespace: u64;
}

/** Value of `metrics`, per CPU; index = reason * 2 + direction. 16 bytes. */
@unmanaged
export class Metric {
  packets: u64;
  bytes: u64;
}
