// The mirror: endpoints that somebody wrote by hand, for a service that selects nothing, are told in slices too.
import type { Context } from '../context.ts';
import { recordAt } from '../object.ts';
import type { Stored } from '../storage/stored.ts';
import { type Followed, followObjects } from './follow.ts';
import { handMadeGroups } from './slice-groups.ts';
import { keeperLabel, type Slices, serviceLabel, writeSlices } from './slice-writer.ts';
import { WorkQueue } from './work-queue.ts';

const managedBy = 'endpointslicemirroring-controller.k8s.io';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
/** Annotations that are about the object that has them. */
const notCopied = ['kubectl.kubernetes.io/last-applied-configuration', 'endpoints.kubernetes.io/last-change-trigger-time'];
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';

export class SliceMirror {
  private readonly context: Context;
  private readonly queue: WorkQueue;
  private readonly followed: Followed[] = [];

  constructor(context: Context) {
    this.context = context;
    this.queue = new WorkQueue((key) => this.reconcile(key));
  }

  async open(): Promise<void> {
    const told = (now: Stored | undefined, before: Stored | undefined) => {
      const { namespace, name } = (now ?? before)!.object.metadata;
      this.queue.add(`${namespace}/${name}`);
    };
    for (const plural of ['endpoints', 'services']) {
      this.followed.push(await followObjects(this.context, this.context.registry.own(plural), told));
    }
  }

  async close(): Promise<void> {
    for (const followed of this.followed) followed.close();
    await this.queue.close();
  }

  private async reconcile(key: string): Promise<void> {
    const { registry, storage } = this.context;
    const [namespace, name] = key.split('/');
    const service = await storage.get(registry.own('services'), namespace, name);
    // Of a service that selects, the other controller tells.
    if (service !== undefined && Object.keys(recordAt(service.object, 'spec', 'selector')).length > 0) return;
    const endpoints = await storage.get(registry.own('endpoints'), namespace, name);
    const slices = await this.mirrored(namespace, name);
    const { labels = {}, annotations = {}, uid = '' } = endpoints?.object.metadata ?? {};
    const mirrors =
      service !== undefined && endpoints !== undefined && labels[skipLabel] !== 'true' && annotations[leaderAnnotation] === undefined;
    if (!mirrors && slices.size === 0) return;
    const owner = {
      namespace,
      name,
      owner: { apiVersion: 'v1', kind: 'Endpoints', name, uid, controller: true, blockOwnerDeletion: true },
      labels: { ...labels, [keeperLabel]: managedBy, [serviceLabel]: name },
      annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => !notCopied.includes(key))),
    };
    await writeSlices(this.context, slices, owner, mirrors ? handMadeGroups(endpoints.object) : []);
  }

  /** They are few: nobody need remember them. */
  private async mirrored(namespace: string, name: string): Promise<Slices> {
    const { registry, storage } = this.context;
    const slices: Slices = new Map();
    for await (const stored of storage.each(registry.own('endpointslices'), namespace)) {
      const { labels = {} } = stored.object.metadata;
      if (labels[serviceLabel] === name && labels[keeperLabel] === managedBy) slices.set(stored.object.metadata.name, stored);
    }
    return slices;
  }
}
