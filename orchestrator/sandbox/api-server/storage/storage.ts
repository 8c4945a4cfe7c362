// Storage: objects of any kind in the key-value store. Every write is conditional on what its writer has read.
import type { KvCondition, KvOperation, KvStore } from '../../../state/kv-store.ts';
import type { KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { claimKey, keyOf, keysBelow } from './keys.ts';
import { encodeObject, Stored } from './stored.ts';

export type WriteResult =
  | { readonly stored: Stored }
  /** Somebody else was there first: with the key itself, or with one of the names that it claims. */
  | { readonly refused: 'changed' }
  | { readonly refused: 'claimed'; readonly claim: string };

export interface Page {
  readonly items: readonly Stored[];
  readonly revision: bigint;
  /** Key to go on from, and how many there are from there. */
  readonly next: string | undefined;
  readonly remaining: number;
}

export class Storage {
  readonly store: KvStore;
  readonly root: string;

  constructor(store: KvStore, root: string) {
    this.store = store;
    this.root = root;
  }

  async get(resource: Resource, namespace: string | undefined, name: string): Promise<Stored | undefined> {
    const entry = await this.store.get(keyOf(this.root, resource, namespace, name));
    return entry === undefined ? undefined : Stored.of(entry);
  }

  async page(
    resource: Resource,
    namespace: string | undefined,
    options: { limit?: number; from?: string; revision?: bigint } = {},
  ): Promise<Page> {
    const { entries, revision, next, remaining } = await this.store.list(keysBelow(this.root, resource, namespace), options);
    return { items: entries.map(Stored.of), revision, next, remaining };
  }

  /** All of them at one revision, a page at a time. */
  async *each(resource: Resource, namespace?: string): AsyncGenerator<Stored> {
    let from: string | undefined;
    let revision: bigint | undefined;
    do {
      const page = await this.page(resource, namespace, {
        limit: 500,
        ...(from === undefined ? {} : { from }),
        ...(revision === undefined ? {} : { revision }),
      });
      yield* page.items;
      revision = page.revision;
      from = page.next;
    } while (from !== undefined);
  }

  /** The store's revision now. */
  async revision(): Promise<bigint> {
    return (await this.store.list(`${this.root}revision/`, { limit: 1, keysOnly: true })).revision;
  }

  create(resource: Resource, object: KubeObject): Promise<WriteResult> {
    return this.write(resource, object, undefined);
  }

  /** Nothing is written when `object` is stored just so already. */
  async update(resource: Resource, object: KubeObject, old: Stored): Promise<WriteResult> {
    if (encodeObject(object).equals(old.value)) return { stored: old };
    return this.write(resource, object, old);
  }

  /** Its last state under the revision of its end; undefined when somebody changed it meanwhile. */
  async delete(resource: Resource, old: Stored): Promise<Stored | undefined> {
    const claims = resource.claims?.(old.object) ?? [];
    const { succeeded, revision } = await this.store.transact({
      when: [{ key: old.key, revision: old.revision }],
      then: [{ delete: old.key }, ...claims.map((claim) => ({ delete: claimKey(this.root, claim) }))],
    });
    return succeeded ? new Stored(old.key, revision, old.value) : undefined;
  }

  private async write(resource: Resource, object: KubeObject, old: Stored | undefined): Promise<WriteResult> {
    const key = keyOf(this.root, resource, object.metadata.namespace, object.metadata.name);
    const value = encodeObject(object);
    const had = old === undefined ? [] : (resource.claims?.(old.object) ?? []);
    const wants = resource.claims?.(object) ?? [];
    const taken = wants.filter((claim) => !had.includes(claim));
    const given = had.filter((claim) => !wants.includes(claim));
    const when: KvCondition[] = [
      old === undefined ? { key, absent: true } : { key, revision: old.revision },
      ...taken.map((claim): KvCondition => ({ key: claimKey(this.root, claim), absent: true })),
    ];
    const then: KvOperation[] = [
      { put: key, value },
      ...taken.map((claim) => ({ put: claimKey(this.root, claim), value: Buffer.from(key) })),
      ...given.map((claim) => ({ delete: claimKey(this.root, claim) })),
    ];
    const otherwise = taken.map((claim): KvOperation => ({ get: claimKey(this.root, claim) }));
    const { succeeded, revision, found } = await this.store.transact({ when, then, otherwise });
    if (succeeded) return { stored: new Stored(key, revision, value) };
    const at = found.findIndex((entry) => entry !== undefined);
    return at === -1 ? { refused: 'changed' } : { refused: 'claimed', claim: taken[at] };
  }
}
