// Installed definitions: read at the start, then followed as they change, so that their resources are served.
import type { KubeObject } from '../object.ts';
import type { Registry } from '../registry.ts';
import type { Resource } from '../resource.ts';
import type { Feed, Follower } from '../storage/feed.ts';
import { keysBelow } from '../storage/keys.ts';
import type { Storage } from '../storage/storage.ts';
import { resourcesOf } from './resources-of.ts';

export class Installation {
  private readonly storage: Storage;
  private readonly registry: Registry;
  private readonly feed: Feed;
  private readonly byKey = new Map<string, { revision: bigint; resources: readonly Resource[] }>();
  private closed = false;

  constructor(storage: Storage, registry: Registry, feed: Feed) {
    this.storage = storage;
    this.registry = registry;
    this.feed = feed;
  }

  async open(): Promise<void> {
    const definitions = this.registry.own('customresourcedefinitions');
    const prefix = keysBelow(this.storage.root, definitions);
    const found = await this.storage.page(definitions, undefined);
    this.byKey.clear();
    for (const { key, revision, object } of found.items) this.set(key, revision, object);
    this.publish();
    const follower: Follower = {
      prefix,
      change: ({ key, now, revision }) => {
        if (now === undefined) this.remove(key, revision);
        else this.installed(key, revision, now.object);
      },
      progress: () => {},
      end: () => {
        if (!this.closed) setTimeout(() => void this.open().catch(() => follower.end()), 200);
      },
    };
    if (!this.feed.follow(found.revision, follower)) follower.end();
  }

  /** A definition that was just written is served before its writer hears of it. */
  installed(key: string, revision: bigint, definition: KubeObject): void {
    if ((this.byKey.get(key)?.revision ?? -1n) >= revision) return;
    this.set(key, revision, definition);
    this.publish();
  }

  close(): void {
    this.closed = true;
  }

  private set(key: string, revision: bigint, definition: KubeObject): void {
    this.byKey.set(key, { revision, resources: resourcesOf(definition) });
  }

  private remove(key: string, revision: bigint): void {
    if ((this.byKey.get(key)?.revision ?? -1n) > revision) return;
    this.byKey.delete(key);
    this.publish();
  }

  private publish(): void {
    this.registry.setCustom([...this.byKey.values()].flatMap(({ resources }) => resources));
  }
}
