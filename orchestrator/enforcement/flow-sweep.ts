// Flow sweep: connections that have expired are taken out of the datapath's table. It finds room by itself; this keeps what is shown and
// counted true. The less there is to take, the longer it rests.

import { ticks } from '../datapath/clock.ts';
import type { Datapath } from '../datapath/datapath.ts';
import { dropEntries } from '../datapath/drop-entries.ts';
import { CONNTRACK_TRANSLATED } from '../datapath/generated/enums.ts';
import { conntrackSpec } from '../datapath/generated/maps.ts';
import type { RoomLog } from '../log.ts';
import { type Clock, sleep } from '../state/clock.ts';

const leastMs = 30_000;
const mostMs = 15 * 60_000;
/** A packet that is being judged may have seen an entry that has just expired. */
const grace = ticks(5);

export interface SweepCounts {
  runs: number;
  dropped: number;
  /** Of the last run, before it dropped any. */
  entries: number;
  /** Of these, live ones that clients of the network have with services. */
  outside: number;
  /** When the last run began; undefined before the first one has ended. */
  begunAt: number | undefined;
}

export class FlowSweep {
  readonly counts: SweepCounts = { runs: 0, dropped: 0, entries: 0, outside: 0, begunAt: undefined };
  private readonly datapath: Pick<Datapath, 'map' | 'now'>;
  private readonly clock: Clock;
  private readonly log: RoomLog;

  constructor({ datapath, clock, log }: { datapath: Pick<Datapath, 'map' | 'now'>; clock: Clock; log: RoomLog }) {
    this.datapath = datapath;
    this.clock = clock;
    this.log = log;
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    let restMs = leastMs;
    while (!signal.aborted) {
      await sleep(this.clock, restMs, signal);
      if (signal.aborted) return;
      try {
        const { entries, dropped } = await this.sweep();
        const share = entries === 0 ? 0 : dropped / entries;
        restMs = Math.min(mostMs, Math.max(leastMs, share > 0.25 ? restMs * (1 - share) : share < 0.05 ? restMs * 1.5 : restMs));
      } catch (error) {
        this.log.warn('expired connections could not be taken out', { error });
      }
    }
  }

  async sweep(): Promise<{ entries: number; dropped: number }> {
    const { datapath } = this;
    const now = datapath.now();
    const begunAt = this.clock.now();
    let entries = 0;
    let outside = 0;
    // The difference wraps as the datapath's own does.
    const dropped = await dropEntries(datapath.map(conntrackSpec), (_key, { expires, flags, originPort }) => {
      entries += 1;
      const isOver = ((now - expires) | 0) > grace;
      if (!isOver && originPort === 0 && (flags & CONNTRACK_TRANSLATED) !== 0) outside += 1;
      return isOver;
    });
    this.counts.runs += 1;
    this.counts.dropped += dropped;
    this.counts.entries = entries;
    this.counts.outside = outside;
    this.counts.begunAt = begunAt;
    return { entries, dropped };
  }
}
