// Lifetimes: seconds of DNS as ticks of the datapath's clock, a u32 that wraps, here as the i32 of the same bits.

/** Nanoseconds >> 24 are ticks. */
const ticksPerSecond = 1e9 / 2 ** 24;

/**
 * Ends of grants are rounded up to a multiple of this, about a quarter of a second: who asks again and again is given the same end, and the
 * map is left alone. A TTL, of which a cache may show any part of its last second as 0, says nothing more exactly.
 */
const quantum = 16;

/** Seconds: "use it now" still needs a while until it is used. */
export const leastLifetime = 1;

export function isLater(tick: number, than: number): boolean {
  return ((tick - than) | 0) > 0;
}

/** When what an answer says ends. */
export function endOfTtl(now: number, ttl: number): number {
  return (now + Math.ceil(ttl * ticksPerSecond)) | 0;
}

/** When a grant ends: max(ttl, minTtl) and grace from now. */
export function endOfGrant(now: number, ttl: number, minTtl: number, grace: number): number {
  const seconds = Math.max(ttl, minTtl, leastLifetime) + grace;
  return ((now + Math.ceil(seconds * ticksPerSecond) + quantum - 1) & -quantum) | 0;
}

/** Whole seconds left, rounded up; 0 when the tick has come. */
export function secondsLeft(end: number, now: number): number {
  const left = (end - now) | 0;
  return left > 0 ? Math.ceil(left / ticksPerSecond) : 0;
}
