// Lists: a whole prefix as it was at one revision, fetched in pieces that fit into a message.
import type { KvEntry, KvList } from '../state/kv-store.ts';
import type { Connections } from './connections.ts';
import { isCompaction, isTooLarge } from './failure.ts';
import type { Keys, RangeAnswer } from './wire.ts';

export interface ListOptions {
  readonly limit?: number;
  readonly from?: string;
  readonly revision?: bigint;
  readonly keysOnly?: boolean;
}

const pieceSize = 1000;

/** Begins again when what it reads is compacted under it, unless the caller asked for that very revision. */
export async function list(connections: Connections, keys: Keys, prefix: string, options: ListOptions = {}): Promise<KvList> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readList(connections, keys, prefix, options);
    } catch (error) {
      if (!isCompaction(error) || options.revision !== undefined || attempt === 3) throw error;
    }
  }
}

async function readList(connections: Connections, keys: Keys, prefix: string, options: ListOptions): Promise<KvList> {
  const { limit = Number.POSITIVE_INFINITY, keysOnly = false } = options;
  const range = keys.range(prefix);
  const entries: KvEntry[] = [];
  let key = options.from === undefined || options.from < prefix ? range.key : keys.encode(options.from);
  let revision = options.revision;
  let size = pieceSize;
  for (;;) {
    const wanted = Math.min(size, limit - entries.length);
    const request = { key, range_end: range.range_end, limit: wanted, revision: revision?.toString() ?? '0', keys_only: keysOnly };
    let answer: RangeAnswer;
    try {
      answer = await connections.call<RangeAnswer>({ service: 'KV', method: 'range', request, repeatable: true });
    } catch (error) {
      if (!isTooLarge(error) || size === 1) throw error;
      size = Math.max(1, size >> 2);
      continue;
    }
    revision ??= BigInt(answer.header.revision);
    for (const kv of answer.kvs) entries.push(keys.entry(kv));
    const last = answer.kvs.at(-1);
    if (!answer.more || last === undefined) return { entries, revision, next: undefined, remaining: 0 };
    key = Buffer.concat([last.key, Buffer.from([0])]);
    const remaining = Number(answer.count) - answer.kvs.length;
    if (entries.length >= limit) return { entries, revision, next: keys.decode(key), remaining };
  }
}
