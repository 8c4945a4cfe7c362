// One watch: from one revision on, until the server ends it or it is taken for dead.

import type { Clock } from '../../state/clock.ts';
import type { Counts } from './counts.ts';
import { readEvent, type WatchEvent } from './event.ts';
import { KubeError, refusal } from './failure.ts';
import type { Projection } from './json/projection.ts';
import type { Limits } from './limits.ts';
import { acceptOf, pathOf, queryOf, type Resource, type Selection } from './resource.ts';
import type { Transport } from './transport.ts';

export interface WatchOptions {
  readonly transport: Transport;
  readonly counts: Counts;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly resource: Resource;
  readonly selection: Selection;
  readonly projection: Projection;
  readonly signal: AbortSignal;
  /** Changes after it; undefined: all that there is first (WatchList), with a bookmark that says where that ends. */
  readonly revision: string | undefined;
  /** How long nothing may come, now. */
  readonly patienceMs: () => number;
  /** The server has begun to answer. */
  readonly opened: () => void;
  readonly event: (event: Exclude<WatchEvent, { kind: 'error' | 'garbage' }>) => void;
}

/** Returns when the server has ended it, or when it was silent for too long; throws KubeError for all else. */
export async function watchOnce(options: WatchOptions): Promise<void> {
  const { transport, counts, clock, limits, resource, selection, projection, signal, revision } = options;
  const stop = new AbortController();
  const lifeMs = limits.watchMinMs + (limits.watchMaxMs - limits.watchMinMs) * clock.random();
  const guard = new DeadMan(clock, lifeMs + limits.graceMs, options.patienceMs, () => stop.abort());
  const where = `watch ${resource.plural}`;
  counts.add('watch');
  try {
    const bundles = transport.lines({
      path: pathOf(resource, { namespace: selection.namespace }),
      query: {
        ...queryOf(selection),
        watch: '1',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(Math.ceil(lifeMs / 1000)),
        resourceVersion: revision,
        ...(revision === undefined && { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }),
      },
      accept: acceptOf(selection, ''),
      signal: AbortSignal.any([signal, stop.signal]),
      deadlineMs: limits.deadlineMs,
    });
    for await (const bundle of bundles) {
      if (bundle.length === 0) options.opened();
      guard.alive();
      for (const line of bundle) {
        const event = readEvent(line, projection, resource, selection);
        if (event.kind === 'error') throw refusal(where, 200, event.status);
        if (event.kind === 'garbage') {
          counts.add('garbage');
          throw new KubeError(
            'KUBE_ANSWER_INVALID',
            `kubernetes api: ${where}: not an event: ${JSON.stringify(line.toString('utf8', 0, 60))}`,
          );
        }
        options.event(event);
      }
    }
  } catch (error) {
    if (!stop.signal.aborted || signal.aborted) throw error;
    counts.add('silence');
    throw new KubeError('KUBE_TIMEOUT', `kubernetes api: ${where}: silent for ${Math.round(guard.silentMs / 1000)} s`);
  } finally {
    guard.end();
  }
}

/** Calls `dead` once when nothing came for too long, or when it is all over time. */
class DeadMan {
  readonly #clock: Clock;
  readonly #patienceMs: () => number;
  readonly #dead: () => void;
  readonly #endAt: number;
  #lastAt: number;
  #cancel: () => void = () => {};

  constructor(clock: Clock, mostMs: number, patienceMs: () => number, dead: () => void) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#dead = dead;
    this.#lastAt = clock.now();
    this.#endAt = this.#lastAt + mostMs;
    this.#arm();
  }

  get silentMs(): number {
    return this.#clock.now() - this.#lastAt;
  }

  alive(): void {
    this.#lastAt = this.#clock.now();
  }

  end(): void {
    this.#cancel();
  }

  /** Patience may have become less since the timer was set: so it looks often enough. */
  #arm(): void {
    const now = this.#clock.now();
    const leftMs = Math.min(this.#endAt, this.#lastAt + this.#patienceMs()) - now;
    if (leftMs <= 0) this.#dead();
    else this.#cancel = this.#clock.timer(Math.min(leftMs, 10_000), () => this.#arm());
  }
}
