// Publishing: what a node says of itself, kept in the store as long as it lives. Said again when it changes, and looked after from time
// to time, because others have the right to delete there.
import { AgentError } from '../../errors.ts';
import type { KvLease, KvStore } from '../../state/kv-store.ts';
import { isClosed } from '../failure.ts';
import { pause } from '../pause.ts';

export interface PublishOptions {
  readonly store: KvStore;
  /** Seconds that the records outlive their writer; 900. */
  readonly ttl?: number;
  /** How often everything is compared with what stands there; every minute. */
  readonly everyMs?: number;
  /** Told when records can't be written, once a failure, and `undefined` when they are again. */
  readonly failing?: (error: Error | undefined) => void;
}

/** Records that are there for as long as this is not closed. */
export class Publisher {
  readonly #options: PublishOptions;
  readonly #closing = new AbortController();
  readonly #wanted = new Map<string, Uint8Array>();
  readonly #removed = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #running: Promise<void>;
  #wake = () => {};

  constructor(options: PublishOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Written soon, under the lease, and again when it is not there as it should be. */
  set(key: string, value: Uint8Array): void {
    const before = this.#wanted.get(key);
    if (before !== undefined && same(before, value)) return;
    this.#wanted.set(key, value);
    this.#removed.delete(key);
    this.#changed.add(key);
    this.#wake();
  }

  remove(key: string): void {
    if (!this.#wanted.delete(key)) return;
    this.#changed.delete(key);
    this.#removed.add(key);
    this.#wake();
  }

  /** Somebody else has written or deleted there: what is wanted is written once more. */
  rewrite(key: string): void {
    if (!this.#wanted.has(key)) return;
    this.#changed.add(key);
    this.#wake();
  }

  /** It is somebody else's now: whatever stands there stays. */
  leave(key: string): void {
    this.#wanted.delete(key);
    this.#changed.delete(key);
    this.#removed.delete(key);
  }

  /** Takes away a record that is not wanted and may still be there, from an earlier life under this name. */
  retract(key: string): void {
    if (this.#wanted.has(key)) return;
    this.#removed.add(key);
    this.#wake();
  }

  /** Records stay for their ttl. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { ttl = 900, everyMs = 60_000, failing } = this.#options;
    const { signal } = this.#closing;
    let lease: KvLease | undefined;
    let allAt = Date.now() + everyMs;
    for (let failures = 0; !signal.aborted; ) {
      try {
        lease ??= await this.#options.store.lease(ttl);
        if (Date.now() >= allAt) {
          await this.#compareAll();
          allAt = Date.now() + everyMs;
        }
        await this.#write(lease);
        if (failures > 0) failing?.(undefined);
        failures = 0;
        await this.#untilChanged(allAt - Date.now());
      } catch (error) {
        if (signal.aborted || isClosed(error)) return;
        // What is refused today may be granted tomorrow.
        if (!(error instanceof AgentError)) throw error;
        if (failures++ === 0) failing?.(error);
        await pause(Math.random() * Math.min(10_000, 100 * 2 ** Math.min(failures, 7)), signal);
      }
    }
  }

  async #write(lease: KvLease): Promise<void> {
    const { store } = this.#options;
    while (this.#changed.size + this.#removed.size > 0 && !this.#closing.signal.aborted) {
      const puts = [...this.#changed].slice(0, 100).map((key) => ({ put: key, value: this.#wanted.get(key)!, lease }));
      const deletes = [...this.#removed].slice(0, 100 - puts.length).map((key) => ({ delete: key }));
      await store.transact({ when: [], then: [...puts, ...deletes] });
      // What was changed once more meanwhile is written once more.
      for (const { put, value } of puts) if (this.#wanted.get(put) === value) this.#changed.delete(put);
      for (const { delete: key } of deletes) this.#removed.delete(key);
    }
  }

  async #compareAll(): Promise<void> {
    const keys = [...this.#wanted.keys()];
    for (let at = 0; at < keys.length; at += 100) {
      const asked = keys.slice(at, at + 100);
      const { found } = await this.#options.store.transact({ when: [], then: asked.map((key) => ({ get: key })) });
      for (const [index, key] of asked.entries()) {
        const value = this.#wanted.get(key);
        const entry = found[index];
        if (value !== undefined && !(entry && same(entry.value, value))) this.#changed.add(key);
      }
    }
  }

  async #untilChanged(ms: number): Promise<void> {
    if (this.#changed.size + this.#removed.size > 0) return;
    const resting = new AbortController();
    this.#wake = () => resting.abort();
    await pause(Math.max(ms, 0), AbortSignal.any([resting.signal, this.#closing.signal]));
    this.#wake = () => {};
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
