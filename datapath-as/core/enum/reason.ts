// Reasons: one number says why a packet was dropped. It is the verdict's explanation, the metric's key and the event's field.
// Numbers that Cilium's users know keep their number (130-206); ours start at 210. All fit a u8.

export const REASON_FORWARDED: u8 = 0;
export const REASON_INVALID_SOURCE: u8 = 132;
export const REASON_POLICY_DENIED: u8 = 133;
export const REASON_INVALID_PACKET: u8 = 134;
export const REASON_UNSUPPORTED_L3: u8 = 139;
export const REASON_UNSUPPORTED_L4: u8 = 142;
export const REASON_UNKNOWN_TARGET: u8 = 150;
export const REASON_MAP_FULL: u8 = 155;
export const REASON_INVALID_EXTENSION_HEADER: u8 = 156;
export const REASON_FRAGMENT_UNSUPPORTED: u8 = 157;
export const REASON_NO_BACKEND: u8 = 158;
export const REASON_NO_TUNNEL_ENDPOINT: u8 = 160;
export const REASON_NO_CONFIG: u8 = 165;
export const REASON_NO_SOURCE_PORT: u8 = 167;
export const REASON_INVALID_IDENTITY: u8 = 171;
export const REASON_FRAGMENT_UNKNOWN: u8 = 175;
export const REASON_INVALID_NEIGHBOUR: u8 = 176;
export const REASON_SOURCE_RANGE: u8 = 177;
export const REASON_POLICY_DENY: u8 = 181;
export const REASON_L7_NOT_ENFORCED: u8 = 210;
export const REASON_TRANSLATION_CLASH: u8 = 211;
export const REASON_ICMP_UNSOLICITED: u8 = 212;
export const REASON_GRANT_EXPIRED: u8 = 213;
export const REASON_SERVICE_PORT_UNKNOWN: u8 = 214;
export const REASON_HAIRPIN_UNSUPPORTED: u8 = 215;
export const REASON_RELATED_UNKNOWN: u8 = 216;
export const REASON_CONNTRACK_CONFLICT: u8 = 217;
export const REASON_REWRITE_FAILED: u8 = 218;
