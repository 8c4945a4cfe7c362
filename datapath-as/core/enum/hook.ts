// Hooks: the places where a packet enters the datapath.

/** Tcx ingress of a pod's host-side interface: what the pod sends. */
export const HOOK_FROM_POD: u8 = 1;
/** Tcx egress of a pod's host-side interface: what the host's own stack sends to the pod. */
export const HOOK_TO_POD: u8 = 2;
/** Ingress of the overlay device: what other nodes send through the tunnel; the identity is in the VNI. */
export const HOOK_FROM_OVERLAY: u8 = 3;
/** Ingress of a native device: what the network sends outside the tunnel. */
export const HOOK_FROM_NETWORK: u8 = 4;
/** Egress of the host port: what is about to be received by the host itself. */
export const HOOK_TO_HOST: u8 = 5;
/** A call of a socket, in the cgroups of this node: before there is any packet. */
export const HOOK_SOCKET: u8 = 6;
/** Egress of a native device: what the host's stack sends to the network. */
export const HOOK_TO_NETWORK: u8 = 7;
