// Checks: what an agent says of its own health, one statement after the other, as `axoneme status` prints them.

/** warning: it works, but somebody should look. failed: something of this node does not work. */
export type CheckState = 'ok' | 'warning' | 'failed';

export interface Check {
  /** Heading that it stands under: `datapath`, `kubernetes`, `etcd`, `host`, `endpoints`, `nodes`, … In the order of first mention. */
  readonly section: string;
  /** A statement that holds when it is ok: "the API server answers". */
  readonly name: string;
  readonly state: CheckState;
  /** What was found, with values: "6 of 7 are ready". For a check that is not ok: what is wrong. Empty when the name says it all. */
  readonly message: string;
  /** What to do about it; only of those that are not ok. */
  readonly hint?: string;
}

/** The worst of them; ok when there are none. */
export function worst(checks: readonly Pick<Check, 'state'>[]): CheckState {
  return (['failed', 'warning'] as const).find((state) => checks.some((check) => check.state === state)) ?? 'ok';
}
