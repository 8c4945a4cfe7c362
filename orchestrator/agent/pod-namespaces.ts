// Pods' namespaces by their cookies, by which the datapath names sockets that have no address yet.

import type { InterfaceTable, PodInterface } from '../endpoints/interfaces.ts';
import { AgentError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/** For so long nobody is looked for again who was not found: other namespaces than pods' have cookies too. */
const restMs = 5_000;
const mostUnknown = 1_000;

export class PodNamespaces {
  readonly #host: Pick<Host, 'namespaceCookie'>;
  readonly #interfaces: Pick<InterfaceTable, 'rows' | 'get'>;
  readonly #now: () => number;
  /** By endpoint, with whose it was then. */
  readonly #asked = new Map<number, { readonly containerId: string; readonly cookie: bigint }>();
  readonly #endpoints = new Map<bigint, number>();
  /** When it was looked for. */
  readonly #unknown = new Map<bigint, number>();
  #own: bigint | undefined;

  constructor(
    host: Pick<Host, 'namespaceCookie'>,
    interfaces: Pick<InterfaceTable, 'rows' | 'get'>,
    now: () => number = () => performance.now(),
  ) {
    this.#host = host;
    this.#interfaces = interfaces;
    this.#now = now;
  }

  /** The pod's interface; `node` for the namespace of the node itself. */
  find(cookie: bigint): PodInterface | 'node' | undefined {
    this.#own ??= this.#host.namespaceCookie();
    if (cookie === this.#own) return 'node';
    const found = this.#known(cookie);
    if (found !== undefined) return found;
    const at = this.#unknown.get(cookie);
    if (at !== undefined && this.#now() - at < restMs) return undefined;
    this.#ask();
    const now = this.#known(cookie);
    if (now !== undefined) return now;
    if (this.#unknown.size >= mostUnknown) this.#unknown.clear();
    this.#unknown.set(cookie, this.#now());
    return undefined;
  }

  #known(cookie: bigint): PodInterface | undefined {
    const endpoint = this.#endpoints.get(cookie);
    const row = endpoint === undefined ? undefined : this.#interfaces.get(endpoint);
    return row?.containerId === this.#asked.get(endpoint ?? 0)?.containerId ? row : undefined;
  }

  /** Pods that were not asked yet. */
  #ask(): void {
    const gone = new Map(this.#asked);
    for (const { endpoint, containerId, netns } of this.#interfaces.rows()) {
      gone.delete(endpoint);
      if (this.#asked.get(endpoint)?.containerId === containerId) continue;
      const cookie = this.#cookieOf(netns);
      this.#asked.set(endpoint, { containerId, cookie });
      if (cookie !== 0n) this.#endpoints.set(cookie, endpoint);
    }
    for (const [endpoint, { cookie }] of gone) {
      this.#asked.delete(endpoint);
      if (this.#endpoints.get(cookie) === endpoint) this.#endpoints.delete(cookie);
    }
  }

  /** 0 of one that is going away. */
  #cookieOf(netns: string): bigint {
    try {
      return this.#host.namespaceCookie(netns);
    } catch (error) {
      if (error instanceof AgentError) return 0n;
      throw error;
    }
  }
}
