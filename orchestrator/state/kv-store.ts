// Key-value store: the little that we ask of etcd, so that nothing else knows a client library. orchestrator/etcd keeps this contract over a
// real one: every call ends by its deadline, and what was written under a lease is there for as long as its owner lives.

export interface KvEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Revision of the last write of this key, and of the write that made it. */
  readonly revision: bigint;
  readonly createRevision: bigint;
  /** 1 for the write that made it. */
  readonly version: bigint;
}

/**
 * A condition of a transaction on one key. `absent`: no such key; with `prefix`, no key that starts with it. `revision`: last
 * written at exactly that revision.
 */
export type KvCondition =
  | { readonly key: string; readonly absent: true; readonly prefix?: boolean }
  | { readonly key: string; readonly revision: bigint };

export type KvOperation =
  | { readonly put: string; readonly value: Uint8Array; readonly lease?: KvLease }
  | { readonly delete: string }
  | { readonly get: string };

export interface KvTransaction {
  readonly when: readonly KvCondition[];
  readonly then: readonly KvOperation[];
  readonly otherwise?: readonly KvOperation[];
}

export interface KvOutcome {
  /** Whether all conditions held: then `then` was done, else `otherwise`. */
  readonly succeeded: boolean;
  /** The store's revision after it. */
  readonly revision: bigint;
  /** What each `get` of the branch found, in their order. */
  readonly found: readonly (KvEntry | undefined)[];
}

export interface KvList {
  readonly entries: readonly KvEntry[];
  /** The revision that the whole list shows; pages of one list ask for it again. */
  readonly revision: bigint;
  /** Key to go on from when there is more, and how many keys that is. */
  readonly next: string | undefined;
  readonly remaining: number;
}

export type KvChange =
  | { readonly kind: 'put'; readonly entry: KvEntry; readonly previous: KvEntry | undefined }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: bigint; readonly previous: KvEntry | undefined }
  /** Nothing below this revision is missing; from time to time on a quiet watch. */
  | { readonly kind: 'progress'; readonly revision: bigint };

export type KvFollowed =
  | { readonly kind: 'put'; readonly entry: KvEntry }
  | { readonly kind: 'delete'; readonly key: string }
  /** All that was there when following began (or began anew) has been told. */
  | { readonly kind: 'synced' }
  /** The store can't be reached; what was told stays true as far as is known. */
  | { readonly kind: 'lost'; readonly reason: string };

export interface KvLease {
  /** Seconds that it outlives its owner. */
  readonly ttl: number;
  /** Ends it: what was put under it goes. */
  revoke(): Promise<void>;
}

export interface KvStore {
  get(key: string): Promise<KvEntry | undefined>;
  /** Keys that start with `prefix`, in order; at most `limit` from `from` on, as they were at `revision`. Throws KV_COMPACTED when that is gone. */
  list(prefix: string, options?: { limit?: number; from?: string; revision?: bigint; keysOnly?: boolean }): Promise<KvList>;
  /**
   * All of the branch happens, or nothing. At most 128 operations; no key is written twice. Like every write: when it throws
   * KV_TIMEOUT or KV_UNAVAILABLE it may have happened or may still happen, so conditions should make trying again harmless.
   */
  transact(transaction: KvTransaction): Promise<KvOutcome>;
  /**
   * At most 128 transactions in one call, for throughput. Each has its own outcome, all happen at one revision, and none sees what another
   * writes: they must speak of different keys. When it throws, what `transact` says holds for all of them.
   */
  transactAll(transactions: readonly KvTransaction[]): Promise<KvOutcome[]>;
  put(key: string, value: Uint8Array, options?: { lease?: KvLease }): Promise<bigint>;
  /** An absent key is not an error. */
  delete(key: string): Promise<bigint>;
  /**
   * Every change after `revision`, in order, none twice; goes on through broken connections. Ends when the signal is aborted.
   * Throws KV_COMPACTED when changes are gone, KV_CLOSED when the store is closed.
   */
  watch(prefix: string, options: { revision: bigint; signal: AbortSignal }): AsyncIterable<KvChange>;
  /**
   * List and watch until the signal is aborted: relists after compaction and tells only the difference, with the deletes that were
   * missed. After `lost`, `synced` says that all is known again. Throws KV_CLOSED when the store is closed, and nothing else.
   */
  follow(prefix: string, options: { signal: AbortSignal }): AsyncIterable<KvFollowed>;
  /**
   * Kept alive until revoked or the store is closed (then it ends after its ttl). If it is lost, granted anew, and everything put
   * under it put again where no one else has put that key meanwhile.
   */
  lease(ttl: number): Promise<KvLease>;
  close(): Promise<void>;
}
