// The end of definitions: first all objects of their kind, then they.
import { type Context, surroundings } from '../context.ts';
import { finalizer, isEstablished } from '../custom/prepare.ts';
import { resourcesOf } from '../custom/resources-of.ts';
import { removeOne } from '../verbs/delete.ts';
import { absent } from './absent.ts';
import { type Followed, followObjects } from './follow.ts';
import { WorkQueue } from './work-queue.ts';

/** Work that is about no single definition: no name is empty. */
const everyName = '';

export class Definitions {
  private readonly context: Context;
  private readonly queue: WorkQueue;
  private followed: Followed | undefined;

  constructor(context: Context) {
    this.context = context;
    this.queue = new WorkQueue((name) => this.reconcile(name));
  }

  async open(): Promise<void> {
    const definitions = this.context.registry.own('customresourcedefinitions');
    this.followed = await followObjects(this.context, definitions, (now) => {
      if (now === undefined) this.queue.add(everyName);
      else if (now.object.metadata.deletionTimestamp !== undefined) this.queue.add(now.object.metadata.name);
    });
  }

  async close(): Promise<void> {
    this.followed?.close();
    await this.queue.close();
  }

  private async reconcile(name: string): Promise<void> {
    const { registry, storage } = this.context;
    const definitions = registry.own('customresourcedefinitions');
    if (name === everyName) return this.acceptNames();
    const stored = await storage.get(definitions, undefined, name);
    if (stored?.object.metadata.deletionTimestamp === undefined) return;
    const [resource] = resourcesOf(stored.object);
    let left = 0;
    if (resource !== undefined) {
      for await (const { object } of storage.each(resource)) {
        const { namespace, name } = object.metadata;
        const { gone } = await removeOne(this.context, resource, namespace, name, { dryRun: false }).catch(absent);
        if (!gone) left += 1;
      }
    }
    if (left > 0) throw new Error(`${name}: ${left} objects are still there`);
    const next = stored.copyFor(definitions);
    next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((one) => one !== finalizer);
    const done =
      next.metadata.finalizers.length === 0 ? await storage.delete(definitions, stored) : await storage.update(definitions, next, stored);
    if (done === undefined || 'refused' in done) throw new Error(`${name}: changed meanwhile`);
  }

  /** Names that became free are given to those who wait for them. */
  private async acceptNames(): Promise<void> {
    const { registry, storage } = this.context;
    const definitions = registry.own('customresourcedefinitions');
    for await (const stored of storage.each(definitions)) {
      if (isEstablished(stored.object)) continue;
      const next = stored.copyFor(definitions);
      definitions.prepare?.(next, stored.object, surroundings(this.context));
      const result = await storage.update(definitions, next, stored);
      if ('refused' in result) throw new Error(`${next.metadata.name}: changed meanwhile`);
      // Two may wait for one name: the next is looked at when this one is served.
      if (isEstablished(next)) throw new Error(`${next.metadata.name}: others may wait`);
    }
  }
}
