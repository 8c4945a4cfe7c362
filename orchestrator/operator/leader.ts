// Leader: one of several processes does a duty, by a Lease of the API server. Nobody's wall clock is compared with another's: a candidate
// takes over when it has seen the lease unchanged for as long as it is good for, and the leader stops by its own clock before that.

import { AgentError } from '../errors.ts';
import type { RoomLog } from '../log.ts';
import { KubeError } from '../sources/kubernetes/failure.ts';
import { pathOf, resources } from '../sources/kubernetes/resource.ts';
import type { Transport } from '../sources/kubernetes/transport.ts';
import { type Clock, sleep } from '../state/clock.ts';

export interface LeaderOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Wall-clock time, for whoever looks at the lease. */
  readonly date: () => Date;
  readonly namespace: string;
  readonly name: string;
  /** Nobody else's, and not that of an earlier process either. */
  readonly identity: string;
  /** So long others wait after they last saw a change; 15 s. */
  readonly leaseMs?: number;
  /** So long after it began to renew the lease with success the leader trusts it; 10 s. Less than the lease, for clocks that go unequally. */
  readonly trustMs?: number;
  /** Between two looks at it, or renewals; 2 s. */
  readonly retryMs?: number;
  readonly log?: RoomLog;
  /** The duty. Ends soon after the signal is aborted, and not before. */
  readonly lead: (leadership: Leadership) => Promise<void>;
}

export interface Leadership {
  /** Aborted when it is over. */
  readonly signal: AbortSignal;
  /** To be asked before whatever only the leader may do: a process that stood still knows by this, before any timer tells it. */
  readonly isValid: () => boolean;
}

interface Lease {
  readonly metadata: { readonly resourceVersion: string; readonly [field: string]: unknown };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

export class Leader {
  readonly #options: Required<Omit<LeaderOptions, 'log'>> & Pick<LeaderOptions, 'log'>;
  /** What was seen of the lease last, and since when it is so. */
  #seen: { readonly revision: string; readonly at: number } | undefined;
  #validUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderOptions) {
    this.#options = { leaseMs: 15_000, trustMs: 10_000, retryMs: 2_000, ...options };
    const { leaseMs, trustMs, retryMs } = this.#options;
    if (!(retryMs < trustMs && trustMs < leaseMs && leaseMs >= 1000))
      throw new RangeError('leader: retryMs < trustMs < leaseMs, and a second at least');
  }

  get isLeading(): boolean {
    return this.#options.clock.now() < this.#validUntil;
  }

  /** Until the signal is aborted; then the lease is given back. Throws what the duty throws. */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    const { clock, retryMs } = this.#options;
    while (!signal.aborted) {
      if (await this.#try(signal)) await this.#lead(signal);
      if (!signal.aborted) await sleep(clock, retryMs * (0.8 + 0.4 * clock.random()), signal);
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { clock, retryMs, log, lead, identity } = this.#options;
    const over = new AbortController();
    const ended = AbortSignal.any([signal, over.signal]);
    log?.info('this process leads', { node: identity });
    let isLost = false;
    const lose = () => {
      isLost = true;
      over.abort();
    };
    const duty = lead({ signal: ended, isValid: () => this.isLeading && !ended.aborted }).finally(() => over.abort());
    // What it throws is thrown below.
    duty.catch(() => {});
    const watch = () => {
      if (!this.isLeading) lose();
      else cancel = clock.timer(this.#validUntil - clock.now(), watch);
    };
    let cancel = () => {};
    watch();
    while (!ended.aborted) {
      await sleep(clock, retryMs, ended);
      // One that knows that it has lost the lease tries no more: it would have to begin anew.
      if (!ended.aborted && !(await this.#try(ended)) && !this.isLeading) lose();
    }
    cancel();
    try {
      await duty;
    } finally {
      if (isLost && !signal.aborted) log?.warn('this process does not lead any more', { node: identity });
      if (this.isLeading) await this.#release();
      this.#validUntil = Number.NEGATIVE_INFINITY;
    }
  }

  /** Takes or renews the lease, if it may; whether it has it now, for certain. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock, identity, leaseMs, trustMs, log } = this.#options;
    try {
      const stored = await this.#read(signal);
      const holder = stored?.spec?.holderIdentity ?? '';
      if (stored !== undefined && holder !== '' && holder !== identity) {
        this.#validUntil = Number.NEGATIVE_INFINITY;
        const { resourceVersion: revision } = stored.metadata;
        if (this.#seen?.revision !== revision) this.#seen = { revision, at: clock.now() };
        // A lease of another length is good for as long as its holder thinks.
        const goodMs = Math.max((stored.spec?.leaseDurationSeconds ?? 0) * 1000, leaseMs);
        if (clock.now() - this.#seen.at < goodMs) return false;
      }
      // Others see the change when it has arrived, and no earlier: from its beginning on nobody can have waited for longer.
      const begun = clock.now();
      await this.#write(stored, identity, signal);
      this.#validUntil = begun + trustMs;
      this.#seen = undefined;
      return this.isLeading;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      const isBeaten = error instanceof KubeError && error.status === 409;
      if (!signal.aborted && !isBeaten) log?.warn('the lease was neither taken nor renewed', { node: identity, error });
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { transport, namespace, name, retryMs, trustMs } = this.#options;
    try {
      return (await transport.json({
        path: pathOf(resources.leases, { namespace, name }),
        signal,
        deadlineMs: trustMs - retryMs,
      })) as Lease;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Refused when anybody has written since it was read. */
  async #write(stored: Lease | undefined, holder: string, signal: AbortSignal): Promise<void> {
    const { transport, namespace, name, leaseMs, retryMs, trustMs, date } = this.#options;
    const now = date().toISOString().replace('Z', '000Z');
    const isNew = stored?.spec?.holderIdentity !== holder;
    const spec = {
      ...stored?.spec,
      holderIdentity: holder,
      leaseDurationSeconds: holder === '' ? 1 : Math.ceil(leaseMs / 1000),
      renewTime: now,
      ...(isNew && holder !== '' && { acquireTime: now, leaseTransitions: (stored?.spec?.leaseTransitions ?? -1) + 1 }),
    };
    const { apiVersion, kind } = resources.leases;
    const metadata = stored?.metadata ?? { name, namespace };
    await transport.json({
      method: stored === undefined ? 'POST' : 'PUT',
      path: pathOf(resources.leases, stored === undefined ? { namespace } : { namespace, name }),
      body: { apiVersion, kind, metadata, spec },
      signal,
      deadlineMs: trustMs - retryMs,
    });
  }

  /** So that the next one need not wait. */
  async #release(): Promise<void> {
    const { identity, log, retryMs } = this.#options;
    const signal = AbortSignal.timeout(retryMs);
    try {
      const stored = await this.#read(signal);
      if (stored?.spec?.holderIdentity === identity) await this.#write(stored, '', signal);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      log?.warn('the lease was not given back', { node: identity, error });
    }
  }
}
