// Allocator: one number for one set of labels, in the whole cluster, by compare-and-swap: who comes first decides, the others find what
// was decided. No locks, so nobody's death stops anybody.
import type { KvEntry, KvLease, KvOperation, KvStore } from '../../state/kv-store.ts';
import {
  decodeText,
  decodeValues,
  encodeText,
  encodeValues,
  idKey,
  type LabelHash,
  referenceKey,
  retiredKey,
  sha256,
  type ValueRecord,
  valueKey,
} from './keys.ts';
import type { NumberRange } from './range.ts';
import { Together } from './together.ts';

export interface AllocatorOptions {
  readonly store: KvStore;
  /** Name of this node: its references carry it. */
  readonly node: string;
  readonly lease: KvLease;
  readonly range: NumberRange;
  readonly hash?: LabelHash;
}

/** What stands under the hash of some labels; nothing yet, when undefined. */
interface Standing {
  readonly revision: bigint;
  readonly records: readonly ValueRecord[];
}

export class Allocator {
  readonly #options: AllocatorOptions;
  readonly #hash: LabelHash;
  readonly #together: Together;

  constructor(options: AllocatorOptions) {
    this.#options = options;
    this.#hash = options.hash ?? sha256;
    this.#together = new Together(options.store);
  }

  /**
   * The number of `labels`, with this node's reference on it. `wanted`: the number to take when there is none yet, for one that this node
   * uses already although somebody took it back. When it throws KV_TIMEOUT or KV_UNAVAILABLE, it may be called again.
   */
  async place(labels: string, wanted?: number): Promise<number> {
    const key = valueKey(this.#hash(labels));
    let standing: Standing | undefined;
    for (let want = wanted; ; ) {
      const mine = standing?.records.find((record) => record.labels === labels);
      const done: Attempt = standing && mine ? await this.#join(key, standing, mine) : await this.#create(key, standing, labels, want);
      if ('number' in done) return done.number;
      standing = done.standing;
      // It is another's by now.
      if (done.taken === want) want = undefined;
    }
  }

  /** This node's reference goes; the identity stays until the operator finds it unused. */
  async release(number: number): Promise<void> {
    await this.#options.store.delete(referenceKey(number, this.#options.node));
  }

  #reference(number: number): KvOperation {
    const { node, lease } = this.#options;
    return { put: referenceKey(number, node), value: encodeText(''), lease };
  }

  /** Writes number and value beside what stands there. */
  async #create(key: string, standing: Standing | undefined, labels: string, wanted: number | undefined): Promise<Attempt> {
    const { range } = this.#options;
    const number = wanted ?? range.pick();
    // Whoever uses a number already is why it was retired and not freed.
    const rested = wanted !== undefined;
    let taken = false;
    try {
      const { succeeded, found } = await this.#together.transact(key, {
        when: [
          standing ? { key, revision: standing.revision } : { key, absent: true },
          { key: idKey(number), absent: true },
          ...(rested ? [] : [{ key: retiredKey(number), absent: true } as const]),
        ],
        then: [
          { put: idKey(number), value: encodeText(labels) },
          { put: key, value: encodeValues([...(standing?.records ?? []), { number, labels }]) },
          this.#reference(number),
          ...(rested ? [{ delete: retiredKey(number) }] : []),
        ],
        otherwise: [{ get: key }, { get: idKey(number) }, { get: retiredKey(number) }],
      });
      const [value, id, retired] = found;
      taken = succeeded || id !== undefined || retired !== undefined;
      return succeeded ? { number } : { standing: standingIn(value), taken: id && number };
    } finally {
      // Of unknown outcome, it is either found under its value by the next try or nobody's.
      if (!taken) range.free(number);
    }
  }

  /** Takes a reference on what stands. */
  async #join(key: string, standing: Standing, { number, labels }: ValueRecord): Promise<Attempt> {
    const { store } = this.#options;
    const when = [{ key, revision: standing.revision }];
    const { succeeded, found } = await this.#together.transact(key, {
      when,
      then: [this.#reference(number), { get: idKey(number) }],
      otherwise: [{ get: key }],
    });
    if (!succeeded) return { standing: standingIn(found[0]) };
    const [id] = found;
    if (id !== undefined && decodeText(id.value) === labels) return { number };
    // Somebody has meddled: a value without its number is mended, one whose number is another's is taken away.
    const others = standing.records.filter((record) => record.number !== number);
    if (id === undefined) {
      await store.transact({
        when: [...when, { key: idKey(number), absent: true }],
        then: [{ put: idKey(number), value: encodeText(labels) }],
      });
    } else {
      await store.transact({
        when,
        then: [{ put: key, value: encodeValues(others) }, { delete: referenceKey(number, this.#options.node) }],
      });
    }
    return { standing: standingIn(await store.get(key)) };
  }
}

/** A number with this node's reference on it, or what was found instead. */
type Attempt = { readonly number: number } | { readonly standing: Standing | undefined; readonly taken?: number };

const standingIn = (entry: KvEntry | undefined): Standing | undefined =>
  entry && { revision: entry.revision, records: decodeValues(entry.value) };
