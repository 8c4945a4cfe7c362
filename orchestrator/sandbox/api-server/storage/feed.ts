// Feed: one watch of the store for everything, told on to any number of watchers. It remembers the latest changes, so that a watcher may begin a
// little in the past without the store being asked again.
import type { KvChange } from '../../../state/kv-store.ts';
import type { Storage } from './storage.ts';
import { Stored } from './stored.ts';

/** A change of an object: at least one of both is there. */
export interface Change {
  readonly key: string;
  readonly revision: bigint;
  readonly now: Stored | undefined;
  readonly before: Stored | undefined;
}

export interface Follower {
  readonly prefix: string;
  /** In order, none twice. */
  change(change: Change): void;
  /** Nothing up to this revision is missing. */
  progress(revision: bigint): void;
  /** Changes were lost, or the feed ends; nothing more will come. */
  end(): void;
}

/** Changes that are remembered, and their bytes. */
const mostChanges = 4096;
const mostBytes = 32 * 1024 * 1024;

export function changeOf(change: Exclude<KvChange, { kind: 'progress' }>): Change {
  const before = change.previous === undefined ? undefined : Stored.of(change.previous);
  if (change.kind === 'put') return { key: change.entry.key, revision: change.entry.revision, now: Stored.of(change.entry), before };
  // A watcher is told the object's last state under the revision of its end.
  const last = before === undefined ? undefined : new Stored(change.key, change.revision, before.value);
  return { key: change.key, revision: change.revision, now: undefined, before: last };
}

export class Feed {
  private readonly storage: Storage;
  private readonly stop = new AbortController();
  private readonly followers = new Set<Follower>();
  private recent: Change[] = [];
  private bytes = 0;
  /** Every change after this one is in `recent`. */
  private start = 0n;
  private seen = 0n;
  private running: Promise<void> | undefined;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  async open(): Promise<void> {
    this.start = await this.storage.revision();
    this.seen = this.start;
    this.running = this.run();
  }

  /** Highest revision that was told. */
  get revision(): bigint {
    return this.seen;
  }

  /** False when changes after `revision` are no longer remembered: then nothing is told. */
  follow(revision: bigint, follower: Follower): boolean {
    if (revision < this.start) return false;
    for (const change of this.recent) {
      if (change.revision > revision && change.key.startsWith(follower.prefix)) follower.change(change);
    }
    this.followers.add(follower);
    return true;
  }

  unfollow(follower: Follower): void {
    this.followers.delete(follower);
  }

  async close(): Promise<void> {
    this.stop.abort();
    for (const follower of this.followers) follower.end();
    this.followers.clear();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      try {
        for await (const change of this.storage.store.watch(this.storage.root, { revision: this.seen, signal })) this.tell(change);
      } catch {
        if (signal.aborted) return;
        await this.restart(signal);
      }
    }
  }

  /** What was missed can't be told: watchers are sent away to list again. */
  private async restart(signal: AbortSignal): Promise<void> {
    const ended = [...this.followers];
    this.followers.clear();
    this.recent = [];
    this.bytes = 0;
    this.start = this.seen = 2n ** 62n;
    for (const follower of ended) follower.end();
    while (!signal.aborted) {
      try {
        this.start = this.seen = await this.storage.revision();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  private tell(event: KvChange): void {
    if (event.kind === 'progress') {
      if (event.revision > this.seen) this.seen = event.revision;
      for (const follower of this.followers) follower.progress(event.revision);
      return;
    }
    const change = changeOf(event);
    this.seen = change.revision;
    this.remember(change);
    for (const follower of this.followers) if (change.key.startsWith(follower.prefix)) follower.change(change);
  }

  private remember(change: Change): void {
    this.recent.push(change);
    this.bytes += change.now?.value.length ?? 0;
    if (this.recent.length <= mostChanges && this.bytes <= mostBytes) return;
    const forgotten = this.recent.splice(0, Math.ceil(this.recent.length / 4));
    this.start = forgotten[forgotten.length - 1].revision;
    for (const { now } of forgotten) this.bytes -= now?.value.length ?? 0;
    // Changes of one revision are forgotten together: half a transaction would be a gap.
    while (this.recent[0]?.revision === this.start) this.bytes -= this.recent.shift()?.now?.value.length ?? 0;
  }
}
