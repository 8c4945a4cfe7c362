// Services: where the pods that they select are, told in slices and, in the older form, in one object. Pods that no service selects are not
// remembered.
import type { Context } from '../context.ts';
import { type Json, type KubeObject, recordAt, textAt } from '../object.ts';
import type { Stored } from '../storage/stored.ts';
import { endpointsOf } from './endpoints-of.ts';
import { writeEndpoints } from './endpoints-writer.ts';
import { type Followed, followObjects } from './follow.ts';
import { selects } from './service-backends.ts';
import { headlessLabel, podGroups } from './slice-groups.ts';
import { keeperLabel, type Slices, serviceLabel, writeSlices } from './slice-writer.ts';
import { WorkQueue } from './work-queue.ts';

const managedBy = 'endpointslice-controller.k8s.io';
const zoneLabel = 'topology.kubernetes.io/zone';

/** What is known of one service; `pods` are those that it selects. */
interface Known {
  readonly selector: Json;
  readonly pods: Map<string, Stored>;
  /** Pods that went while the others were read. */
  readonly left: Set<string>;
}

export class Services {
  private readonly context: Context;
  private readonly queue: WorkQueue;
  private readonly followed: Followed[] = [];
  /** By namespace, then by name: a pod's change finds its services without reading any. */
  private readonly known = new Map<string, Map<string, Known>>();
  /** By `namespace/service`. */
  private readonly slices = new Map<string, Slices>();
  private readonly zones = new Map<string, string>();

  constructor(context: Context) {
    this.context = context;
    this.queue = new WorkQueue((key) => this.reconcile(key));
  }

  async open(): Promise<void> {
    const { registry } = this.context;
    const follow = async (plural: string, told: (now: Stored | undefined, before: Stored | undefined) => void) => {
      this.followed.push(await followObjects(this.context, registry.own(plural), told));
    };
    await follow('nodes', (now, before) => this.nodeChanged(now, before));
    await follow('endpointslices', (now, before) => this.sliceChanged(now, before));
    await follow('endpoints', (now, before) => {
      // What somebody deleted is made again.
      const { namespace, name } = (now ?? before)!.object.metadata;
      if (now === undefined) this.queue.add(`${namespace}/${name}`);
    });
    await follow('services', (now, before) => this.serviceChanged(now, before));
    await follow('pods', (now, before) => this.podChanged(now, before));
  }

  async close(): Promise<void> {
    for (const followed of this.followed) followed.close();
    await this.queue.close();
  }

  private nodeChanged(now: Stored | undefined, before: Stored | undefined): void {
    const { name } = (now ?? before)!.object.metadata;
    const zone = now?.object.metadata.labels?.[zoneLabel];
    if (zone === this.zones.get(name)) return;
    if (zone === undefined) this.zones.delete(name);
    else this.zones.set(name, zone);
    for (const [namespace, services] of this.known) {
      for (const [service, { pods }] of services)
        if ([...pods.values()].some(({ object }) => textAt(object, 'spec', 'nodeName') === name)) this.queue.add(`${namespace}/${service}`);
    }
  }

  /** Somebody else's change of a slice is looked at; one's own is known already. */
  private sliceChanged(now: Stored | undefined, before: Stored | undefined): void {
    const { object } = (now ?? before)!;
    const { namespace, name, labels = {} } = object.metadata;
    const service = labels[serviceLabel];
    if (labels[keeperLabel] !== managedBy || service === undefined) return;
    const key = `${namespace}/${service}`;
    const slices: Slices = this.slices.get(key) ?? new Map();
    this.slices.set(key, slices);
    const there = slices.get(name);
    if (now === undefined ? there === undefined : (there?.revision ?? -1n) >= now.revision) return;
    if (now === undefined) slices.delete(name);
    else slices.set(name, now);
    this.queue.add(key);
  }

