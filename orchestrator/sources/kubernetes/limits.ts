// Limits: how long a reflector waits for what.

export interface Limits {
  readonly pageSize: number;
  /** For a page of a list, and for the beginning of a watch. */
  readonly deadlineMs: number;
  /** A watch is asked to end after a time between these, so that not all end together. */
  readonly watchMinMs: number;
  readonly watchMaxMs: number;
  /** A watch that has not ended so long after it was asked to is dead. */
  readonly graceMs: number;
  /** So long a watch may be silent once its server has shown that it sends bookmarks, which come every minute. */
  readonly silenceMs: number;
  /** So long the first events of a watch may pause before they are taken for ones that will not end. */
  readonly initialPauseMs: number;
  /** Failures are forgotten after a watch that lived so long. */
  readonly healthyMs: number;
  /** A watch that was resumed is believed when it has not been refused for so long. */
  readonly settleMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

export const usualLimits: Limits = {
  pageSize: 500,
  deadlineMs: 60_000,
  watchMinMs: 300_000,
  watchMaxMs: 600_000,
  graceMs: 30_000,
  silenceMs: 180_000,
  initialPauseMs: 30_000,
  healthyMs: 60_000,
  settleMs: 1_000,
  backoffMinMs: 500,
  backoffMaxMs: 30_000,
};
