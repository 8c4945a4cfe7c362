// Load balancers: services of that type get addresses of a pool, as a cloud would give them; nobody is in front of them.
import type { Context } from '../context.ts';
import { type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import type { Stored } from '../storage/stored.ts';
import { type Followed, followObjects } from './follow.ts';
import { WorkQueue } from './work-queue.ts';

export class LoadBalancers {
  private readonly context: Context;
  private readonly queue: WorkQueue;
  private followed: Followed | undefined;
  /** Address → `namespace/name`. */
  private readonly taken = new Map<string, string>();

  constructor(context: Context) {
    this.context = context;
    this.queue = new WorkQueue((key) => this.reconcile(key));
  }

  async open(): Promise<void> {
    if (this.context.loadBalancerNetwork.families.length === 0) return;
    this.followed = await followObjects(this.context, this.context.registry.own('services'), (now, before) => this.changed(now, before));
  }

  async close(): Promise<void> {
    this.followed?.close();
    await this.queue.close();
  }

  private changed(now: Stored | undefined, before: Stored | undefined): void {
    const { namespace, name } = (now ?? before)!.object.metadata;
    const key = `${namespace}/${name}`;
    for (const address of addressesOf(now?.object)) if (!this.taken.has(address)) this.taken.set(address, key);
    if (now === undefined) this.release(key, []);
    this.queue.add(key);
  }

  private async reconcile(key: string): Promise<void> {
    const { registry, storage, loadBalancerNetwork: pool } = this.context;
    const [namespace, name] = key.split('/');
    const stored = await storage.get(registry.own('services'), namespace, name);
    if (stored === undefined) return;
    const wanted = textAt(stored.object, 'spec', 'type') === 'LoadBalancer' ? listAt(stored.object, 'spec', 'ipFamilies').map(String) : [];
    const had = addressesOf(stored.object);
    const asked = textAt(stored.object, 'spec', 'loadBalancerIP');
    const addresses = wanted.flatMap((family) => {
      const network = pool.families.find((one) => one.family === family);
      if (network === undefined) return [];
      const own = had.find((address) => network.contains(address) && this.taken.get(address) === key);
      const isFree = asked !== '' && network.contains(asked) && (this.taken.get(asked) ?? key) === key;
      const address = isFree ? asked : (own ?? this.free(network));
      if (address === undefined) return [];
      this.taken.set(address, key);
      return [address];
    });
    this.release(key, addresses);
    if (addresses.join() === had.join()) return;
    const next = stored.copyFor(registry.own('services'));
    const ingress = addresses.map((ip) => ({ ip, ipMode: 'VIP' }));
    next.status = { ...recordAt(next, 'status'), loadBalancer: ingress.length === 0 ? {} : { ingress } };
    const result = await storage.update(registry.own('services'), next, stored);
    if (!('stored' in result)) throw new Error(`${key}: changed meanwhile`);
  }

  private free({ address, size }: Context['loadBalancerNetwork']['families'][number]): string | undefined {
    for (let index = 1; index < size; index += 1) if (!this.taken.has(address(index))) return address(index);
    return undefined;
  }

  private release(key: string, kept: readonly string[]): void {
    for (const [address, holder] of this.taken) if (holder === key && !kept.includes(address)) this.taken.delete(address);
  }
}

function addressesOf(service: KubeObject | undefined): string[] {
  return listAt(service, 'status', 'loadBalancer', 'ingress')
    .map((entry) => textAt(entry, 'ip'))
    .filter((address) => address !== '');
}
