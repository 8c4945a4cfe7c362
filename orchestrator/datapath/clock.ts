// Clock: the datapath's time. Both machines read CLOCK_MONOTONIC, so that a tick taken here can be compared with any expiry in a map.

/** Nanoseconds >> this = ticks (TICK_SHIFT of the core). */
const tickShift = 24n;

/** Now in ticks of about 16.8 ms, a u32 that wraps. */
export function currentTick(): number {
  return Number(BigInt.asUintN(32, process.hrtime.bigint() >> tickShift));
}

/** Whole ticks in a number of seconds, rounded up: a lifetime is never cut short. */
export function ticks(seconds: number): number {
  return Math.ceil((seconds * 1e9) / 2 ** Number(tickShift));
}
