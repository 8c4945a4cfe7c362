// Transactions of many callers in few calls: what is asked while a call is under way goes with the next one.
import type { KvOutcome, KvStore, KvTransaction } from '../../state/kv-store.ts';

interface Waiting {
  readonly transaction: KvTransaction;
  /** No two of one subject travel together: they would speak of the same keys. */
  readonly subject: string;
  readonly done: (outcome: KvOutcome) => void;
  readonly failed: (error: unknown) => void;
}

/** Far below etcd's 128 operations and its 1.5 MB for a request. */
const most = 64;

export class Together {
  readonly #store: KvStore;
  #waiting: Waiting[] = [];
  #underWay = false;

  constructor(store: KvStore) {
    this.#store = store;
  }

  transact(subject: string, transaction: KvTransaction): Promise<KvOutcome> {
    return new Promise((done, failed) => {
      this.#waiting.push({ transaction, subject, done, failed });
      if (!this.#underWay) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#underWay = true;
    while (this.#waiting.length > 0) {
      const going = this.#next();
      try {
        const outcomes = await this.#store.transactAll(going.map(({ transaction }) => transaction));
        for (const [at, { done }] of going.entries()) done(outcomes[at]);
      } catch (error) {
        for (const { failed } of going) failed(error);
      }
    }
    this.#underWay = false;
  }

  #next(): Waiting[] {
    const subjects = new Set<string>();
    const going: Waiting[] = [];
    const staying: Waiting[] = [];
    for (const one of this.#waiting) {
      const goes = going.length < most && !subjects.has(one.subject);
      subjects.add(one.subject);
      (goes ? going : staying).push(one);
    }
    this.#waiting = staying;
    return going;
  }
}