  private serviceChanged(now: Stored | undefined, before: Stored | undefined): void {
    const { namespace = '', name } = (now ?? before)!.object.metadata;
    const services = this.known.get(namespace) ?? new Map<string, Known>();
    this.known.set(namespace, services);
    const selector = recordAt(now?.object, 'spec', 'selector');
    const there = services.get(name);
    const same = there !== undefined && JSON.stringify(there.selector) === JSON.stringify(selector);
    if (!same) services.delete(name);
    this.queue.add(`${namespace}/${name}`);
  }

  private podChanged(now: Stored | undefined, before: Stored | undefined): void {
    const { namespace = '', name } = (now ?? before)!.object.metadata;
    for (const [service, { selector, pods, left }] of this.known.get(namespace) ?? []) {
      const is = now !== undefined && selects(selector, now.object);
      if (!is) left.add(name);
      if (!is && !pods.has(name)) continue;
      if ((pods.get(name)?.revision ?? -1n) >= (now?.revision ?? before!.revision) && is) continue;
      if (is) pods.set(name, now);
      else pods.delete(name);
      this.queue.add(`${namespace}/${service}`);
    }
  }

  private async reconcile(key: string): Promise<void> {
    const { registry, storage } = this.context;
    const [namespace, name] = key.split('/');
    const service = (await storage.get(registry.own('services'), namespace, name))?.object;
    if (service === undefined) return this.forget(namespace, name);
    const selector = recordAt(service, 'spec', 'selector');
    // Others keep the endpoints of a service that selects nothing, and those of a mere name are in DNS.
    if (Object.keys(selector).length === 0 || textAt(service, 'spec', 'type') === 'ExternalName') return;
    const known = this.known.get(namespace)?.get(name) ?? (await this.know(namespace, name, selector));
    const pods = [...known.pods.values()].map(({ object }) => object).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    await this.writeSlicesOf(service, pods);
    await writeEndpoints(this.context, endpointsOf(service, pods));
  }

  /** Changes that come while pods are read are not lost: a pod is never put back to an older state. */
  private async know(namespace: string, name: string, selector: Json): Promise<Known> {
    const { registry, storage } = this.context;
    const known: Known = { selector, pods: new Map(), left: new Set() };
    const services = this.known.get(namespace) ?? new Map<string, Known>();
    this.known.set(namespace, services);
    services.set(name, known);
    for await (const stored of storage.each(registry.own('pods'), namespace)) {
      const pod = stored.object.metadata.name;
      if (known.left.has(pod) || (known.pods.get(pod)?.revision ?? -1n) >= stored.revision) continue;
      if (selects(selector, stored.object)) known.pods.set(pod, stored);
    }
    known.left.clear();
    return known;
  }

  private async writeSlicesOf(service: KubeObject, pods: readonly KubeObject[]): Promise<void> {
    const { name, namespace = '', uid = '', labels } = service.metadata;
    const key = `${namespace}/${name}`;
    const slices: Slices = this.slices.get(key) ?? new Map();
    this.slices.set(key, slices);
    const owner = {
      namespace,
      name,
      owner: { apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true },
      labels: { ...labels, [keeperLabel]: managedBy, [serviceLabel]: name, ...headlessLabel(service) },
    };
    await writeSlices(
      this.context,
      slices,
      owner,
      podGroups(service, pods, (node) => this.zones.get(node)),
    );
  }

  /** The slices of a service that is gone go with it, and so does what has its name. */
  private async forget(namespace: string, name: string): Promise<void> {
    const { registry, storage } = this.context;
    for (const [slice, stored] of this.slices.get(`${namespace}/${name}`) ?? []) {
      if ((await storage.delete(registry.own('endpointslices'), stored)) === undefined) throw new Error(`${slice}: changed meanwhile`);
      this.slices.get(`${namespace}/${name}`)?.delete(slice);
    }
    this.slices.delete(`${namespace}/${name}`);
    const endpoints = await storage.get(registry.own('endpoints'), namespace, name);
    if (endpoints !== undefined) await storage.delete(registry.own('endpoints'), endpoints);
  }
}
