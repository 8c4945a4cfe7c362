// DNS upgrade: who serves names and is of another version than this agent is asked to hand over to this one, again and again: it may refuse,
// since it is being replaced just then.

import type { RoomLog } from '../log.ts';
import { ownProgram } from '../processes/own-program.ts';
import { delayAfter } from '../state/backoff.ts';
import type { Clock } from '../state/clock.ts';
import { version } from '../version.ts';
import type { DnsControl } from './dns-control.ts';

/** From the start of a process to its first answer, and a busy machine. */
const answerMs = 60_000;
/** Each time processes are started. */
const retry = { minMs: 200, maxMs: 60_000 };

export interface DnsUpgradeOptions {
  readonly clock: Clock;
  readonly log: RoomLog;
  /** It may be time to look again. */
  readonly changed: () => void;
}

export class DnsUpgrade {
  private readonly options: DnsUpgradeOptions;
  /** Of who serves. */
  private served: string = version();
  private isAsking = false;
  /** Times in a row that it was asked, and was not of this version after that. */
  private tries = 0;
  private nextAt = Number.NEGATIVE_INFINITY;
  /** Why it is not of this version after it was asked; empty before that. */
  private why = '';

  constructor(options: DnsUpgradeOptions) {
    this.options = options;
  }

  /** In words; undefined when all is well, or was not asked for yet. */
  get problem(): string | undefined {
    if (this.why === '') return undefined;
    return `the DNS proxy is of version ${this.served} still, and is asked again to hand over to ${version()}: ${this.why}`;
  }

  /** What serves now. Asks it where it is time, and returns at once: milliseconds until it is time to look again. */
  look(control: DnsControl, served: string): number {
    this.served = served;
    if (served === version()) {
      this.tries = 0;
      this.why = '';
      return Number.POSITIVE_INFINITY;
    }
    if (this.isAsking) return Number.POSITIVE_INFINITY;
    const now = this.options.clock.now();
    if (now < this.nextAt) return this.nextAt - now;
    this.isAsking = true;
    void this.ask(control);
    return Number.POSITIVE_INFINITY;
  }

  private async ask(control: DnsControl): Promise<void> {
    const { clock, log, changed } = this.options;
    try {
      await control.call({ call: 'upgrade', program: ownProgram() }, answerMs);
      log.info('the DNS proxy has been handed over to this version');
      // Whether that is so says who serves from now on.
      this.why = '';
    } catch (error) {
      if (this.why === '') log.warn(`the DNS proxy stays at version ${this.served} for now, and is asked again`, { error });
      this.why = (error as Error).message;
    }
    this.tries += 1;
    this.nextAt = clock.now() + delayAfter(this.tries, retry, clock);
    this.isAsking = false;
    changed();
  }
}
