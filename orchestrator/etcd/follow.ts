// Follow: a list, then its changes, for ever. What is known is kept as key and revision, so that a list after a gap can be told as
// the difference, with the deletes that nobody saw.
import { AgentError } from '../errors.ts';
import type { KvFollowed } from '../state/kv-store.ts';
import type { Connections } from './connections.ts';
import { isClosed } from './failure.ts';
import { list } from './list.ts';
import { pause } from './pause.ts';
import { watchStates } from './watch.ts';
import type { Keys } from './wire.ts';

const lostAfterMs = 5_000;
/** Told before the next ones are fetched, so that a long list is never held as a whole. */
const pageSize = 1_000;

export async function* follow(connections: Connections, keys: Keys, prefix: string, signal: AbortSignal): AsyncGenerator<KvFollowed> {
  const known = new Map<string, bigint>();
  let lost = false;
  let failingSince: number | undefined;
  for (let attempt = 0; !signal.aborted; attempt++) {
    let revision: bigint;
    try {
      revision = yield* tellDifference(connections, keys, prefix, known, signal);
      if (signal.aborted) return;
    } catch (error) {
      // What is refused today, to users or certificates that are being exchanged, may be granted in a moment.
      if (isClosed(error) || !(error instanceof AgentError)) throw error;
      failingSince ??= Date.now() - connections.timeoutMs;
      if (!lost && Date.now() - failingSince >= lostAfterMs) {
        lost = true;
        yield { kind: 'lost', reason: error.message };
      }
      await pause(Math.random() * Math.min(5_000, 100 * 2 ** Math.min(attempt, 6)), signal);
      continue;
    }
    attempt = 0;
    failingSince = undefined;
    lost = false;
    yield { kind: 'synced' };
    try {
      for await (const change of watchStates(connections, keys, prefix, { revision, signal, previous: false })) {
        if (change.kind === 'progress') continue;
        if (change.kind === 'lost') {
          lost = true;
          yield change;
          break;
        }
        if (change.kind === 'put') {
          known.set(change.entry.key, change.entry.revision);
          yield { kind: 'put', entry: change.entry };
        } else {
          known.delete(change.key);
          yield { kind: 'delete', key: change.key };
        }
      }
    } catch (error) {
      if (isClosed(error) || !(error instanceof AgentError)) throw error;
      // Whatever compacts, or refuses, as fast as we list shall not be asked all the time.
      await pause(Math.random() * 200, signal);
    }
  }
}

/** Tells what is there and not known, or known and not there; returns the revision of the list. */
async function* tellDifference(
  connections: Connections,
  keys: Keys,
  prefix: string,
  known: Map<string, bigint>,
  signal: AbortSignal,
): AsyncGenerator<KvFollowed, bigint> {
  const gone = new Set(known.keys());
  let page = await list(connections, keys, prefix, { limit: pageSize });
  for (;;) {
    for (const entry of page.entries) {
      if (signal.aborted) return page.revision;
      gone.delete(entry.key);
      if (known.get(entry.key) === entry.revision) continue;
      known.set(entry.key, entry.revision);
      yield { kind: 'put', entry };
    }
    if (page.next === undefined) break;
    page = await list(connections, keys, prefix, { limit: pageSize, from: page.next, revision: page.revision });
  }
  for (const key of gone) {
    known.delete(key);
    yield { kind: 'delete', key };
  }
  return page.revision;
}
