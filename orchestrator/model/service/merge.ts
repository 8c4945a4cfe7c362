// Merge: services, their slices and host ports, as they come and go, to frontends and backends, each once however many speak of it.

import { betterRow, namedRows } from './backends.ts';
import { type ClaimChange, Claims } from './claims.ts';
import { faultsOf, type ServiceFault } from './faults.ts';
import { type ServiceRows, serviceRows } from './frontends.ts';
import { hostPortRows } from './host-ports.ts';
import { Members } from './members.ts';
import type { BackendRow, FrontendRow, HostPortFacts, NodeFacts, ServiceFacts, SliceFacts } from './rows.ts';

/** What became different since it was last taken. */
export interface MergeChange {
  readonly frontends: ClaimChange<FrontendRow>;
  readonly backends: ClaimChange<BackendRow>;
}

const nothing: ServiceRows = { frontends: [], backends: [] };
const nowhere: NodeFacts = { name: '', zone: '', addresses: [] };

export class ServiceMerge {
  readonly #services = new Map<string, ServiceFacts>();
  /** By key of the slice. */
  readonly #slices = new Map<string, SliceFacts>();
  /** Keys of slices, by service. */
  readonly #slicesOf = new Map<string, Set<string>>();
  readonly #hostPorts = new Map<string, HostPortFacts>();
  readonly #frontends = new Claims<FrontendRow>(firstFrontend);
  readonly #backends = new Claims<BackendRow>((claims) => claims.reduce(betterRow));
  readonly #dirty = new Set<string>();
  readonly #dirtyPods = new Set<string>();
  readonly #faults = new Map<string, readonly ServiceFault[]>();
  /** Services that only slices speak of. */
  readonly #missing = new Set<string>();
  /** Of services whose connections to removed backends are to end. */
  readonly members = new Members();
  #node = nowhere;

  /** Whose datapath it is. */
  setNode(node: NodeFacts): void {
    if (JSON.stringify(node) === JSON.stringify(this.#node)) return;
    this.#node = node;
    for (const key of this.#services.keys()) this.#dirty.add(key);
    for (const key of this.#hostPorts.keys()) this.#dirtyPods.add(key);
  }

  putService(service: ServiceFacts): void {
    this.#services.set(service.key, service);
    this.#touch(service.key);
  }

  removeService(key: string): void {
    if (this.#services.delete(key)) this.#touch(key);
  }

  putSlice(slice: SliceFacts): void {
    this.removeSlice(slice.key);
    if (slice.service === '') return;
    const service = serviceOf(slice);
    this.#slices.set(slice.key, slice);
    this.#slicesOf.set(service, (this.#slicesOf.get(service) ?? new Set()).add(slice.key));
    this.#touch(service);
  }

  removeSlice(key: string): void {
    const slice = this.#slices.get(key);
    if (slice === undefined) return;
    const service = serviceOf(slice);
    this.#slices.delete(key);
    const rest = this.#slicesOf.get(service);
    rest?.delete(key);
    if (rest?.size === 0) this.#slicesOf.delete(service);
    this.#touch(service);
  }

  putHostPorts(pod: HostPortFacts): void {
    this.#hostPorts.set(pod.key, pod);
    this.#dirtyPods.add(pod.key);
  }

  removeHostPorts(key: string): void {
    if (this.#hostPorts.delete(key)) this.#dirtyPods.add(key);
  }

  /** Works out so many services at most; whether some are left. Before `takeChanges`, by whom is not alone on its thread. */
  work(most: number): boolean {
    let done = 0;
    for (const key of this.#dirty) {
      if (done === most) return true;
      done += 1;
      this.#dirty.delete(key);
      this.#work(key);
    }
    return false;
  }

  takeChanges(): MergeChange {
    this.work(Number.POSITIVE_INFINITY);
    for (const key of this.#dirtyPods) {
      const pod = this.#hostPorts.get(key);
      this.#claim(`pod ${key}`, pod === undefined ? nothing : hostPortRows(pod, this.#node), pod?.createdAt);
    }
    this.#dirtyPods.clear();
    return { frontends: this.#frontends.takeChanges(), backends: this.#backends.takeChanges() };
  }

  /** As of the last `takeChanges`. */
  frontends(): Iterable<FrontendRow> {
    return this.#frontends.rows();
  }

  backends(): Iterable<BackendRow> {
    return this.#backends.rows();
  }

  get node(): NodeFacts {
    return this.#node;
  }

  services(): Iterable<ServiceFacts> {
    return this.#services.values();
  }

  slicesOf(service: string): SliceFacts[] {
    return [...(this.#slicesOf.get(service) ?? [])].flatMap((slice) => this.#slices.get(slice) ?? []);
  }

  /** Frontends that several claim: the oldest of them has it, of those as old the first by name; but a cluster address is its service's. */
  conflicts(): { readonly frontend: string; readonly services: readonly string[] }[] {
    return this.#frontends.disputed().map(({ key, owners }) => ({ frontend: key, services: owners }));
  }

  /** What services and their slices say that means nothing. */
  faults(): ServiceFault[] {
    return [...this.#faults.values()].flat();
  }

  /** Services that slices name and nobody knows. */
  missingServices(): ReadonlySet<string> {
    return this.#missing;
  }

  #touch(key: string): void {
    this.#dirty.add(key);
    if (!this.#services.has(key) && this.#slicesOf.has(key)) this.#missing.add(key);
    else this.#missing.delete(key);
  }

  #work(key: string): void {
    const service = this.#services.get(key);
    const slices = this.slicesOf(key);
    if (service === undefined) {
      // A service that is gone may come again: who has been answered by a backend still is, for as long as a slice names that.
      this.#claim(key, { frontends: [], backends: namedRows(slices) }, undefined);
      this.#faults.delete(key);
      this.members.forget(key);
      return;
    }
    if (service.resetRemoved === 'true') this.members.look(key, slices);
    else this.members.forget(key);
    this.#claim(key, serviceRows(service, slices, this.#node), service.createdAt);
    const faults = faultsOf(service, slices);
    if (faults.length > 0) this.#faults.set(key, faults);
    else this.#faults.delete(key);
  }

  #claim(owner: string, { frontends, backends }: ServiceRows, createdAt: string | undefined): void {
    this.#frontends.replace(owner, frontends, createdAt ?? '');
    this.#backends.replace(owner, backends, '');
  }
}

function serviceOf({ namespace, service }: SliceFacts): string {
  return `${namespace}/${service}`;
}

/** Nobody takes a cluster address from its service; a pod's port yields to a service's. */
function firstFrontend(claims: readonly FrontendRow[]): FrontendRow {
  return claims.reduce((a, b) => (standing(b) < standing(a) ? b : a));
}

function standing({ type }: FrontendRow): number {
  if (type === 'ClusterIP' || type === 'closed') return 0;
  return type === 'HostPort' ? 2 : 1;
}
