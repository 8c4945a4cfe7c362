// Namespaces: the ones that every cluster has, a default service account in each, and their end: first the content, then they.
import { randomUUID } from 'node:crypto';
import { type Context, surroundings } from '../context.ts';
import { isSame, type KubeObject, recordAt, timestamp } from '../object.ts';
import type { Resource } from '../resource.ts';
import type { Stored } from '../storage/stored.ts';
import { removeOne } from '../verbs/delete.ts';
import { absent } from './absent.ts';
import { type Followed, followObjects } from './follow.ts';
import { WorkQueue } from './work-queue.ts';

/** Holds what pods check this server's certificate with. */
const rootConfigMap = 'kube-root-ca.crt';
const usual = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export class Namespaces {
  private readonly context: Context;
  private readonly queue: WorkQueue;
  private readonly followed: Followed[] = [];

  constructor(context: Context) {
    this.context = context;
    // Content may take its time to go: that is looked at again rather than told.
    this.queue = new WorkQueue((name) => this.reconcile(name), 1000);
  }

  async open(): Promise<void> {
    const { registry, storage, now } = this.context;
    const namespaces = registry.own('namespaces');
    for (const name of usual) {
      const object: KubeObject = { metadata: { name, uid: randomUUID(), creationTimestamp: timestamp(now()) } };
      namespaces.prepare?.(object, undefined, surroundings(this.context));
      await storage.create(namespaces, object);
      await this.furnish(name);
    }
    this.followed.push(await followObjects(this.context, namespaces, (stored) => stored && this.queue.add(stored.object.metadata.name)));
    const changed = (own: string, mayChange: boolean) => (stored: Stored | undefined, before: Stored | undefined) => {
      const { name, namespace = '' } = (stored ?? before)!.object.metadata;
      if (name === own && (stored === undefined || (mayChange && before !== undefined))) this.queue.add(namespace);
    };
    this.followed.push(await followObjects(this.context, registry.own('serviceaccounts'), changed('default', false)));
    if (this.context.rootCertificate === undefined) return;
    this.followed.push(await followObjects(this.context, registry.own('configmaps'), changed(rootConfigMap, true)));
  }

  async close(): Promise<void> {
    for (const followed of this.followed) followed.close();
    await this.queue.close();
  }

  private async reconcile(name: string): Promise<void> {
    const { registry, storage } = this.context;
    const namespaces = registry.own('namespaces');
    const stored = await storage.get(namespaces, undefined, name);
    if (stored === undefined) return;
    if (stored.object.metadata.deletionTimestamp === undefined) return this.furnish(name);
    await this.empty(name);
    await this.finish(namespaces, stored);
  }

  /** What every namespace has. */
  private async furnish(namespace: string): Promise<void> {
    await this.defaultAccount(namespace);
    const { registry, storage, now, rootCertificate } = this.context;
    if (rootCertificate === undefined) return;
    const maps = registry.own('configmaps');
    const data = { 'ca.crt': rootCertificate };
    const stored = await storage.get(maps, namespace, rootConfigMap);
    if (stored === undefined) {
      await storage.create(maps, {
        metadata: { name: rootConfigMap, namespace, uid: randomUUID(), creationTimestamp: timestamp(now()) },
        data,
      });
    } else if (!isSame(stored.object.data, data)) await storage.update(maps, { ...stored.copyFor(maps), data }, stored);
  }

  private async defaultAccount(namespace: string): Promise<void> {
    const { registry, storage, now } = this.context;
    const accounts = registry.own('serviceaccounts');
    if ((await storage.get(accounts, namespace, 'default')) !== undefined) return;
    await storage.create(accounts, { metadata: { name: 'default', namespace, uid: randomUUID(), creationTimestamp: timestamp(now()) } });
  }

  /** Throws when something is still there, so that it is looked at again. */
  private async empty(namespace: string): Promise<void> {
    const { registry, storage } = this.context;
    let left = 0;
    const seen = new Set<string>();
    for (const resource of registry.kept()) {
      if (!resource.namespaced || seen.has(resource.storageName)) continue;
      seen.add(resource.storageName);
      for await (const { object } of storage.each(resource, namespace)) {
        const { gone } = await removeOne(this.context, resource, namespace, object.metadata.name, { dryRun: false }).catch(absent);
        if (!gone) left += 1;
      }
    }
    if (left > 0) throw new Error(`${namespace}: ${left} objects are still there`);
  }

  private async finish(namespaces: Resource, stored: Stored): Promise<void> {
    const { storage } = this.context;
    const object = stored.copyFor(namespaces);
    const { finalizers } = recordAt(object, 'spec');
    const left = Array.isArray(finalizers) ? finalizers.filter((name) => name !== 'kubernetes') : [];
    if (left.length > 0 || (object.metadata.finalizers ?? []).length > 0) {
      object.spec = { ...recordAt(object, 'spec'), finalizers: left };
      await storage.update(namespaces, object, stored);
      return;
    }
    if ((await storage.delete(namespaces, stored)) === undefined) throw new Error(`${object.metadata.name}: changed meanwhile`);
  }
}
