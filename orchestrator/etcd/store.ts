// The key-value store over etcd: read this first. It wires connections, lists, watches, leases and certificates to the contract.
import { AgentError } from '../errors.ts';
import type { KvEntry, KvLease, KvOperation, KvOutcome, KvStore, KvTransaction } from '../state/kv-store.ts';
import { type CertificateFiles, readCertificates, watchCertificates } from './certificates.ts';
import { Connections } from './connections.ts';
import { isLeaseGone } from './failure.ts';
import { follow } from './follow.ts';
import { Lease, type LeaseHome } from './lease.ts';
import { type ListOptions, list } from './list.ts';
import { type WatchOptions, watch } from './watch.ts';
import { Keys, type RangeAnswer, type TxnAnswer } from './wire.ts';
import { Writes } from './writes.ts';

export interface EtcdOptions {
  /** `http://host:port` or `https://host:port`, all of one kind. One is asked at a time; which one first is random. */
  readonly endpoints: readonly string[];
  readonly tls?: CertificateFiles;
  readonly user?: { readonly name: string; readonly password: string };
  /** All keys lie below it, and nobody sees it; none by default. */
  readonly prefix?: string;
  /** How long one call may take; 5 s, which is longer than a change of leader takes. */
  readonly timeoutMs?: number;
  /** How often certificate files are looked at; 5 s. */
  readonly certificateCheckMs?: number;
}

/** Does not wait for the store to answer. Throws KV_REFUSED when the certificates can't be read. */
export async function openEtcd(options: EtcdOptions): Promise<KvStore> {
  const { endpoints, tls, user, prefix = '', timeoutMs = 5_000, certificateCheckMs } = options;
  if (endpoints.length === 0) throw new AgentError('KV_REFUSED', 'etcd: endpoints: none is given');
  const certificates = tls && (await readCertificates(tls));
  const connections = new Connections({ endpoints, user, timeoutMs }, certificates);
  const watched = tls && certificates && watchCertificates(tls, certificates, (read) => connections.renew(read), certificateCheckMs);
  return new EtcdStore(connections, new Keys(prefix), () => watched?.close());
}

class EtcdStore implements KvStore {
  readonly #connections: Connections;
  readonly #keys: Keys;
  readonly #released: () => void;
  readonly #writes = new Writes();
  readonly #leases = new Set<Lease>();

  constructor(connections: Connections, keys: Keys, released: () => void) {
    this.#connections = connections;
    this.#keys = keys;
    this.#released = released;
  }

