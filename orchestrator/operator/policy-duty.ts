// Policy duty: follows the policies that have a status, and tells their authors what became of them.

import type { RoomLog } from '../log.ts';
import { Counts } from '../sources/kubernetes/counts.ts';
import { PolicyStatus } from '../sources/kubernetes/policy-status.ts';
import { Reflector } from '../sources/kubernetes/reflector.ts';
import { resources } from '../sources/kubernetes/resource.ts';
import { type PolicyRow, policyRows } from '../sources/kubernetes/rows/policies.ts';
import type { Observed } from '../sources/kubernetes/samples.ts';
import type { Sink } from '../sources/kubernetes/sink.ts';
import type { Transport } from '../sources/kubernetes/transport.ts';
import type { Clock } from '../state/clock.ts';
import type { Leadership } from './leader.ts';

export interface PolicyDutyOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly date: () => Date;
  readonly clusterName: string;
  readonly log?: RoomLog;
  /** Hears of what it follows, for metrics. */
  readonly observed?: (all: readonly Observed[]) => void;
}

/** Until the leadership is over. */
export async function policyDuty(options: PolicyDutyOptions, { signal, isValid }: Leadership): Promise<void> {
  const { transport, clock, date, clusterName, log, observed } = options;
  const status = new PolicyStatus({ transport, clock, date, mayWrite: isValid, log });
  const row = policyRows({ clusterName, localCluster: true });
  const followed = [resources.ciliumPolicies, resources.clusterwidePolicies].map((resource) => {
    const sink = statusSink(status, row);
    const counts = new Counts();
    const reflector = new Reflector({ transport, resource, sink, clock, counts, log });
    return { resource: resource.plural, reflector, counts, sink };
  });
  observed?.(followed);
  // One that fails ends the others: what it threw is a fault of ours.
  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  const parts = [status.run({ signal: ended }), ...followed.map(({ reflector }) => reflector.run({ signal: ended }))];
  try {
    await Promise.all(parts);
  } finally {
    over.abort();
    await Promise.allSettled(parts);
    observed?.([]);
  }
}

function statusSink(status: PolicyStatus, row: ReturnType<typeof policyRows>): Sink & { readonly rejected: number } {
  const rows = new Map<string, PolicyRow>();
  return {
    get rejected() {
      return [...rows.values()].filter(({ rejected }) => rejected !== undefined).length;
    },
    put(key, object) {
      const after = row(key, object, rows.get(key));
      rows.set(key, after);
      status.put(after);
    },
    delete(key) {
      const before = rows.get(key);
      rows.delete(key);
      if (before !== undefined) status.delete(before);
    },
    synced() {},
    lost() {},
  };
}
