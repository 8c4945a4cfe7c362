// Members: where a service has endpoints, in whatever state they are. Who is a member no more was removed; who is not ready, or ends, is one.

import { type SliceFacts, socketKey } from './rows.ts';

/** Keys as backends have them. */
export function membersOf(slices: readonly SliceFacts[]): Set<string> {
  const keys = new Set<string>();
  for (const { endpoints, ports } of slices) {
    for (const { protocol, port } of ports) {
      if (port === undefined) continue;
      for (const {
        addresses: [address],
      } of endpoints) {
        if (address !== undefined) keys.add(socketKey(address, protocol, port));
      }
    }
  }
  return keys;
}

/** Of services that have lost some since they were looked at first. */
export class Members {
  readonly #known = new Map<string, ReadonlySet<string>>();
  readonly #shrunk = new Set<string>();

  look(service: string, slices: readonly SliceFacts[]): void {
    const [before, now] = [this.#known.get(service), membersOf(slices)];
    this.#known.set(service, now);
    for (const key of before ?? []) {
      if (now.has(key)) continue;
      this.#shrunk.add(service);
      return;
    }
  }

  forget(service: string): void {
    this.#known.delete(service);
    this.#shrunk.delete(service);
  }

  /** Services that lost one since this was last asked. */
  takeShrunk(): string[] {
    const taken = [...this.#shrunk];
    this.#shrunk.clear();
    return taken;
  }

  /** Services that are looked at. */
  services(): Iterable<string> {
    return this.#known.keys();
  }
}
