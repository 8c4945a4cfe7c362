// Effects: what the host does to a map on the record's behalf. The core itself never writes a map.

export const EFFECT_NONE: u8 = 0;
/** Insert the value in the scratch if the key is absent; when it is present, the host decides the packet once more. */
export const EFFECT_CREATE: u8 = 1;
/** Or the record's flags into the entry, set its expiry, add one packet to its counters. */
export const EFFECT_TOUCH: u8 = 2;
/** Overwrite (or insert) the entry with the value in the scratch. */
export const EFFECT_REPLACE: u8 = 3;
/** Remove the entry; an absent one is no error. */
export const EFFECT_DELETE: u8 = 4;
/** Overwrite the expired entry that the last lookup found, unless somebody else has it by now: then decide once more. */
export const EFFECT_CLAIM: u8 = 5;

// What the record rewrites in the packet.
export const REWRITE_NONE: u8 = 0;
export const REWRITE_SOURCE: u8 = 1;
export const REWRITE_DESTINATION: u8 = 2;
/** The ICMP error's embedded packet: REWRITE_SOURCE and REWRITE_DESTINATION then speak of the embedded header's fields. */
export const REWRITE_EMBEDDED: u8 = 4;
/** With REWRITE_EMBEDDED: the outer source too becomes the address that the embedded destination becomes. */
export const REWRITE_OUTER_SOURCE: u8 = 8;
/** With REWRITE_EMBEDDED: the outer destination too becomes the address that the embedded source becomes. */
export const REWRITE_OUTER_DESTINATION: u8 = 16;
