// Collecting identities that nobody uses any more: a duty of one operator in the cluster. An identity goes when two rounds have found it
// without references and unchanged; its number then rests, because somebody who was cut off may still know it under its old labels.
import type { KvEntry, KvStore } from '../../state/kv-store.ts';
import {
  decodeText,
  decodeValues,
  encodeText,
  encodeValues,
  idKey,
  idPrefix,
  type LabelHash,
  numberIn,
  referencePrefix,
  referencesOf,
  retiredKey,
  retiredPrefix,
  sha256,
  valueKey,
} from './keys.ts';

export interface CollectOptions {
  readonly store: KvStore;
  readonly now: () => number;
  /** Between the two looks at an unused identity, at least; 15 minutes, as long as references outlive a node. */
  readonly unusedForMs?: number;
  /** How long a number is nobody's after it was taken back; a day. */
  readonly restMs?: number;
  readonly hash?: LabelHash;
}

export interface Collected {
  readonly identities: number;
  readonly unused: number;
  /** Numbers that were taken back in this round, and those that may be given again from now on. */
  readonly retired: readonly number[];
  readonly freed: readonly number[];
}

interface Sighting {
  readonly revision: bigint;
  readonly firstSeenAt: number;
}

export class IdentityCollector {
  readonly #options: CollectOptions;
  #sightings = new Map<number, Sighting>();

  constructor(options: CollectOptions) {
    this.#options = options;
  }

  /** One look at everything. Throws what the store throws; what was collected until then stays so, and the next round goes on. */
  async round(): Promise<Collected> {
    const { store, now, unusedForMs = 15 * 60_000 } = this.#options;
    const identities = await store.list(idPrefix);
    // After the identities: one that was made since is not among them, and none of those is missed that were referenced by then.
    const references = await store.list(referencePrefix, { keysOnly: true });
    const used = new Set(references.entries.map(({ key }) => numberIn(key, referencePrefix)));
    const before = this.#sightings;
    const unused = identities.entries.flatMap((entry) => {
      const number = numberIn(entry.key, idPrefix);
      return number === undefined || used.has(number) ? [] : [{ number, entry }];
    });
    this.#sightings = new Map();
    const due: typeof unused = [];
    for (const { number, entry } of unused) {
      const seen = before.get(number);
      const firstSeenAt = seen?.revision === entry.revision ? seen.firstSeenAt : now();
      this.#sightings.set(number, { revision: entry.revision, firstSeenAt });
      if (seen?.revision === entry.revision && now() - firstSeenAt >= unusedForMs) due.push({ number, entry });
    }
    const retired: number[] = [];
    for (const { number, entry } of due) if (await this.#retire(number, entry)) retired.push(number);
    for (const number of retired) this.#sightings.delete(number);
    return { identities: identities.entries.length, unused: unused.length, retired, freed: await this.#free() };
  }

  /** Whoever takes a reference, or changes anything of it, between the look and this write, keeps the identity. */
  async #retire(number: number, entry: KvEntry): Promise<boolean> {
    const { store, now } = this.#options;
    const value = await store.get(valueKey((this.#options.hash ?? sha256)(decodeText(entry.value))));
    // Other labels may have the same hash; they stay.
    const others = value ? decodeValues(value.value).filter((record) => record.number !== number) : [];
    const { succeeded } = await store.transact({
      when: [
        { key: entry.key, revision: entry.revision },
        { key: referencesOf(number), absent: true, prefix: true },
        ...(value ? [{ key: value.key, revision: value.revision }] : []),
      ],
      then: [
        { delete: idKey(number) },
        ...(value ? [others.length === 0 ? { delete: value.key } : { put: value.key, value: encodeValues(others) }] : []),
        { put: retiredKey(number), value: encodeText(new Date(now()).toISOString()) },
      ],
    });
    return succeeded;
  }

  async #free(): Promise<number[]> {
    const { store, now, restMs = 24 * 3_600_000 } = this.#options;
    const freed: number[] = [];
    for (const entry of (await store.list(retiredPrefix)).entries) {
      const number = numberIn(entry.key, retiredPrefix);
      const at = Date.parse(decodeText(entry.value));
      if (number === undefined || !(now() - at >= restMs)) continue;
      const { succeeded } = await store.transact({ when: [{ key: entry.key, revision: entry.revision }], then: [{ delete: entry.key }] });
      if (succeeded) freed.push(number);
    }
    return freed;
  }
}
