// What somebody who only follows believes is there, to hold against what a fresh list says.
import { setTimeout as sleep } from 'node:timers/promises';
import type { KvStore } from '../../orchestrator/state/kv-store.ts';

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (value: Uint8Array) => new TextDecoder().decode(value);

export class Follower {
  readonly entries = new Map<string, string>();
  readonly told: string[] = [];
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();

  constructor(store: KvStore, prefix: string) {
    this.ended = this.#run(store, prefix);
    // Whoever stops it hears of its end; a test that has failed before need not.
    this.ended.catch(() => {});
  }

  count(kind: string): number {
    return this.told.filter((line) => line.split(' ')[0] === kind).length;
  }

  async #run(store: KvStore, prefix: string): Promise<void> {
    for await (const change of store.follow(prefix, { signal: this.#stop.signal })) {
      if (change.kind === 'put') this.entries.set(change.entry.key, text(change.entry.value));
      if (change.kind === 'delete' && !this.entries.delete(change.key)) this.told.push(`invented-delete ${change.key}`);
      this.told.push(change.kind === 'put' ? `put ${change.entry.key}` : change.kind === 'delete' ? `delete ${change.key}` : change.kind);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

export async function listed(store: KvStore, prefix: string): Promise<Record<string, string>> {
  const { entries } = await store.list(prefix);
  return Object.fromEntries(entries.map(({ key, value }) => [key, text(value)]));
}

/** Sorted, so that two of them are compared as what they hold. */
export const sorted = (entries: Map<string, string>): Record<string, string> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

export async function until(holds: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`did not come true in ${seconds} s: ${holds}`);
    await sleep(20);
  }
}

/** Tries again what may be tried again: callers of a store do no less. */
export async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error as { retryable?: boolean }).retryable) throw error;
      await sleep(20);
    }
  }
}
