// Precedence of a policy entry: deny > redirect > allow. Room is left between redirects for listener priorities.

export const PRECEDENCE_NONE: u8 = 0;
export const PRECEDENCE_ALLOW: u8 = 1;
export const PRECEDENCE_REDIRECT: u8 = 2;
export const PRECEDENCE_DENY: u8 = 255;

/** The identity of entries that speak of every peer. */
export const POLICY_ANY_IDENTITY: u32 = 0;
/** Bits of a policy key ahead of the protocol: set 32, identity 32, direction 8. */
export const POLICY_PREFIX_PEER: u32 = 72;
/** ... with the protocol. */
export const POLICY_PREFIX_PROTOCOL: u32 = 80;
/** ... with the whole port. */
export const POLICY_PREFIX_PORT: u32 = 96;
