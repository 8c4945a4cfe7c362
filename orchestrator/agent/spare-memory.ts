// Spare memory: what a burst of work leaves free between what is in use, the C library keeps until it is asked for it.

import { openLibc } from '../datapath/kernel/libc.ts';
import { type Clock, sleep } from '../state/clock.ts';

const lookEveryMs = 3_000;
/** Bytes by which the process has grown since: less is not worth it. */
const worthwhile = 1 << 20;

/** Gives it back to the system whenever this process has grown, until the signal is aborted. */
export async function giveBackMemory(clock: Clock, signal: AbortSignal): Promise<void> {
  const libc = await openLibc();
  for (let before = 0; !signal.aborted; await sleep(clock, lookEveryMs, signal)) {
    const isLarger = process.memoryUsage.rss() > before + worthwhile;
    if (isLarger) await libc.trim();
    // Growing slowly counts as well: it is not forgotten before something was done about it.
    if (isLarger || process.memoryUsage.rss() < before) before = process.memoryUsage.rss();
  }
}
