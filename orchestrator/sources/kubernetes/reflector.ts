// Reflector: keeps a sink equal to what the API server has of one resource, through everything that happens to connections.

import { AgentError } from '../../errors.ts';
import type { RoomLog } from '../../log.ts';
import { delayAfter } from '../../state/backoff.ts';
import { type Clock, sleep } from '../../state/clock.ts';
import type { Counts } from './counts.ts';
import type { WatchEvent } from './event.ts';
import { KubeError } from './failure.ts';
import { Projection } from './json/projection.ts';
import { isBefore, Known } from './known.ts';
import { type Limits, usualLimits } from './limits.ts';
import { listAll } from './list.ts';
import { type KubeObject, keyOf } from './object.ts';
import type { Resource, Selection } from './resource.ts';
import type { Sink } from './sink.ts';
import type { Transport } from './transport.ts';
import { watchOnce } from './watch.ts';

export interface ReflectorOptions {
  readonly transport: Transport;
  readonly resource: Resource;
  readonly selection?: Selection;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly counts: Counts;
  readonly log?: RoomLog;
  /** Whether the first list is asked for as a watch (WatchList). Servers that can't do it are remembered. Default true. */
  readonly initialEvents?: boolean;
  readonly limits?: Partial<Limits>;
}

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #limits: Limits;
  readonly #known = new Known();
  readonly #projection = new Projection();
  /** Changes after it are asked for; undefined: a list is needed. */
  #revision: string | undefined;
  #takesInitialEvents: boolean;
  #isInitial = false;
  #sendsBookmarks = false;
  #state: 'new' | 'synced' | 'lost' = 'new';
  #failures = 0;
  #openedAt: number | undefined;
  #garbledAt: string | undefined;
  #isLate = false;
  #heardAt: number | undefined;
  #cancelSettling: () => void = () => {};

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#limits = { ...usualLimits, ...options.limits };
    this.#takesInitialEvents = options.initialEvents ?? true;
  }

  /** Keys that the sink has now. */
  get size(): number {
    return this.#known.size;
  }

  get isSynced(): boolean {
    return this.#state === 'synced';
  }

  /** Milliseconds since the server last answered with something that could be used; undefined: it never has. */
  get silentMs(): number | undefined {
    return this.#heardAt === undefined ? undefined : this.#options.clock.now() - this.#heardAt;
  }

  /** Until the signal is aborted. No failure of the server ends it; what the sink throws does. */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      let failure: KubeError | undefined;
      try {
        await this.#round(signal);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        failure = error instanceof KubeError ? error : new KubeError(error.code, error.message, { cause: error });
      } finally {
        this.#cancelSettling();
      }
      if (!signal.aborted) await sleep(this.#options.clock, this.#pauseMs(failure), signal);
    }
  }

  /** A list if one is needed, then a watch for as long as it lives. */
  async #round(signal: AbortSignal): Promise<void> {
    this.#openedAt = undefined;
    if (this.#revision === undefined && this.#takesInitialEvents) {
      try {
        return await this.#watch(signal);
      } catch (error) {
        const isUnable = error instanceof KubeError && (error.status === 400 || error.status === 422);
        if (!this.#isInitial || !isUnable) throw error;
        this.#takesInitialEvents = false;
      }
    }
    if (this.#revision === undefined) await this.#list(signal);
    await this.#watch(signal);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { transport, counts, resource, selection = {} } = this.#options;
    const { pageSize, deadlineMs } = this.#limits;
    this.#known.beginList();
    const object = (object: KubeObject) => this.#listed(object);
    const projection = this.#projection;
    this.#endList(await listAll({ transport, counts, resource, selection, signal, pageSize, deadlineMs, projection, object }));
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { transport, counts, clock, resource, selection = {} } = this.#options;
    const limits = this.#limits;
    const revision = this.#revision;
    this.#isInitial = revision === undefined;
    if (this.#isInitial) this.#known.beginList();
    const patienceMs = () => (this.#isInitial ? limits.initialPauseMs : this.#sendsBookmarks ? limits.silenceMs : Number.POSITIVE_INFINITY);
    const opened = () => this.#opened();
    const event = (event: WatchEvent) => this.#event(event);
    const projection = this.#projection;
    const told = { patienceMs, opened, event };
    try {
      await watchOnce({ transport, counts, clock, limits, resource, selection, projection, signal, revision, ...told });
    } catch (error) {
      // A server that does not know what was asked for sends what there is, and then nothing that ends it.
      if (this.#isInitial && error instanceof KubeError && error.code === 'KUBE_TIMEOUT') this.#takesInitialEvents = false;
      throw error;
    }
    if (this.#isInitial) throw new KubeError('KUBE_UNAVAILABLE', `kubernetes api: watch ${resource.plural}: ended within its first events`);
  }

  #opened(): void {
    const { clock } = this.#options;
    this.#openedAt = clock.now();
    this.#heardAt = this.#openedAt;
    if (!this.#isInitial) this.#cancelSettling = clock.timer(this.#limits.settleMs, () => this.#synced());
  }

  #event(event: WatchEvent): void {
    const { sink, counts } = this.#options;
    this.#heardAt = this.#options.clock.now();
    counts.add('event');
    if (event.kind === 'bookmark') {
      counts.add('bookmark');
      this.#sendsBookmarks = true;
      if (this.#isInitial && event.endsInitial) this.#endList(event.revision);
      else if (!this.#isInitial) this.#advance(event.revision);
      return;
    }
    if (event.kind !== 'put' && event.kind !== 'delete') return;
    const { object, revision, kind } = event;
    if (this.#isInitial && kind === 'put') {
      this.#listed(object);
      return;
    }
    const key = keyOf(object);
    if (this.#isInitial) {
      if (this.#known.unlist(key)) this.#tell(() => sink.delete(key));
      return;
    }
    const judgement = this.#known[kind](key, revision);
    if (judgement === 'unsure') {
      this.#isLate = true;
      throw new KubeError('KUBE_UNAVAILABLE', `kubernetes api: watch: ${key} came too late`, { reason: 'Expired' });
    }
    if (judgement === 'stale') counts.add('stale');
    else this.#tell(() => (kind === 'put' ? sink.put(key, object) : sink.delete(key)));
    this.#advance(revision);
  }

  #listed(object: KubeObject): void {
    const key = keyOf(object);
    if (this.#known.list(key, object.metadata.resourceVersion)) this.#tell(() => this.#options.sink.put(key, object));
  }

  #endList(revision: string): void {
    for (const key of this.#known.endList()) this.#tell(() => this.#options.sink.delete(key));
    this.#revision = revision;
    this.#isInitial = false;
    this.#heardAt = this.#options.clock.now();
    this.#synced();
  }

  #tell(act: () => void): void {
    this.#options.counts.add('change');
    act();
  }

  #advance(revision: string): void {
    if (this.#revision === undefined || !isBefore(revision, this.#revision)) this.#revision = revision;
    this.#synced();
  }

  #synced(): void {
    this.#cancelSettling();
    if (this.#state === 'synced') return;
    this.#state = 'synced';
    this.#options.sink.synced();
    this.#options.log?.info('resource is synchronised', { map: this.#options.resource.plural, revision: this.#revision });
  }

  /** What a round's end means, and how long to rest after it. */
  #pauseMs(failure: KubeError | undefined): number {
    const { clock, counts, log, resource, sink } = this.#options;
    const { healthyMs, backoffMinMs: minMs, backoffMaxMs: maxMs } = this.#limits;
    const wasHealthy = this.#openedAt !== undefined && clock.now() - this.#openedAt >= healthyMs;
    if (wasHealthy) this.#failures = 0;
    if (failure !== undefined) {
      counts.add('failure');
      if (this.#state === 'synced') {
        this.#state = 'lost';
        sink.lost(failure.message);
      }
      if (this.#failures === 0) log?.warn('resource is out of touch', { map: resource.plural, error: failure });
      this.#forgetRevision(failure);
    } else if (wasHealthy) {
      // All watches of a server that stops end at once, and it would be asked by everybody at once.
      return minMs * clock.random();
    }
    this.#failures += 1;
    return Math.max(delayAfter(this.#failures, { minMs, maxMs }, clock), failure?.retryAfterMs ?? 0);
  }

  /** Whether changes from our revision on can still be had. */
  #forgetRevision(failure: KubeError): void {
    if (this.#revision === undefined) return;
    const isGarbledAgain = failure.code === 'KUBE_ANSWER_INVALID' && this.#garbledAt === this.#revision;
    this.#garbledAt = failure.code === 'KUBE_ANSWER_INVALID' ? this.#revision : undefined;
    if (!failure.isExpired && !isGarbledAgain) return;
    this.#options.counts.relisted(isGarbledAgain ? 'unreadable' : this.#isLate ? 'late' : 'expired');
    this.#isLate = false;
    this.#revision = undefined;
  }
}
