// Store source: etcd, as far as a node uses it: numbers of identities, records of the others, our own. It may be away at any time.

import type { IdentitySource } from '../enforcement/pod-identities.ts';
import type { RecordKeeper } from '../enforcement/publication.ts';
import { followRecords, identitySink, type openRecords } from '../enforcement/records.ts';
import type { Identities } from '../etcd/identity/identities.ts';
import type { Publisher } from '../etcd/records/publish.ts';
import type { RoomLog } from '../log.ts';
import { delayAfter } from '../state/backoff.ts';
import { type Clock, sleep } from '../state/clock.ts';
import type { KvStore } from '../state/kv-store.ts';

const retry = { minMs: 200, maxMs: 5_000 };

export interface StoreSourceOptions {
  readonly open: () => Promise<KvStore>;
  readonly node: string;
  readonly cluster: { readonly name: string; readonly id: number };
  readonly records: ReturnType<typeof openRecords>;
  /** A number in use had become another's: these labels have another one from now on. */
  readonly moved: (labels: string, number: number) => void;
  readonly clock: Clock;
  readonly log: RoomLog;
}

export class StoreSource implements IdentitySource, RecordKeeper {
  private readonly options: StoreSourceOptions;
  private readonly opened = Promise.withResolvers<Identities>();
  private publisher: Publisher | undefined;
  /** What is to be written once there is a store. */
  private readonly waiting: ((publisher: Publisher) => void)[] = [];
  private readonly lost = new Map<string, string>([['etcd', 'no answer yet']]);

  constructor(options: StoreSourceOptions) {
    this.options = options;
    // Whoever waits is told; nobody may be waiting.
    this.opened.promise.catch(() => {});
  }

  problems(): string[] {
    return [...this.lost].map(([what, why]) => `${what}: ${why}`);
  }

  async allocate(labels: string): Promise<number> {
    return (await this.opened.promise).allocate(labels);
  }

  async release(labels: string): Promise<void> {
    await (await this.opened.promise).release(labels);
  }

  set(key: string, value: Uint8Array): void {
    this.later((publisher) => publisher.set(key, value));
  }

  remove(key: string): void {
    this.later((publisher) => publisher.remove(key));
  }

  retract(key: string): void {
    this.later((publisher) => publisher.retract(key));
  }

  rewrite(key: string): void {
    this.later((publisher) => publisher.rewrite(key));
  }

  leave(key: string): void {
    this.later((publisher) => publisher.leave(key));
  }

  /** Until the signal is aborted. Records and references stay for their time. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const store = await this.insist(signal, () => this.options.open());
    if (store === undefined) return this.opened.reject(new Error('etcd: the agent is stopping'));
    try {
      await this.work(store, signal);
    } finally {
      await store.close();
    }
  }

  private async work(store: KvStore, signal: AbortSignal): Promise<void> {
    const { node, cluster, records, moved, log } = this.options;
    const [{ openIdentities }, { Publisher }] = await Promise.all([
      import('../etcd/identity/identities.ts'),
      import('../etcd/records/publish.ts'),
    ]);
    const health = (what: string) => (why: string | undefined) => {
      if (why === undefined) this.lost.delete(what);
      else this.lost.set(what, why);
    };
    const failing = (error: Error | undefined) => {
      health('own records')(error?.message);
      if (error !== undefined) log.warn('records of this node could not be written', { error });
    };
    const publisher = new Publisher({ store, failing });
    this.publisher = publisher;
    for (const act of this.waiting.splice(0)) act(publisher);
    const { nodes, addresses } = records;
    const following = followRecords({
      store,
      cluster,
      nodes: nodes.writer,
      addresses: addresses.writer,
      health: health('records'),
      log,
      signal,
    });
    const sink = identitySink(records.identities.writer, health('identities'));
    const told = (labels: string, _from: number, to: number) => moved(labels, to);
    const identities = await this.insist(signal, () => openIdentities({ store, node, cluster: cluster.id, moved: told, sink }));
    if (identities === undefined) this.opened.reject(new Error('etcd: the agent is stopping'));
    else this.opened.resolve(identities);
    await following;
    await Promise.all([identities?.close(), publisher.close()]);
  }

  private later(act: (publisher: Publisher) => void): void {
    if (this.publisher === undefined) this.waiting.push(act);
    else act(this.publisher);
  }

  private async insist<Result>(signal: AbortSignal, act: () => Promise<Result>): Promise<Result | undefined> {
    const { clock, log } = this.options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const result = await act();
        this.lost.delete('etcd');
        return result;
      } catch (error) {
        this.lost.set('etcd', (error as Error).message);
        if (failures === 1) log.warn('etcd cannot be asked', { error });
        await sleep(clock, delayAfter(failures, retry, clock), signal);
      }
    }
    return undefined;
  }
}
