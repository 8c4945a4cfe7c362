// Hits of services: how many connections their backends were given, summed up from what the datapath counts for each backend. The sums only grow
// while the agent runs, whoever of the backends goes; a new life begins with what backends have by then.

import type { Datapath } from '../datapath/datapath.ts';
import type { BackendHits } from '../datapath/generated/layouts.ts';
import { backendHitsSpec } from '../datapath/generated/maps.ts';
import type { FrontendRow } from '../model/service/rows.ts';

export class ServiceHits {
  readonly #datapath: Pick<Datapath, 'map'>;
  readonly #numberOf: (backend: string) => number | undefined;
  /** By number of the backend: what it had been given when this was last read. */
  #known = new Map<number, BackendHits>();
  readonly #sums = new Map<string, number>();

  constructor(datapath: Pick<Datapath, 'map'>, numberOf: (backend: string) => number | undefined) {
    this.#datapath = datapath;
    this.#numberOf = numberOf;
  }

  /** By service, `namespace/name`. A backend of several services counts for each of them. */
  async read(frontends: Iterable<FrontendRow>): Promise<ReadonlyMap<string, number>> {
    const now = new Map(await Array.fromAsync(this.#datapath.map(backendHitsSpec).entries()));
    const before = this.#known;
    this.#known = now;
    const services = new Set<string>();
    const counted = new Set<string>();
    for (const { service, type, backends } of frontends) {
      if (type === 'HostPort') continue;
      services.add(service);
      for (const key of backends) {
        const id = this.#numberOf(key);
        const hits = id === undefined ? undefined : now.get(id);
        if (id === undefined || hits === undefined || counted.has(`${service} ${id}`)) continue;
        counted.add(`${service} ${id}`);
        this.#sums.set(service, (this.#sums.get(service) ?? 0) + grown(before.get(id), hits));
      }
    }
    for (const service of this.#sums.keys()) if (!services.has(service)) this.#sums.delete(service);
    return this.#sums;
  }
}

/** A number that means another backend began anew. Of two readings at once the later one may be the older. */
function grown(before: BackendHits | undefined, { connections, generation }: BackendHits): number {
  if (before === undefined || before.generation !== generation) return Number(connections);
  return Math.max(0, Number(connections - before.connections));
}
