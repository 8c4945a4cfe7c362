// watch: first what is there when that is asked for, then every change, each in the form that the client wants.
import type { Context } from '../context.ts';
import type { Call } from '../http/call.ts';
import { tooManyRequests } from '../status-error.ts';
import { type Change, changeOf, type Follower } from '../storage/feed.ts';
import { keysBelow } from '../storage/keys.ts';
import { type ListOptions, listOptions } from './list-options.ts';
import { collect, isCompacted } from './read.ts';
import { WatchStream } from './watch-stream.ts';

const bookmarkEvery = 60_000;

export async function watch(context: Context, call: Call): Promise<'written'> {
  const options = listOptions(call, true);
  if (context.counts.watches >= context.limits.watches) throw tooManyRequests('too many watches, please try again later');
  context.counts.watches += 1;
  const stream = new WatchStream(call, options, context.limits, context.now);
  try {
    await run(context, call, options, stream);
  } finally {
    context.counts.watches -= 1;
    stream.end();
  }
  return 'written';
}

async function run(context: Context, call: Call, options: ListOptions, stream: WatchStream): Promise<void> {
  const fromState = options.sendInitialEvents ?? (options.revision === undefined || options.revision === 0n);
  let revision = options.revision ?? 0n;
  if (fromState) {
    const found = await collect(context, call, { ...options, limit: 0, continueToken: '', match: '' });
    stream.open();
    for (const item of found.items) {
      if (stream.ended) return;
      await stream.added(item);
    }
    revision = found.revision;
    if (options.sendInitialEvents === true) stream.bookmark(revision, true);
  } else if (options.sendInitialEvents === false && revision === 0n) {
    revision = context.feed.revision;
  }
  stream.open();
  const lifetime = options.timeoutSeconds || 1800 + Math.floor(Math.random() * 1800);
  const timeout = setTimeout(() => stream.end(), lifetime * 1000);
  try {
    await follow(context, call, options, stream, revision);
  } finally {
    clearTimeout(timeout);
  }
}

async function follow(context: Context, call: Call, options: ListOptions, stream: WatchStream, revision: bigint): Promise<void> {
  const prefix = keysBelow(context.storage.root, call.resource, call.namespace);
  const position = { told: revision };
  const follower: Follower = {
    prefix,
    change: (change) => {
      // The feed may be behind the list that this watch goes on from.
      if (change.revision <= revision) return;
      position.told = change.revision;
      stream.change(change);
    },
    progress: (now) => {
      position.told = now > position.told ? now : position.told;
    },
    end: () => stream.expire(`too old resource version: ${position.told} (${context.feed.revision})`),
  };
  const live = context.feed.follow(revision, follower);
  const where = () => (live ? context.feed.revision : position.told);
  const bookmark = () => {
    if (options.bookmarks && where() >= revision) stream.bookmark(where(), false);
  };
  const timer = setInterval(bookmark, bookmarkEvery);
  stream.beforeEnd = bookmark;
  try {
    if (live) await stream.done;
    else await followStore(context, prefix, revision, follower, stream);
  } finally {
    clearInterval(timer);
    context.feed.unfollow(follower);
  }
}

/** For changes that the feed no longer remembers: a watch of the store for this watcher alone. */
async function followStore(
  { storage, feed }: Context,
  prefix: string,
  revision: bigint,
  follower: Follower,
  stream: WatchStream,
): Promise<void> {
  const stop = new AbortController();
  void stream.done.then(() => stop.abort());
  try {
    for await (const event of storage.store.watch(prefix, { revision, signal: stop.signal })) {
      if (event.kind === 'progress') follower.progress(event.revision);
      else follower.change(changeOf(event) satisfies Change);
      if (stream.ended) return;
    }
    stream.end();
  } catch (error) {
    if (stream.ended) return;
    if (isCompacted(error)) stream.expire(`too old resource version: ${revision} (${feed.revision})`);
    else stream.end();
  }
}
