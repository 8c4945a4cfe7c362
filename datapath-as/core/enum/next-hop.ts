// Next hops: what the host does with the packet once every effect of the record has been applied.

/** Nowhere: the record's reason says why. */
export const NEXT_HOP_DROP: u8 = 0;
/** The host's own network stack, unchanged course: world, native routing, or the host itself. */
export const NEXT_HOP_STACK: u8 = 1;
/** Straight into the pod behind record.outPort, with the record's MAC addresses. */
export const NEXT_HOP_LOCAL: u8 = 2;
/** Through the tunnel to record.tunnelAddress, VNI record.sourceIdentity. */
export const NEXT_HOP_OVERLAY: u8 = 3;
/** To the proxy that listens on record.proxyPort of this node. */
export const NEXT_HOP_PROXY: u8 = 4;