  async get(key: string): Promise<KvEntry | undefined> {
    const request = { key: this.#keys.encode(key) };
    const answer = await this.#connections.call<RangeAnswer>({ service: 'KV', method: 'range', request, repeatable: true });
    return answer.kvs.length === 0 ? undefined : this.#keys.entry(answer.kvs[0]);
  }

  list(prefix: string, options?: ListOptions) {
    return list(this.#connections, this.#keys, prefix, options);
  }

  watch(prefix: string, options: WatchOptions) {
    return watch(this.#connections, this.#keys, prefix, options);
  }

  follow(prefix: string, { signal }: { signal: AbortSignal }) {
    return follow(this.#connections, this.#keys, prefix, signal);
  }

  async put(key: string, value: Uint8Array, options: { lease?: KvLease } = {}): Promise<bigint> {
    return (await this.transact({ when: [], then: [{ put: key, value, lease: options.lease }] })).revision;
  }

  async delete(key: string): Promise<bigint> {
    return (await this.transact({ when: [], then: [{ delete: key }] })).revision;
  }

  async transact(transaction: KvTransaction): Promise<KvOutcome> {
    return this.#write([transaction], async () => {
      const answer = await this.#ask([transaction], this.#request(transaction));
      return this.#outcome(transaction, answer, answer.header.revision);
    });
  }

  async transactAll(transactions: readonly KvTransaction[]): Promise<KvOutcome[]> {
    return this.#write(transactions, async () => {
      const success = transactions.map((transaction) => ({ request_txn: this.#request(transaction) }));
      const { header, responses } = await this.#ask(transactions, { success });
      return transactions.map((transaction, at) => this.#outcome(transaction, responses[at].response_txn!, header.revision));
    });
  }

  async lease(ttl: number): Promise<KvLease> {
    const home: LeaseHome = { connections: this.#connections, keys: this.#keys, alone: (act) => this.#writes.alone(act) };
    const lease = await Lease.grant(home, ttl, () => this.#leases.delete(lease));
    this.#leases.add(lease);
    return lease;
  }

  async close(): Promise<void> {
    this.#released();
    this.#connections.close();
    await Promise.all([...this.#leases].map((lease) => lease.ended));
  }

  /** When a lease among them is found to be gone, it is granted anew first. */
  async #write<Result>(transactions: readonly KvTransaction[], act: () => Promise<Result>): Promise<Result> {
    const leases = new Set(
      transactions.flatMap(({ then, otherwise = [] }) => [...then, ...otherwise].flatMap((one) => leaseOf(one) ?? [])),
    );
    for (let attempt = 1; ; attempt++) {
      const ids = [...leases].map((lease) => ({ lease, id: lease.id }));
      try {
        return await this.#writes.together(act);
      } catch (error) {
        // Refused as a whole, so nothing of it has happened.
        if (!isLeaseGone(error) || attempt === 3) throw error;
        for (const { lease, id } of ids) await lease.renewed(id);
      }
    }
  }

  #request({ when, then, otherwise = [] }: KvTransaction): object {
    return {
      compare: when.map((condition) => this.#keys.compare(condition)),
      success: then.map((operation) => this.#wire(operation)),
      failure: otherwise.map((operation) => this.#wire(operation)),
    };
  }

  #ask(transactions: readonly KvTransaction[], request: object): Promise<TxnAnswer> {
    // Without a write, asking twice is reading twice.
    const repeatable = transactions.every(({ then, otherwise = [] }) => [...then, ...otherwise].every((operation) => 'get' in operation));
    return this.#connections.call<TxnAnswer>({ service: 'KV', method: 'txn', request, repeatable });
  }

  #outcome({ then, otherwise = [] }: KvTransaction, answer: Omit<TxnAnswer, 'header'>, revision: string): KvOutcome {
    const done = answer.succeeded ? then : otherwise;
    for (const operation of done) this.#remember(operation);
    const found = answer.responses.flatMap(({ response_range }, at) => {
      if (!('get' in done[at])) return [];
      const kv = response_range?.kvs[0];
      return [kv && this.#keys.entry(kv)];
    });
    return { succeeded: answer.succeeded, revision: BigInt(revision), found };
  }

  #wire(operation: KvOperation): object {
    if ('get' in operation) return { request_range: { key: this.#keys.encode(operation.get) } };
    if ('delete' in operation) return { request_delete_range: { key: this.#keys.encode(operation.delete) } };
    const { put, value } = operation;
    return { request_put: { key: this.#keys.encode(put), value, lease: leaseOf(operation)?.id ?? '0' } };
  }

  /** Which lease a key is under now. */
  #remember(operation: KvOperation): void {
    if ('get' in operation) return;
    const key = 'put' in operation ? operation.put : operation.delete;
    const now = leaseOf(operation);
    for (const lease of this.#leases) if (lease !== now) lease.holdsNot(key);
    if (now && 'put' in operation) now.holds(key, operation.value);
  }
}

function leaseOf(operation: KvOperation): Lease | undefined {
  if (!('put' in operation) || operation.lease === undefined) return undefined;
  if (operation.lease instanceof Lease) return operation.lease;
  throw new AgentError('KV_REFUSED', `etcd: put ${operation.put}: its lease is of another store`);
}
