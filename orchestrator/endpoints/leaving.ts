// Interfaces that go, and what is still to be done before others may have their addresses and number: the device goes if it is still there,
// their flows are forgotten, then the file goes, for as long as it is there a restart begins here again.

import type { RoomLog } from '../log.ts';
import { delayAfter } from '../state/backoff.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import type { StoredInterface } from './interface-file.ts';
import { attachmentKey } from './interfaces.ts';
import type { Turns } from './turns.ts';

export interface LeavingOptions {
  readonly clock: Clock;
  readonly log: RoomLog;
  readonly turns: Turns;
  /** Of an interface that was made in part; absent is fine. */
  readonly removeDevice: (device: string) => void;
  readonly forget: (addresses: readonly string[]) => Promise<void>;
  readonly removeFile: (endpoint: number) => Promise<void>;
  /** Nothing is left of it. */
  readonly release: (row: StoredInterface) => void;
}

interface Leaver {
  readonly row: StoredInterface;
  attempts: number;
  dueAt: number;
  error: Error | undefined;
}

const backoff = { minMs: 500, maxMs: 60_000 };

export class Leaving {
  readonly #options: LeavingOptions;
  /** By attachment. */
  readonly #leavers = new Map<string, Leaver>();
  readonly #bell = new Bell();

  constructor(options: LeavingOptions) {
    this.#options = options;
  }

  begin(row: StoredInterface): void {
    this.#leavers.set(attachmentKey(row), { row, attempts: 0, dueAt: this.#options.clock.now(), error: undefined });
    this.#bell.ring();
  }

  /** Within the attachment's turn. Throws what stands in the way; then it is tried again later. Nothing to do is fine. */
  async finish(key: string): Promise<void> {
    const leaver = this.#leavers.get(key);
    if (leaver === undefined) return;
    const { row } = leaver;
    const { removeDevice, forget, removeFile, release, clock } = this.#options;
    try {
      removeDevice(row.device);
      await forget(row.addresses);
      await removeFile(row.endpoint);
    } catch (error) {
      leaver.attempts += 1;
      leaver.error = error as Error;
      leaver.dueAt = clock.now() + delayAfter(leaver.attempts, backoff, clock);
      this.#bell.ring();
      throw error;
    }
    this.#leavers.delete(key);
    release(row);
  }

  problems(): string[] {
    return [...this.#leavers.values()].flatMap(({ row, error }) =>
      error === undefined ? [] : [`endpoint ${row.endpoint} (${row.namespace}/${row.pod}): not released: ${error.message}`],
    );
  }

  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    const { clock, log, turns } = this.#options;
    while (!signal.aborted) {
      for (const [key, { row, dueAt, attempts }] of [...this.#leavers]) {
        if (dueAt > clock.now() || signal.aborted) continue;
        try {
          await turns.take(key, () => this.finish(key));
        } catch (error) {
          if (attempts === 0) log.warn('an interface that is gone cannot be released yet', { endpoint: row.endpoint, error });
        }
      }
      const until = Math.min(Number.POSITIVE_INFINITY, ...Array.from(this.#leavers.values(), ({ dueAt }) => dueAt));
      await this.#bell.wait({ signal, clock, until });
    }
  }
}
