// Exposure: what of services the network may ask for here. By it the programs are put where its packets pass, and nowhere else.

import type { MergeChange } from '../model/service/merge.ts';
import type { FrontendRow } from '../model/service/rows.ts';

export interface Exposure {
  /** Some frontend is for clients of the network. */
  readonly isExposed: boolean;
  /** A backend of one is this node itself, whose answers leave by its own stack. */
  readonly hasOwnBackend: boolean;
  /** Of this node's addresses, those at which somebody else may answer; sorted. Nothing of the node's own may come from there. */
  readonly ports: readonly number[];
}

export const unexposed: Exposure = { isExposed: false, hasOwnBackend: false, ports: [] };

/** What two of them need. */
export function bothExposures(one: Exposure, other: Exposure): Exposure {
  return {
    isExposed: one.isExposed || other.isExposed,
    hasOwnBackend: one.hasOwnBackend || other.hasOwnBackend,
    ports: [...new Set([...one.ports, ...other.ports])].sort((a, b) => a - b),
  };
}

export function isSameExposure(one: Exposure, other: Exposure): boolean {
  return one.isExposed === other.isExposed && one.hasOwnBackend === other.hasOwnBackend && one.ports.join() === other.ports.join();
}

export class ExposureCount {
  /** Keys of frontends for clients of the network; whether this node is a backend of it. */
  readonly #outside = new Map<string, boolean>();
  #own: ReadonlySet<string> = new Set();
  #ownBackends = 0;
  /** Keys of frontends at this node's own addresses, whose port that is. */
  readonly #ports = new Map<string, number>();

  get now(): Exposure {
    const ports = [...new Set(this.#ports.values())].sort((a, b) => a - b);
    return { isExposed: this.#outside.size > 0, hasOwnBackend: this.#ownBackends > 0, ports };
  }

  /** `addresses` of this node. */
  apply({ put, removed }: MergeChange['frontends'], addresses: readonly string[]): void {
    if (addresses.length !== this.#own.size || addresses.some((address) => !this.#own.has(address))) this.#own = new Set(addresses);
    for (const key of removed) {
      this.#set(key, undefined);
      this.#ports.delete(key);
    }
    for (const row of put) {
      if (row.scope !== 'outside') continue;
      this.#set(row.key, this.#hasOwn(row));
      if (row.port !== 0 && this.#own.has(row.address)) this.#ports.set(row.key, row.port);
      else this.#ports.delete(row.key);
    }
  }

  #hasOwn({ backends }: FrontendRow): boolean {
    return backends.some((key) => this.#own.has(key.slice(0, key.indexOf(' '))));
  }

  #set(key: string, hasOwn: boolean | undefined): void {
    if (this.#outside.get(key) === true) this.#ownBackends -= 1;
    if (hasOwn === undefined) this.#outside.delete(key);
    else this.#outside.set(key, hasOwn);
    if (hasOwn === true) this.#ownBackends += 1;
  }
}
