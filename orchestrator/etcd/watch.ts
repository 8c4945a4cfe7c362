// Watch: changes of a prefix from a revision on, over one stream at a time. What breaks is begun again after the last revision that
// was told in full, so that nothing is told twice and nothing is left out.
import { AgentError } from '../errors.ts';
import type { KvChange } from '../state/kv-store.ts';
import type { Connections } from './connections.ts';
import type { RpcStream } from './endpoint.ts';
import { closedError } from './failure.ts';
import { pause } from './pause.ts';
import type { Keys, RangeAnswer, WireEntry, WireHeader } from './wire.ts';

export interface WatchOptions {
  readonly revision: bigint;
  readonly signal: AbortSignal;
  /** Whether changes say what was there before; they do by default. */
  readonly previous?: boolean;
}

/** What a watch tells its own house besides changes: nothing has been heard for `lostAfterMs`, and why. */
export type Watched = KvChange | { readonly kind: 'lost'; readonly reason: string };

interface WatchAnswer {
  readonly header: WireHeader;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: string;
  readonly cancel_reason?: string;
  readonly fragment: boolean;
  readonly events: readonly { readonly type: 'Put' | 'Delete'; readonly kv: WireEntry; readonly prev_kv: WireEntry | null }[];
}

const lostAfterMs = 5_000;

export async function* watch(connections: Connections, keys: Keys, prefix: string, options: WatchOptions): AsyncGenerator<KvChange> {
  for await (const change of watchStates(connections, keys, prefix, options)) if (change.kind !== 'lost') yield change;
}

export async function* watchStates(
  connections: Connections,
  keys: Keys,
  prefix: string,
  { revision, signal, previous = true }: WatchOptions,
): AsyncGenerator<Watched> {
  const state: Place = { previous, told: revision, cluster: undefined, brokenAt: undefined, refusals: 0 };
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      for await (const change of watchOnce(connections, keys, prefix, state, signal)) {
        attempt = 0;
        yield change;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (connections.closing.signal.aborted) throw closedError();
      const failure = connections.streamFailed(error, `watch ${prefix}`);
      const compacted = failure.error.code === 'KV_COMPACTED';
      // A token that has run out looks like a missing right: once more, with a new token.
      if (compacted || (failure.error.code === 'KV_REFUSED' && state.refusals++ > 0)) throw failure.error;
      state.brokenAt ??= Date.now();
      if (Date.now() - state.brokenAt >= lostAfterMs) yield { kind: 'lost', reason: failure.error.message };
    }
    if (signal.aborted) return;
    await pause(Math.random() * Math.min(2_000, 50 * 2 ** Math.min(attempt, 8)), signal);
  }
}

/** What outlives a stream. */
interface Place {
  readonly previous: boolean;
  /** Last revision that was told in full. */
  told: bigint;
  cluster: string | undefined;
  brokenAt: number | undefined;
  refusals: number;
}

async function* watchOnce(
  connections: Connections,
  keys: Keys,
  prefix: string,
  state: Place,
  signal: AbortSignal,
): AsyncGenerator<KvChange> {
  await checkHistory(connections, keys, prefix, state);
  const stream = await connections.stream<object, WatchAnswer>('Watch', 'watch');
  const cancel = () => stream.cancel();
  // Creation is answered at once by a member that can serve at all; silence afterwards is judged by the connection's pings.
  const silence = setTimeout(() => connections.distrust(stream), connections.timeoutMs);
  signal.addEventListener('abort', cancel);
  try {
    if (signal.aborted) return;
    const create = {
      ...keys.range(prefix),
      start_revision: (state.told + 1n).toString(),
      prev_kv: state.previous,
      progress_notify: true,
      fragment: true,
    };
    stream.write({ create_request: create });
    yield* readAnswers(stream, keys, state, () => clearTimeout(silence));
    throw new AgentError('KV_UNAVAILABLE', `etcd: watch ${prefix}: the server ended the stream`);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/** A store that was emptied or restored goes back to revisions that were told already, and would be silent until it had passed them. */
async function checkHistory(connections: Connections, keys: Keys, prefix: string, state: Place): Promise<void> {
  const { key } = keys.range(prefix);
  const request = { key, count_only: true };
  const { header } = await connections.call<RangeAnswer>({ service: 'KV', method: 'range', request, repeatable: true });
  const before = state.cluster;
  state.cluster ??= header.cluster_id;
  if (state.cluster === header.cluster_id && BigInt(header.revision) >= state.told) return;
  const why = before === undefined || before === header.cluster_id ? `it is at ${header.revision}` : 'another cluster answers';
  throw new AgentError('KV_COMPACTED', `etcd: watch ${prefix}: the store does not go on from revision ${state.told}: ${why}`);
}

async function* readAnswers(
  stream: RpcStream<object, WatchAnswer>,
  keys: Keys,
  state: Place,
  created: () => void,
): AsyncGenerator<KvChange> {
  let held: KvChange[] = [];
  for await (const answer of stream) {
    if (answer.canceled) throw cancellation(answer, state.told);
    if (answer.created) {
      created();
      state.brokenAt = undefined;
      state.refusals = 0;
      continue;
    }
    for (const event of answer.events) {
      const change = changeOf(keys, event);
      if (revisionOf(change) <= state.told) continue;
      // Pieces of one revision may lie in several answers; it is told when all of it is here.
      const complete = held.length > 0 && revisionOf(held[0]) < revisionOf(change) ? held : [];
      if (complete.length > 0) {
        held = [];
        state.told = revisionOf(complete[0]);
      }
      held.push(change);
      yield* complete;
    }
    if (answer.fragment) continue;
    const complete = held;
    held = [];
    if (complete.length > 0) state.told = revisionOf(complete[0]);
    yield* complete;
    if (answer.events.length === 0 && BigInt(answer.header.revision) >= state.told) {
      state.told = BigInt(answer.header.revision);
      yield { kind: 'progress', revision: state.told };
    }
  }
}

const revisionOf = (change: KvChange): bigint => (change.kind === 'put' ? change.entry.revision : change.revision);

function changeOf(keys: Keys, { type, kv, prev_kv }: WatchAnswer['events'][number]): KvChange {
  const previous = prev_kv ? keys.entry(prev_kv) : undefined;
  if (type === 'Put') return { kind: 'put', entry: keys.entry(kv), previous };
  return { kind: 'delete', key: keys.decode(kv.key), revision: BigInt(kv.mod_revision), previous };
}

function cancellation(answer: WatchAnswer, told: bigint): AgentError {
  const compacted = BigInt(answer.compact_revision);
  if (compacted > 0n) return new AgentError('KV_COMPACTED', `etcd: watch: changes after ${told} are gone: compacted at ${compacted}`);
  const reason = answer.cancel_reason || 'no reason given';
  const refused = /permission|auth/i.test(reason);
  return new AgentError(refused ? 'KV_REFUSED' : 'KV_UNAVAILABLE', `etcd: watch: canceled by the server: ${reason}`);
}
