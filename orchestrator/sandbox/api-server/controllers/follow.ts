// Following one kind of objects: all that is there, then every change; from the start again when changes were lost.
import type { Context } from '../context.ts';
import type { Resource } from '../resource.ts';
import { keysBelow } from '../storage/keys.ts';
import type { Stored } from '../storage/stored.ts';

export interface Followed {
  close(): void;
}

/** `told` gets the object as it is now, or undefined with its last state when it is gone. */
export async function followObjects(
  context: Context,
  resource: Resource,
  told: (now: Stored | undefined, before: Stored | undefined) => void,
): Promise<Followed> {
  let closed = false;
  let stop = () => {};
  const begin = async (): Promise<void> => {
    const { revision } = await context.storage.page(resource, undefined, { limit: 1 });
    for await (const stored of context.storage.each(resource)) told(stored, undefined);
    const follower = {
      prefix: keysBelow(context.storage.root, resource),
      change: (change: { now: Stored | undefined; before: Stored | undefined; revision: bigint }) => told(change.now, change.before),
      progress: () => {},
      end: () => again(),
    };
    if (closed) return;
    if (!context.feed.follow(revision, follower)) return again();
    stop = () => context.feed.unfollow(follower);
  };
  const again = () => {
    if (!closed) setTimeout(() => void begin().catch(again), 300).unref();
  };
  await begin();
  return {
    close() {
      closed = true;
      stop();
    },
  };
}
