// Identity rounds: takes unused identities back, a look at all of them now and then, ever less often while the store does not answer.

import { AgentError } from '../errors.ts';
import { IdentityCollector } from '../etcd/identity/collect.ts';
import type { RoomLog } from '../log.ts';
import { delayAfter } from '../state/backoff.ts';
import { type Clock, sleep } from '../state/clock.ts';
import type { KvStore } from '../state/kv-store.ts';
import type { OperatorCounters } from './counters.ts';
import type { Leadership } from './leader.ts';

export interface IdentityRoundsOptions {
  readonly store: KvStore;
  readonly clock: Clock;
  /** Wall-clock time in milliseconds: numbers rest by it. */
  readonly now: () => number;
  /** From the end of one round to the next; 5 min. Each reads all identities. */
  readonly everyMs?: number;
  readonly unusedForMs?: number;
  readonly restMs?: number;
  readonly counters?: OperatorCounters;
  readonly log?: RoomLog;
}

/** Until the leadership is over. */
export async function identityRounds(options: IdentityRoundsOptions, { signal, isValid }: Leadership): Promise<void> {
  const { store, clock, now, everyMs = 300_000, unusedForMs, restMs, counters, log } = options;
  // What it has seen is its own: two looks of two leaders would be none.
  const collector = new IdentityCollector({
    store,
    now,
    ...(unusedForMs !== undefined && { unusedForMs }),
    ...(restMs !== undefined && { restMs }),
  });
  let failures = 0;
  while (isValid()) {
    try {
      const { identities, unused, retired, freed } = await collector.round();
      failures = 0;
      counters?.rounds.add({ outcome: 'done' });
      counters?.retired.add({}, retired.length);
      counters?.freed.add({}, freed.length);
      counters?.identities.set({}, identities);
      counters?.unused.set({}, unused);
      for (const identity of retired) log?.info('an identity that nobody uses was taken back', { identity });
    } catch (error) {
      if (!(error instanceof AgentError) || error.code === 'KV_CLOSED') throw error;
      counters?.rounds.add({ outcome: 'failed' });
      if (failures === 0) log?.warn('identities could not be looked at', { error });
      failures += 1;
    }
    const pauseMs =
      failures === 0 ? everyMs * (0.9 + 0.2 * clock.random()) : delayAfter(failures, { minMs: 10_000, maxMs: everyMs }, clock);
    await sleep(clock, pauseMs, signal);
  }
}
