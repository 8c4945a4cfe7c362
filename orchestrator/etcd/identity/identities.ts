// Identities: what a node uses of them. Numbers for labels, counted by their users here; all that the cluster has, as it is told; and
// the care that a number in use stays what it is.
import type { KvLease, KvStore } from '../../state/kv-store.ts';
import { pause } from '../pause.ts';
import { Allocator } from './allocator.ts';
import { decodeText, idPrefix, type LabelHash, numberIn, retiredPrefix } from './keys.ts';
import { NumberRange } from './range.ts';

/** Whoever keeps the identities of the cluster too. */
export interface IdentitySink {
  put(number: number, labels: string): void;
  delete(number: number): void;
  /** All that there is has been told; again after each `lost`. */
  synced(): void;
  lost(reason: string): void;
}

export interface IdentitiesOptions {
  readonly store: KvStore;
  readonly node: string;
  /** Number of the cluster, 0 when it is the only one. */
  readonly cluster: number;
  /** Seconds that references outlive this process; 900, so that a restart in between costs nothing. */
  readonly ttl?: number;
  readonly hash?: LabelHash;
  /** A number in use had become another's while this node was cut off for long: from now on `labels` have `to`. */
  readonly moved?: (labels: string, from: number, to: number) => void;
  readonly sink?: IdentitySink;
}

interface Held {
  users: number;
  placed: Promise<number>;
}

export async function openIdentities(options: IdentitiesOptions): Promise<Identities> {
  return new Identities(options, await options.store.lease(options.ttl ?? 900));
}

export class Identities {
  /** Number → labels, of the whole cluster, as far as it is known here. */
  readonly known = new Map<number, string>();
  readonly #options: IdentitiesOptions;
  readonly #allocator: Allocator;
  readonly #range: NumberRange;
  readonly #lease: KvLease;
  readonly #closing = new AbortController();
  readonly #held = new Map<string, Held>();
  readonly #inUse = new Map<number, string>();
  readonly #releasing = new Map<string, Promise<void>>();
  readonly #following: Promise<unknown>;

  constructor(options: IdentitiesOptions, lease: KvLease) {
    this.#options = options;
    this.#range = new NumberRange(options.cluster);
    this.#lease = lease;
    this.#allocator = new Allocator({ ...options, lease, range: this.#range });
    this.#following = Promise.all([this.#followNumbers(), this.#followRetired()]);
    // Whoever awaits `close` is told why following ended, if not because of it.
    this.#following.catch(() => {});
  }

  /** One number for these labels, everywhere. Each call counts as one user. When it throws what may be retried, nothing is counted. */
  async allocate(labels: string): Promise<number> {
    const held = this.#held.get(labels) ?? { users: 0, placed: this.#place(labels) };
    held.users++;
    this.#held.set(labels, held);
    return held.placed;
  }

  /** One user less. When none is left, the cluster may take the number back after a while. Resolves when that has been said. */
  async release(labels: string): Promise<void> {
    const held = this.#held.get(labels);
    if (held === undefined || --held.users > 0) return;
    this.#held.delete(labels);
    const released = this.#letGo(held);
    this.#releasing.set(labels, released);
    await released;
    if (this.#releasing.get(labels) === released) this.#releasing.delete(labels);
  }

  /** References stay for their ttl: whoever starts again under this node's name goes on with them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  /** References go now: this node is gone for good. */
  async leave(): Promise<void> {
    await this.close();
    await this.#lease.revoke();
  }

  async #place(labels: string, wanted?: number): Promise<number> {
    try {
      await this.#releasing.get(labels);
      const placed = await this.#allocator.place(labels, wanted);
      this.#inUse.set(placed, labels);
      return placed;
    } catch (error) {
      this.#held.delete(labels);
      throw error;
    }
  }

  async #letGo(held: Held): Promise<void> {
    const placed = await held.placed.catch(() => undefined);
    if (placed === undefined) return;
    this.#inUse.delete(placed);
    await this.#insist(() => this.#allocator.release(placed));
  }

  async #followNumbers(): Promise<void> {
    const { store, sink } = this.#options;
    for await (const told of store.follow(idPrefix, { signal: this.#closing.signal })) {
      if (told.kind === 'synced') sink?.synced();
      if (told.kind === 'lost') sink?.lost(told.reason);
      if (told.kind !== 'put' && told.kind !== 'delete') continue;
      const number = numberIn(told.kind === 'put' ? told.entry.key : told.key, idPrefix);
      if (number === undefined) continue;
      const labels = told.kind === 'put' ? decodeText(told.entry.value) : undefined;
      if (labels === undefined) {
        this.known.delete(number);
        this.#range.free(number);
        sink?.delete(number);
      } else {
        this.known.set(number, labels);
        this.#range.take(number);
        sink?.put(number, labels);
      }
      const mine = this.#inUse.get(number);
      if (mine !== undefined && mine !== labels) await this.#protect(mine, number);
    }
  }

  async #followRetired(): Promise<void> {
    for await (const told of this.#options.store.follow(retiredPrefix, { signal: this.#closing.signal })) {
      if (told.kind !== 'put' && told.kind !== 'delete') continue;
      const number = numberIn(told.kind === 'put' ? told.entry.key : told.key, retiredPrefix);
      if (number === undefined) continue;
      if (told.kind === 'put') this.#range.take(number);
      else if (!this.known.has(number)) this.#range.free(number);
    }
  }

  /** A number in use was taken back, which happens to those that were cut off for longer than their references last. */
  async #protect(labels: string, number: number): Promise<void> {
    const held = this.#held.get(labels);
    if (held === undefined) return;
    const placed = await this.#insist(() => this.#allocator.place(labels, number));
    if (placed === undefined) return;
    held.placed = Promise.resolve(placed);
    if (placed === number) return;
    this.#inUse.delete(number);
    this.#inUse.set(placed, labels);
    await this.#insist(() => this.#allocator.release(number));
    this.#options.moved?.(labels, number, placed);
  }

  /** Again and again while the store can't be reached; undefined when this was closed meanwhile. */
  async #insist<Result>(act: () => Promise<Result>): Promise<Result | undefined> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await act();
      } catch (error) {
        if (!(error as { retryable?: boolean }).retryable) throw error;
        await pause(Math.random() * Math.min(5_000, 100 * 2 ** Math.min(attempt, 6)), signal);
      }
    }
    return undefined;
  }
}
