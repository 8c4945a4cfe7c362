// Operator: what one process does for a whole cluster. Read this first: which duties there are, and in which order they begin.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { AgentError } from '../errors.ts';
import type { Log, RoomLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { ensureDefinitions } from '../sources/kubernetes/definitions.ts';
import { type Observed, samplesOf } from '../sources/kubernetes/samples.ts';
import type { Transport } from '../sources/kubernetes/transport.ts';
import { delayAfter } from '../state/backoff.ts';
import { type Clock, sleep } from '../state/clock.ts';
import type { KvStore } from '../state/kv-store.ts';
import { operatorCounters } from './counters.ts';
import { identityRounds } from './identity-rounds.ts';
import { Leader, type LeaderOptions, type Leadership } from './leader.ts';
import { policyDuty } from './policy-duty.ts';

export interface OperatorOptions {
  /** Stays the caller's, like the store: both are closed after the operator. */
  readonly kubernetes: Transport;
  readonly store: KvStore;
  readonly clock: Clock;
  readonly date: () => Date;
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly clusterName: string;
  readonly lease: Pick<LeaderOptions, 'namespace' | 'name' | 'leaseMs' | 'trustMs' | 'retryMs'>;
  /** Default: the host's name and something that no other process has. */
  readonly identity?: string;
  readonly identities?: { readonly everyMs?: number; readonly unusedForMs?: number; readonly restMs?: number };
}

export interface Operator extends AsyncDisposable {
  readonly identity: string;
  readonly isLeading: boolean;
  /** Rejects with what was thrown and not foreseen; resolves when the operator was closed. */
  readonly ended: Promise<void>;
}

/** Does not wait for anything: as long as the servers are away it tries again, and other processes may lead. */
export function openOperator(options: OperatorOptions): Operator {
  const { kubernetes: transport, clock, date, metrics, lease, identity = `${hostname()}_${randomUUID()}` } = options;
  const log = options.log.room('operator');
  const counters = metrics && operatorCounters(metrics);
  let followed: readonly Observed[] = [];
  const endCollecting = metrics?.collect(() => samplesOf(followed));
  const observed = (all: readonly Observed[]) => {
    followed = all;
  };
  const lead = async (leadership: Leadership) => {
    counters?.terms.add({});
    counters?.leading.set({}, 1);
    try {
      await together(leadership, [
        (leadership) =>
          identityRounds({ ...options.identities, store: options.store, clock, now: () => date().getTime(), counters, log }, leadership),
        async (leadership) => {
          // There are no policies to follow before there are definitions of them.
          await definitions(transport, clock, log, leadership);
          if (leadership.isValid())
            await policyDuty({ transport, clock, date, clusterName: options.clusterName, log, observed }, leadership);
        },
      ]);
    } finally {
      counters?.leading.set({}, 0);
    }
  };
  const leader = new Leader({ ...lease, transport, clock, date, identity, log, lead });
  const stopping = new AbortController();
  const ended = leader.run({ signal: stopping.signal });
  ended.catch(() => {});
  return {
    identity,
    get isLeading() {
      return leader.isLeading;
    },
    ended,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended.catch(() => {});
      endCollecting?.();
    },
  };
}

/** All duties end with the first that throws. */
async function together({ signal, isValid }: Leadership, duties: readonly ((leadership: Leadership) => Promise<void>)[]): Promise<void> {
  const over = new AbortController();
  const leadership = { signal: AbortSignal.any([signal, over.signal]), isValid: () => isValid() && !over.signal.aborted };
  const running = duties.map((duty) => duty(leadership));
  try {
    await Promise.all(running);
  } finally {
    over.abort();
    await Promise.allSettled(running);
  }
}

async function definitions(transport: Transport, clock: Clock, log: RoomLog, { signal, isValid }: Leadership): Promise<void> {
  for (let failures = 1; isValid(); failures += 1) {
    try {
      for (const [policy, outcome] of await ensureDefinitions({ transport, clock, signal })) {
        if (outcome === 'created' || outcome === 'upgraded') log.info('a definition was written', { policy });
        if (outcome === 'foreign') log.warn('a definition is somebody else’s, and left as it is', { policy });
      }
      return;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      if (failures === 1 && !signal.aborted) log.warn('definitions could not be written', { error });
      await sleep(clock, delayAfter(failures, { minMs: 1_000, maxMs: 60_000 }, clock), signal);
    }
  }
}
