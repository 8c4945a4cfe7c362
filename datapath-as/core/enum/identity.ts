// Reserved identities, numbered as Cilium's users know them.
//
//  31        24 23        16 15                            0
// +------------+------------+-------------------------------+
// |   scope    | cluster id |        number in cluster      |
// +------------+------------+-------------------------------+
// scope 0 travels on the wire (24 bits); scope 1 (local: a CIDR or a set of names) never leaves its node.

export const IDENTITY_UNKNOWN: u32 = 0;
export const IDENTITY_HOST: u32 = 1;
export const IDENTITY_WORLD: u32 = 2;
export const IDENTITY_UNMANAGED: u32 = 3;
export const IDENTITY_HEALTH: u32 = 4;
export const IDENTITY_INIT: u32 = 5;
export const IDENTITY_REMOTE_NODE: u32 = 6;
export const IDENTITY_KUBE_APISERVER: u32 = 7;
export const IDENTITY_INGRESS: u32 = 8;
/** Bits that mark an identity as local to its node. */
export const IDENTITY_SCOPE_MASK: u32 = 0xff000000;
