// How long to wait before the next attempt.

import type { Clock } from './clock.ts';

export interface Backoff {
  /** After the first failure. */
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Doubles with every failure up to the maximum; half of it is certain and half is chance, so that what failed together is not tried
 * together again. `attempts` counts the failures so far, from 1.
 */
export function delayAfter(attempts: number, { minMs, maxMs }: Backoff, clock: Clock): number {
  const ms = Math.min(minMs * 2 ** Math.min(attempts - 1, 40), maxMs);
  return ms / 2 + (ms / 2) * clock.random();
}
