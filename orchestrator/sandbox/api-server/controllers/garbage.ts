// Garbage: what a deleted object leaves behind. Objects whose owners are all gone go too; an owner that is deleted with `Foreground` waits for
// them, with `Orphan` sets them free.
import type { Context } from '../context.ts';
import type { KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import type { Change, Follower } from '../storage/feed.ts';
import { type Stored, viewOf } from '../storage/stored.ts';
import { removeOne } from '../verbs/delete.ts';
import { absent } from './absent.ts';
import { WorkQueue } from './work-queue.ts';

const mention = Buffer.from('"ownerReferences":[');
const waiting = ['orphan', 'foregroundDeletion'];

export class Garbage {
  private readonly context: Context;
  private readonly queue: WorkQueue;
  /** Uid of an owner → keys of what it owns. Most objects own and are owned by nothing. */
  private readonly owned = new Map<string, Set<string>>();
  private follower: Follower | undefined;

  constructor(context: Context) {
    this.context = context;
    this.queue = new WorkQueue((key) => this.reconcile(key));
  }

  async open(): Promise<void> {
    const { storage, registry, feed } = this.context;
    const start = await storage.revision();
    for (const resource of registry.kept())
      for await (const stored of storage.each(resource)) this.changed({ now: stored, before: undefined });
    const follower: Follower = {
      prefix: storage.root,
      // What comes after its owner has gone is garbage from the start.
      change: (change) => this.changed(change, change.before === undefined),
      progress: () => {},
      end: () => {
        if (this.follower === follower) setTimeout(() => void this.open().catch(follower.end), 500).unref();
      },
    };
    this.follower = follower;
    if (!feed.follow(start, follower)) follower.end();
  }

  async close(): Promise<void> {
    const { follower } = this;
    this.follower = undefined;
    if (follower !== undefined) this.context.feed.unfollow(follower);
    await this.queue.close();
  }

  private changed({ now, before }: Pick<Change, 'now' | 'before'>, isNew = false): void {
    for (const uid of owners(before)) this.owned.get(uid)?.delete(before!.key);
    for (const uid of owners(now)) {
      const keys = this.owned.get(uid) ?? new Set();
      this.owned.set(uid, keys.add(now!.key));
    }
    // An owner that is gone: what it owned is looked at. One that waits: so is it.
    if (isNew && now !== undefined && owners(now).length > 0) this.queue.add(now.key);
    if (now === undefined) for (const key of this.owned.get(uidOf(before)) ?? []) this.queue.add(key);
    else if (isWaiting(now)) this.queue.add(now.key);
    for (const uid of owners(before)) if (this.owned.get(uid)?.size === 0) this.owned.delete(uid);
  }

  private async reconcile(key: string): Promise<void> {
    const { store } = this.context.storage;
    const entry = await store.get(key);
    const resource = this.resourceOf(key);
    if (entry === undefined || resource === undefined) return;
    const { metadata } = JSON.parse(viewOf(entry.value).toString()) as KubeObject;
    if (metadata.deletionTimestamp !== undefined && metadata.finalizers?.some((name) => waiting.includes(name)))
      return this.release(resource, metadata);
    if (metadata.ownerReferences === undefined || metadata.ownerReferences.length === 0) return;
    for (const { uid } of metadata.ownerReferences) if (await this.lives(metadata, uid)) return;
    await removeOne(this.context, resource, metadata.namespace, metadata.name, {
      dryRun: false,
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    }).catch(absent);
  }

  /** An owner whose deletion waits: its objects are freed or deleted, then it goes. */
  private async release(resource: Resource, { namespace, name, uid = '', finalizers = [] }: KubeObject['metadata']): Promise<void> {
    const { storage } = this.context;
    const orphans = finalizers.includes('orphan');
    for (const key of [...(this.owned.get(uid) ?? [])]) {
      const kind = this.resourceOf(key);
      const entry = await storage.store.get(key);
      if (kind === undefined || entry === undefined) continue;
      const [below, own] = key.slice(`${storage.root}${kind.storageName}/`.length).split('/').toReversed();
      if (orphans) await this.free(kind, own, below, uid);
      else await removeOne(this.context, kind, own, below, { dryRun: false }).catch(absent);
    }
    if (!orphans && (this.owned.get(uid)?.size ?? 0) > 0) throw new Error(`${name}: what it owns is still there`);
    const stored = await storage.get(resource, namespace, name);
    if (stored === undefined) return;
    const next = stored.copyFor(resource);
    next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((one) => !waiting.includes(one));
    const gone = next.metadata.finalizers.length === 0 && (next.metadata.deletionGracePeriodSeconds ?? 0) === 0;
    const done = gone ? await storage.delete(resource, stored) : await storage.update(resource, next, stored);
    if (done === undefined || 'refused' in done) throw new Error(`${name}: changed meanwhile`);
  }

  private async free(resource: Resource, namespace: string | undefined, name: string, owner: string): Promise<void> {
    const stored = await this.context.storage.get(resource, namespace, name);
    if (stored === undefined) return;
    const next = stored.copyFor(resource);
    next.metadata.ownerReferences = (next.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner);
    const result = await this.context.storage.update(resource, next, stored);
    if ('refused' in result) throw new Error(`${name}: changed meanwhile`);
  }

  private async lives({ namespace, ownerReferences = [] }: KubeObject['metadata'], uid: string): Promise<boolean> {
    const { storage, registry } = this.context;
    const owner = ownerReferences.find((one) => one.uid === uid)!;
    const resource = registry
      .all()
      .find(({ kind, group }) => kind === owner.kind && group === (owner.apiVersion.includes('/') ? owner.apiVersion.split('/')[0] : ''));
    // Of a kind that isn't served nothing is known: it may live.
    if (resource === undefined) return true;
    return (await storage.get(resource, namespace, owner.name))?.object.metadata.uid === uid;
  }

  private resourceOf(key: string): Resource | undefined {
    const { storage, registry } = this.context;
    return registry.all().find(({ storageName }) => key.startsWith(`${storage.root}${storageName}/`));
  }
}

/** Only those that mention owners are read. */
function owners(stored: Stored | undefined): string[] {
  if (stored === undefined || !viewOf(stored.value).includes(mention)) return [];
  return (stored.object.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

const uidOf = (stored: Stored | undefined) => (stored?.value[0] === 0x7b ? (stored.object.metadata?.uid ?? '') : '');
const isWaiting = (stored: Stored) =>
  stored.value[0] === 0x7b &&
  waiting.some((name) => viewOf(stored.value).includes(`"${name}"`)) &&
  stored.object.metadata.deletionTimestamp !== undefined;
