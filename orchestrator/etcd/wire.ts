// Wire: the store's values as etcd's messages, and back. Keys lie below the store's prefix there; here nobody sees it.
import type { KvCondition, KvEntry } from '../state/kv-store.ts';

/** What of etcd's messages is read here. 64-bit numbers arrive as text. */
export interface WireEntry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly version: string;
}

export interface WireHeader {
  readonly cluster_id: string;
  readonly revision: string;
}

export interface RangeAnswer {
  readonly header: WireHeader;
  readonly kvs: readonly WireEntry[];
  readonly more: boolean;
  /** Keys from the asked one on, also those that were not sent. */
  readonly count: string;
}

export interface TxnAnswer {
  readonly header: WireHeader;
  readonly succeeded: boolean;
  readonly responses: readonly { readonly response_range?: RangeAnswer | null; readonly response_txn?: Omit<TxnAnswer, 'header'> | null }[];
}

const nothing = Buffer.from([0]);

export class Keys {
  readonly #prefix: Buffer;

  constructor(prefix: string) {
    this.#prefix = Buffer.from(prefix);
  }

  encode(key: string): Buffer {
    return Buffer.concat([this.#prefix, Buffer.from(key)]);
  }

  decode(key: Buffer): string {
    return key.toString('utf8', this.#prefix.length);
  }

  /** All keys that start with `prefix`. */
  range(prefix: string): { key: Buffer; range_end: Buffer } {
    const key = this.encode(prefix);
    return { key: key.length === 0 ? nothing : key, range_end: afterPrefix(key) };
  }

  entry(kv: WireEntry): KvEntry {
    return {
      key: this.decode(kv.key),
      value: kv.value,
      revision: BigInt(kv.mod_revision),
      createRevision: BigInt(kv.create_revision),
      version: BigInt(kv.version),
    };
  }

  compare(condition: KvCondition): object {
    const key = this.encode(condition.key);
    if ('revision' in condition) return { result: 'Equal', target: 'Mod', key, mod_revision: condition.revision.toString() };
    // Over a range the comparison holds for each key in it; where there is none, for one that was never made.
    const end = condition.prefix ? { range_end: afterPrefix(key) } : {};
    return { result: 'Equal', target: 'Create', key, create_revision: '0', ...end };
  }
}

/** First key after all that start with `prefix`; a single zero byte is etcd's word for the end of everything. */
function afterPrefix(prefix: Buffer): Buffer {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return nothing;
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end[last] += 1;
  return end;
}
