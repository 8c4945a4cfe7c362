// Time in the datapath is counted in ticks: CLOCK_MONOTONIC nanoseconds >> 24, about 16.8 ms each. A shift is cheaper than a
// division, and a u32 of them wraps after 2.28 years; comparisons are signed differences, so the wrap itself is harmless.

export const TICK_SHIFT: u32 = 24;

// Lifetimes of conntrack entries, seconds * 10^9 >> 24. Seconds as in Cilium: SYN 60, established 8000, closing 10, others 60.
/** 10 s: both sides closed, or reset. */
export const LIFETIME_TCP_CLOSING: u32 = 596;
/** 60 s: nothing but SYNs seen. */
export const LIFETIME_TCP_SYN: u32 = 3576;
/** 8000 s. */
export const LIFETIME_TCP_ESTABLISHED: u32 = 476837;
/** 60 s: UDP, SCTP and others before an answer. */
export const LIFETIME_OTHER: u32 = 3576;
/** 180 s: UDP with answers. */
export const LIFETIME_UDP_REPLIED: u32 = 10728;
/** 8000 s: an SCTP association with answers. */
export const LIFETIME_SCTP_REPLIED: u32 = 476837;
/** 30 s: ICMP echo. */
export const LIFETIME_ICMP: u32 = 1788;
/** 5 s: the ports of a fragmented datagram. */
export const LIFETIME_FRAGMENT: u32 = 298;
/** An entry's expiry is rewritten only when it moves by at least this much (1 s): a packet writes no line without need. */
export const EXPIRY_GRANULARITY: u32 = 60;
/** 5 s: how often a translated flow's packets renew the flow's other half, so that the halves are not evicted apart. */
export const TRANSLATION_RENEWAL: u32 = 298;
