// Service routes: addresses of services that lead into the device behind which they are balanced. There may be ten thousand, so a change
// costs what changed, not what there is; the look at everything (`user-node.ts`) finds what somebody else did.

import { errno } from '../datapath/kernel/errno.ts';
import type { HostProblem } from './plan.ts';
import { type Route, removeRoute, replaceRoute } from './routes.ts';
import type { Change, Session } from './session.ts';
import { familyOf, type Sources } from './side.ts';
import { serviceRoutes } from './user-node.ts';

/** Between two breaths of the event loop. */
const atOnce = 512;

export class ServiceRoutes {
  readonly #session: Session;
  #wanted: ReadonlySet<string> | undefined;
  /** Those that were put, where it was possible. */
  #there = new Set<string>();
  #link: number | undefined;
  #sources: Sources = {};

  constructor(session: Session) {
    this.#session = session;
  }

  /** Undefined until they are known. */
  get wanted(): ReadonlySet<string> | undefined {
    return this.#wanted;
  }

  /** The look at everything has put all that is wanted, into this device. */
  moved(link: number | undefined, sources: Sources): void {
    this.#link = link;
    this.#sources = sources;
    this.#there = new Set(link === undefined ? [] : this.#wanted);
  }

  /** Canonical addresses. Without a device they are put once there is one. */
  async apply(addresses: readonly string[]): Promise<HostProblem[]> {
    const wanted = new Set(addresses);
    // What an earlier life left is taken away by the look at everything, from now on.
    this.#wanted = wanted;
    const link = this.#link;
    if (link === undefined) return [];
    // A family without a router is one that the node does not have.
    const usable = addresses.filter((address) => this.#sources[familyOf(address)] !== undefined);
    const come = serviceRoutes(
      usable.filter((address) => !this.#there.has(address)),
      link,
      this.#sources,
    );
    const gone = serviceRoutes(
      [...this.#there].filter((address) => !wanted.has(address)),
      link,
      this.#sources,
    );
    this.#there = wanted;
    const changes = [
      ...come.map((route): [Change, Route] => [replaceRoute(route), route]),
      ...gone.map((route): [Change, Route] => [removal(route), route]),
    ];
    return this.#send(changes);
  }

  async #send(changes: readonly (readonly [Change, Route])[]): Promise<HostProblem[]> {
    const routes = new Map(changes);
    const all = [...routes.keys()];
    const problems: HostProblem[] = [];
    for (let from = 0; from < all.length; from += atOnce) {
      if (from > 0) await new Promise((resolve) => setImmediate(resolve));
      for (const { change, message } of this.#session.try(all.slice(from, from + atOnce))) {
        problems.push({ subject: `route ${routes.get(change)?.destination}`, message });
      }
    }
    return problems;
  }
}

function removal(route: Route): Change {
  const change = removeRoute(route);
  return { ...change, tolerated: [...(change.tolerated ?? []), errno.nodev] };
}
