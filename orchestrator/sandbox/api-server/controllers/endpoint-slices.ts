// Endpoint slices: the pods that a service selects, in slices of one address family each.
import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Context } from '../context.ts';
import { isSame, type Json, type KubeObject, listAt, recordAt, textAt, timestamp } from '../object.ts';
import type { Resource } from '../resource.ts';
import { keysBelow } from '../storage/keys.ts';
import type { Stored } from '../storage/stored.ts';
import { type Followed, followObjects } from './follow.ts';
import { type Backend, backendOf, portsOf, selects } from './service-backends.ts';
import { WorkQueue } from './work-queue.ts';

/** Endpoints of one slice, as in a cluster that nobody has tuned. */
const sliceSize = 100;
const managedBy = 'endpointslice-controller.k8s.io';
const serviceLabel = 'kubernetes.io/service-name';

export class EndpointSlices {
  private readonly context: Context;
  private readonly queue: WorkQueue;
  private readonly followed: Followed[] = [];
  /** Selectors by `namespace/name`, so that a pod's change finds its services without reading any. */
  private readonly selectors = new Map<string, Map<string, Json>>();

  constructor(context: Context) {
    this.context = context;
    this.queue = new WorkQueue((key) => this.reconcile(key));
  }

  async open(): Promise<void> {
    const { registry } = this.context;
    this.followed.push(await followObjects(this.context, registry.own('services'), (now, before) => this.serviceChanged(now, before)));
    this.followed.push(await followObjects(this.context, registry.own('pods'), (now, before) => this.podChanged(now, before)));
  }

  async close(): Promise<void> {
    for (const followed of this.followed) followed.close();
    await this.queue.close();
  }

  private serviceChanged(now: Stored | undefined, before: Stored | undefined): void {
    const { namespace = '', name } = (now ?? before)!.object.metadata;
    const selector = recordAt(now?.object, 'spec', 'selector');
    const ofNamespace = this.selectors.get(namespace) ?? new Map<string, Json>();
    this.selectors.set(namespace, ofNamespace);
    if (Object.keys(selector).length > 0) ofNamespace.set(name, selector);
    else ofNamespace.delete(name);
    this.queue.add(`${namespace}/${name}`);
  }

  private podChanged(now: Stored | undefined, before: Stored | undefined): void {
    const { namespace = '' } = (now ?? before)!.object.metadata;
    for (const [name, selector] of this.selectors.get(namespace) ?? []) {
      const is = now !== undefined && selects(selector, now.object);
      const was = before !== undefined && selects(selector, before.object);
      if (is || was) this.queue.add(`${namespace}/${name}`);
    }
  }

  private async reconcile(key: string): Promise<void> {
    const { registry, storage } = this.context;
    const [namespace, name] = key.split('/');
    const service = await storage.get(registry.own('services'), namespace, name);
    const selector = this.selectors.get(namespace)?.get(name);
    const wanted = service === undefined || selector === undefined ? [] : await this.wanted(service.object, selector);
    if (service !== undefined && selector === undefined) return;
    await this.write(namespace, name, wanted);
  }

  private async wanted(service: KubeObject, selector: Json): Promise<KubeObject[]> {
    const { registry, storage } = this.context;
    const backends: Backend[] = [];
    for await (const { object } of storage.each(registry.own('pods'), service.metadata.namespace)) {
      if (selects(selector, object)) backends.push(...backendOf(object, recordAt(service, 'spec')));
    }
    const families = listAt(service, 'spec', 'ipFamilies') as string[];
    return families.flatMap((family) => this.slices(service, family, backends));
  }

  private slices(service: KubeObject, family: string, backends: readonly Backend[]): KubeObject[] {
    const of = backends.filter(({ address }) => isIPv6(address) === (family === 'IPv6'));
    // Named target ports may be other numbers in other pods: such pods get slices of their own.
    const byPorts = new Map<string, { ports: Json[]; endpoints: Json[] }>();
    for (const { pod, endpoint } of of) {
      const ports = portsOf(service, pod);
      const key = JSON.stringify(ports);
      const group = byPorts.get(key) ?? { ports, endpoints: [] };
      group.endpoints.push(endpoint);
      byPorts.set(key, group);
    }
    if (byPorts.size === 0) byPorts.set('', { ports: [], endpoints: [] });
    return [...byPorts.values()].flatMap(({ ports, endpoints }) => {
      const count = Math.max(1, Math.ceil(endpoints.length / sliceSize));
      return Array.from({ length: count }, (_, at) => slice(service, family, ports, endpoints.slice(at * sliceSize, (at + 1) * sliceSize)));
    });
  }

  /** Slices that fit are kept, others are changed, made or deleted. */
  private async write(namespace: string, name: string, wanted: readonly KubeObject[]): Promise<void> {
    const { registry, storage, now } = this.context;
    const resource = registry.own('endpointslices');
    const there: Stored[] = [];
    for await (const stored of storage.each(resource, namespace)) {
      const labels = stored.object.metadata.labels ?? {};
      if (labels[serviceLabel] === name && labels['endpointslice.kubernetes.io/managed-by'] === managedBy) there.push(stored);
    }
    const left = [...wanted];
    const unmatched: Stored[] = [];
    for (const stored of there) {
      const at = left.findIndex((slice) => sameSlice(stored.object, slice));
      if (at === -1) unmatched.push(stored);
      else left.splice(at, 1);
    }
    for (const slice of left) {
      const at = unmatched.findIndex(({ object }) => object.addressType === slice.addressType);
      const old = at === -1 ? undefined : unmatched.splice(at, 1)[0];
      await this.put(resource, slice, old, now());
    }
    for (const stored of unmatched) await storage.delete(resource, stored);
  }

  private async put(resource: Resource, slice: KubeObject, old: Stored | undefined, now: number): Promise<void> {
    const { storage } = this.context;
    if (old !== undefined) {
      const next = old.copyFor(resource);
      Object.assign(next, { endpoints: slice.endpoints, ports: slice.ports });
      next.metadata.labels = slice.metadata.labels;
      next.metadata.generation = (next.metadata.generation ?? 1) + 1;
      const result = await storage.update(resource, next, old);
      if ('stored' in result) return;
      throw new Error(`${keysBelow(storage.root, resource)}${old.object.metadata.name}: changed meanwhile`);
    }
    const suffix = randomUUID().slice(0, 5);
    const metadata = {
      ...slice.metadata,
      name: `${slice.metadata.generateName}${suffix}`,
      uid: randomUUID(),
      generation: 1,
      creationTimestamp: timestamp(now),
    };
    await storage.create(resource, { ...slice, metadata });
  }
}

const sameSlice = (there: KubeObject, wanted: KubeObject) =>
  there.addressType === wanted.addressType &&
  isSame(there.endpoints, wanted.endpoints) &&
  isSame(there.ports, wanted.ports) &&
  isSame(there.metadata.labels, wanted.metadata.labels);

function slice(service: KubeObject, family: string, ports: Json[], endpoints: readonly Json[]): KubeObject {
  const { name, namespace, uid, labels } = service.metadata;
  const headless = textAt(service, 'spec', 'clusterIP') === 'None';
  return {
    metadata: {
      name: '',
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...labels,
        'endpointslice.kubernetes.io/managed-by': managedBy,
        [serviceLabel]: name,
        ...(headless ? { 'service.kubernetes.io/headless': '' } : {}),
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid: uid ?? '', controller: true, blockOwnerDeletion: true }],
    },
    addressType: family,
    endpoints: [...endpoints],
    ports,
  };
}
