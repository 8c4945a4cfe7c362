// Warnings of services: what is wrong with them is told once when it comes, and shown for as long as it is there.

import type { RoomLog } from '../log.ts';
import type { ServiceMerge } from '../model/service/merge.ts';
import type { Clock } from '../state/clock.ts';

/** A service and its slices come and go in any order: what is missing for a moment is nothing. */
const missingMs = 30_000;

export class ServiceWarnings {
  readonly #log: RoomLog;
  readonly #clock: Clock;
  /** Key → text. */
  #shown = new Map<string, string>();
  readonly #missingSince = new Map<string, number>();

  constructor(log: RoomLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  texts(): string[] {
    return [...this.#shown.values()];
  }

  look(merge: ServiceMerge): void {
    const found = new Map<string, string>();
    for (const { key, subject, message } of merge.faults()) found.set(key, `${subject}: ${message}`);
    for (const [key, text] of disputes(merge)) found.set(key, text);
    for (const service of this.#longMissing(merge))
      found.set(`missing ${service}`, `service ${service}: endpoint slices name it, and it is not there`);
    for (const [key, text] of found) if (this.#shown.get(key) !== text) this.#log.warn(text);
    this.#shown = found;
  }

  *#longMissing(merge: ServiceMerge): Iterable<string> {
    const missing = merge.missingServices();
    for (const service of this.#missingSince.keys()) if (!missing.has(service)) this.#missingSince.delete(service);
    const now = this.#clock.now();
    for (const service of missing) {
      const since = this.#missingSince.get(service) ?? now;
      this.#missingSince.set(service, since);
      if (now - since >= missingMs) yield service;
    }
  }
}

/** Services that dispute several frontends are told of once. */
function disputes(merge: ServiceMerge): Map<string, string> {
  const byServices = new Map<string, string[]>();
  for (const { frontend, services } of merge.conflicts()) {
    const key = services.join(' and ');
    byServices.set(key, [...(byServices.get(key) ?? []), frontend]);
  }
  return new Map(
    Array.from(byServices, ([services, frontends]) => {
      const more = frontends.length > 1 ? ` and ${frontends.length - 1} more` : '';
      return [
        `dispute ${services}`,
        `${frontends[0]}${more}: claimed by ${services}: a cluster address is its service's, else the oldest has it`,
      ];
    }),
  );
}
