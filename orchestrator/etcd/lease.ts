// Leases: kept alive by a stream; when one is lost, granted anew with everything that was put under it, where nobody else has taken
// the key meanwhile.
import type { KvLease } from '../state/kv-store.ts';
import type { Connections } from './connections.ts';
import { isLeaseGone } from './failure.ts';
import { pause } from './pause.ts';
import type { Keys, WireHeader } from './wire.ts';

interface GrantAnswer {
  readonly header: WireHeader;
  readonly ID: string;
}

interface AliveAnswer {
  readonly TTL: string;
}

/** Operations of one transaction that etcd takes with its usual settings. */
const batch = 100;

/** Ways of a lease into the store it belongs to. */
export interface LeaseHome {
  readonly connections: Connections;
  readonly keys: Keys;
  /** Runs while no other write of this store is under way. */
  alone(act: () => Promise<void>): Promise<void>;
}

export class Lease implements KvLease {
  readonly ttl: number;
  readonly #home: LeaseHome;
  readonly #ending = new AbortController();
  readonly #under = new Map<string, Uint8Array>();
  /** Keys that are to be put again under the present number. */
  readonly #owed = new Set<string>();
  #id: string;
  readonly #over: () => void;
  /** Resolves when it is no longer kept alive. */
  readonly ended: Promise<void>;

  /** `over` is called when it has been revoked. */
  static async grant(home: LeaseHome, ttl: number, over: () => void): Promise<Lease> {
    return new Lease(home, ttl, await grantId(home.connections, ttl), over);
  }

  private constructor(home: LeaseHome, ttl: number, id: string, over: () => void) {
    this.#home = home;
    this.#over = over;
    this.ttl = ttl;
    this.#id = id;
    const { signal } = home.connections.closing;
    if (signal.aborted) this.#ending.abort();
    signal.addEventListener('abort', () => this.#ending.abort(), { once: true, signal: this.#ending.signal });
    this.ended = this.#keepAlive();
  }

  get id(): string {
    return this.#id;
  }

  holds(key: string, value: Uint8Array): void {
    this.#under.set(key, value);
  }

  holdsNot(key: string): void {
    this.#under.delete(key);
    this.#owed.delete(key);
  }

  async revoke(): Promise<void> {
    this.#ending.abort();
    await this.ended;
    this.#under.clear();
    this.#over();
    const request = { ID: this.#id };
    try {
      await this.#home.connections.call({ service: 'Lease', method: 'leaseRevoke', request, repeatable: true });
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
    }
  }

  /** After a write was told that there is no lease of this number any more: resolves when there is another. */
  async renewed(lostId: string): Promise<void> {
    if (this.#id === lostId) await this.#grantAnew(lostId);
  }

  async #keepAlive(): Promise<void> {
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#keepAliveOverOneStream(() => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#home.connections.streamFailed(error, 'keep a lease alive');
        failures++;
        await pause(Math.random() * Math.min(2_000, (this.ttl * 1_000) / 4, 50 * 2 ** Math.min(failures, 6)), signal);
      }
    }
  }

  async #keepAliveOverOneStream(alive: () => void): Promise<void> {
    const { signal } = this.#ending;
    const { connections } = this.#home;
    const stream = await connections.stream<{ ID: string }, AliveAnswer>('Lease', 'leaseKeepAlive');
    const cancel = () => stream.cancel();
    signal.addEventListener('abort', cancel);
    try {
      const answers = stream[Symbol.asyncIterator]();
      while (!signal.aborted) {
        const id = this.#id;
        stream.write({ ID: id });
        const silence = setTimeout(() => connections.distrust(stream), Math.min(connections.timeoutMs, (this.ttl * 1_000) / 3));
        const answer = await answers.next().finally(() => clearTimeout(silence));
        if (answer.done) return;
        alive();
        if (answer.value.TTL === '0') await this.#grantAnew(id);
        else if (this.#owed.size > 0) await this.#home.alone(() => this.#putOwed());
        else await pause((this.ttl * 1_000) / 3, signal);
      }
    } finally {
      signal.removeEventListener('abort', cancel);
      cancel();
    }
  }

  /** Keeper and writers may notice the loss at the same time: the first one here does the work. */
  #grantAnew(lostId: string): Promise<void> {
    return this.#home.alone(async () => {
      if (this.#id !== lostId || this.#ending.signal.aborted) return;
      this.#id = await grantId(this.#home.connections, this.ttl);
      for (const key of this.#under.keys()) this.#owed.add(key);
      await this.#putOwed();
    });
  }

  async #putOwed(): Promise<void> {
    while (this.#owed.size > 0 && !this.#ending.signal.aborted) {
      const keys = [...this.#owed].slice(0, batch);
      await this.#putAgain(
        this.#id,
        keys.map((key) => [key, this.#under.get(key)!]),
      );
      for (const key of keys) this.#owed.delete(key);
    }
  }

  async #putAgain(id: string, held: [key: string, value: Uint8Array][]): Promise<void> {
    const { connections, keys } = this.#home;
    const request = {
      success: held.map(([key, value]) => ({
        request_txn: {
          compare: [keys.compare({ key, absent: true })],
          success: [{ request_put: { key: keys.encode(key), value, lease: id } }],
        },
      })),
    };
    // Twice does no harm: what is there already stays.
    await connections.call({ service: 'KV', method: 'txn', request, repeatable: true });
  }
}

async function grantId(connections: Connections, ttl: number): Promise<string> {
  // A grant that got lost on its way back ends by itself.
  const request = { TTL: ttl };
  const answer = await connections.call<GrantAnswer>({ service: 'Lease', method: 'leaseGrant', request, repeatable: true });
  return answer.ID;
}
