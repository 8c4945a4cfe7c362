// Lock: one word per map keeps its writers apart; it names its holder (worker + 1), for whoever has to clean up after it. A holder works for well under a microsecond, so waiting is spinning at first; a
// holder that was descheduled is waited for asleep, and one that died is given up on rather than hanging the packet path.

import { MapDescriptor } from './descriptor';
import { currentWorker } from './memory';

const SPINS: u32 = 2000;
/** Naps of half a millisecond: a second in all, more on a busy machine. */
const NAPS: u32 = 2000;
const NAP_NS: i64 = 500000;
/** Of the lock's word: worker + 1; and that it is not updating, but cleaning up. */
const HOLDER: u32 = 0xff;
const RECOVERING: u32 = 0x100;

function lockAddress(map: MapDescriptor): usize {
  return changetype<usize>(map) + offsetof<MapDescriptor>('lock');
}

export function tryAcquire(map: MapDescriptor): bool {
  return atomic.cmpxchg<u32>(lockAddress(map), 0, currentWorker() + 1) == 0;
}

/** False when the lock stays held for a second: its holder is gone. */
export function acquire(map: MapDescriptor): bool {
  return tryAcquire(map) || acquireContended(map);
}

function acquireContended(map: MapDescriptor): bool {
  const address = lockAddress(map);
  for (let spin: u32 = 0; spin < SPINS; spin++) {
    if (atomic.load<u32>(address) == 0 && tryAcquire(map)) return true;
  }
  for (let nap: u32 = 0; nap < NAPS; nap++) {
    const holder = atomic.load<i32>(address);
    if (holder != 0) atomic.wait<i32>(address, holder, NAP_NS);
    if (tryAcquire(map)) return true;
  }
  return false;
}

/** Takes the lock over from a worker that is gone, and from one that went while it did the same. False when it does not have it. */
export function takeOver(map: MapDescriptor, gone: u32): bool {
  const holder = atomic.load<u32>(lockAddress(map));
  if ((holder & HOLDER) != gone + 1) return false;
  return atomic.cmpxchg<u32>(lockAddress(map), holder, RECOVERING | (currentWorker() + 1)) == holder;
}

export function release(map: MapDescriptor): void {
  atomic.store<u32>(lockAddress(map), 0);
}
