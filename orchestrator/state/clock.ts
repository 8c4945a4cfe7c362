// Time and chance as a parameter: whatever waits or jitters is given a Clock, so that a test can decide what happens when.

export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Calls `callback` once, `ms` from now, never within this call. The function returned cancels it and may be called at any time. */
  timer(ms: number, callback: () => void): () => void;
  /** From 0 up to, but not, 1. */
  random(): number;
}

/** Node fires a timer at once that is longer than this. */
const longestMs = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => performance.now(),
  timer(ms, callback) {
    if (ms > longestMs) {
      let cancel = this.timer(longestMs, () => {
        cancel = this.timer(ms - longestMs, callback);
      });
      return () => cancel();
    }
    const timeout = setTimeout(callback, ms);
    return () => clearTimeout(timeout);
  },
  random: Math.random,
};

/** Ends after `ms`, or earlier when the signal is aborted; leaves no timer and no listener. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.timer(ms, end);
    signal?.addEventListener('abort', end);
  });
}
