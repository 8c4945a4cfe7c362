// Pod identities: the numbers of the label sets of this node's pods. The store gives them, and is asked until it answers; a number that is
// known from before is used meanwhile, so that a restart without the store changes nobody.

import type { RoomLog } from '../log.ts';
import type { Labels } from '../model/labels.ts';
import { delayAfter } from '../state/backoff.ts';
import { type Clock, sleep } from '../state/clock.ts';

/** Who numbers label sets for the whole cluster. */
export interface IdentitySource {
  /** One number for these labels, everywhere; counts one user. */
  allocate(labels: string): Promise<number>;
  release(labels: string): Promise<void>;
}

export interface PodIdentityOptions {
  readonly source: IdentitySource;
  readonly clock: Clock;
  readonly log: RoomLog;
  /** Numbers that label sets had in an earlier life. */
  readonly restored: ReadonlyMap<string, number>;
  /** The number under which the cluster already knows a label set. */
  readonly find: (labels: string) => number | undefined;
  /** Some number is known now, or is another. */
  readonly changed: () => void;
}

interface Held {
  readonly labels: Labels;
  readonly users: Set<number>;
  number: number | undefined;
  isConfirmed: boolean;
}

const retry = { minMs: 200, maxMs: 10_000 };

export class PodIdentities {
  private readonly options: PodIdentityOptions;
  private readonly held = new Map<string, Held>();
  private readonly byEndpoint = new Map<number, Held>();
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private failing: unknown;

  constructor(options: PodIdentityOptions) {
    this.options = options;
  }

  /** Why numbers are not confirmed, while they are not. */
  get failure(): string | undefined {
    return this.failing === undefined ? undefined : (this.failing as Error).message;
  }

  use(endpoint: number, labels: Labels): void {
    const before = this.byEndpoint.get(endpoint);
    if (before?.labels.text === labels.text) return;
    let held = this.held.get(labels.text);
    if (held === undefined) {
      const number = this.options.restored.get(labels.text) ?? this.options.find(labels.text);
      held = { labels, users: new Set(), number, isConfirmed: false };
      this.held.set(labels.text, held);
      this.start(this.confirm(held));
    }
    held.users.add(endpoint);
    this.byEndpoint.set(endpoint, held);
    // New ones first: a number that both have is not let go in between.
    if (before !== undefined) this.leave(before, endpoint);
  }

  drop(endpoint: number): void {
    const held = this.byEndpoint.get(endpoint);
    this.byEndpoint.delete(endpoint);
    if (held !== undefined) this.leave(held, endpoint);
  }

  /** Of an endpoint; undefined until it is known. */
  number(endpoint: number): number | undefined {
    return this.byEndpoint.get(endpoint)?.number;
  }

  labelsOf(number: number): Labels | undefined {
    for (const held of this.held.values()) if (held.number === number) return held.labels;
    return undefined;
  }

  /** The store says that these labels have another number from now on. */
  moved(labels: string, number: number): void {
    const held = this.held.get(labels);
    if (held === undefined || held.number === number) return;
    held.number = number;
    this.options.changed();
  }

  /** What a later life restores. */
  entries(): [labels: string, number: number][] {
    return [...this.held].flatMap(([text, { number }]) => (number === undefined ? [] : [[text, number] as [string, number]]));
  }

  /** References stay: the next life goes on with them. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all(this.running);
  }

  private start(work: Promise<void>): void {
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private leave(held: Held, endpoint: number): void {
    held.users.delete(endpoint);
    if (held.users.size > 0 || this.held.get(held.labels.text) !== held) return;
    this.held.delete(held.labels.text);
    if (held.isConfirmed) this.start(this.release(held));
  }

  private async release({ labels }: Held): Promise<void> {
    try {
      await this.options.source.release(labels.text);
    } catch (error) {
      // The reference ends with its lease at the latest.
      if (!this.closing.signal.aborted) this.options.log.warn('a reference on an identity was not taken back', { error });
    }
  }

  private async confirm(held: Held): Promise<void> {
    const { source, clock, log, changed } = this.options;
    const { signal } = this.closing;
    for (let failures = 0; !signal.aborted && this.held.get(held.labels.text) === held; ) {
      try {
        const number = await source.allocate(held.labels.text);
        if (this.held.get(held.labels.text) !== held) return await source.release(held.labels.text);
        held.isConfirmed = true;
        this.failing = undefined;
        if (held.number === number) return;
        held.number = number;
        return changed();
      } catch (error) {
        if (signal.aborted) return;
        if (failures++ === 0) log.warn('an identity was not given yet', { identity: held.labels.text, error });
        this.failing = error;
        await sleep(clock, delayAfter(failures, retry, clock), signal);
      }
    }
  }
}
