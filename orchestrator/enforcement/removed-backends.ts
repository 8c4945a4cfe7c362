// Removed backends: where a service asks for it (axoneme.io/reset-removed-backends: "true"), connections to those that are its endpoints no more
// are ended, once what is new is in force.

import type { RoomLog } from '../log.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import type { ResetReport } from './service-reset.ts';

/** An endpoint that moves from slice to slice may be in none for a moment. */
const graceMs = 250;
const retryMs = 5_000;

export interface RemovedBackendsOptions {
  /** Ends them, by how things are then; undefined when there is no such service any more. */
  readonly end: (service: string) => Promise<ResetReport | undefined>;
  readonly clock: Clock;
  readonly log: RoomLog;
}

export class RemovedBackends {
  readonly #options: RemovedBackendsOptions;
  readonly #bell = new Bell();
  /** By service: when. */
  readonly #due = new Map<string, number>();
  /** What was told is not told again. */
  readonly #told = new Set<string>();

  constructor(options: RemovedBackendsOptions) {
    this.#options = options;
  }

  /** Services that have lost endpoints. */
  note(services: Iterable<string>): void {
    for (const service of services) this.#due.set(service, this.#options.clock.now() + graceMs);
    this.#bell.ring();
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.#bell.wait({ signal, clock, until: Math.min(...this.#due.values()) });
      if (signal.aborted) return;
      const now = clock.now();
      for (const [service, at] of this.#due) if (at <= now) await this.#end(service);
    }
  }

  async #end(service: string): Promise<void> {
    const { end, clock, log } = this.#options;
    this.#due.delete(service);
    try {
      const report = await end(service);
      if (report === undefined) return;
      const counts = report.backends.map(({ backend, sockets, flows }) => `${sockets + flows} to ${backend}`);
      if (counts.length > 0) log.info(`connections to removed backends were ended: ${counts.join(', ')}`, { service });
      for (const problem of report.problems) this.#tell(service, problem);
    } catch (error) {
      log.warn('connections to removed backends could not be ended, which is tried again', { service, error });
      if (!this.#due.has(service)) this.#due.set(service, clock.now() + retryMs);
    }
  }

  #tell(service: string, problem: string): void {
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    this.#options.log.warn(`connections to removed backends go on: ${problem}`, { service });
  }
}
