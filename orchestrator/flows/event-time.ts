// The time of events: the datapath stamps them with coarse ticks of a clock that does not know the date.

/** 2^24 ns. */
const tickMs = 2 ** 24 / 1e6;

export interface FlowTime {
  /** RFC 3339, of a tick that lies at most a year back. */
  of(tick: number): string;
  now(): string;
}

/**
 * An event that was read within a tick or two of its packet has the time at which it was read, which is nearer than its stamp; one
 * that lay in the ring is dated back by the ticks since.
 */
export function flowTime(tick: () => number, wallClock: () => number): FlowTime {
  // Many events are read in one millisecond.
  let last = Number.NaN;
  let lastText = '';
  const text = (at: number) => {
    const ms = Math.floor(at);
    if (ms !== last) [last, lastText] = [ms, new Date(ms).toISOString()];
    return lastText;
  };
  return {
    now: () => text(wallClock()),
    of(stamp) {
      const age = (tick() - stamp) | 0;
      return text(wallClock() - (age > 1 ? age * tickMs : 0));
    },
  };
}
