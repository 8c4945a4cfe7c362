// Lock: one word per map keeps its writers apart. A holder works for well under a microsecond, so waiting is spinning at first; a
// holder that was descheduled is waited for asleep, and one that died is given up on rather than hanging the packet path.

import { MapDescriptor } from './descriptor';

const SPINS: u32 = 2000;
/** Naps of half a millisecond: a second in all, more on a busy machine. */
const NAPS: u32 = 2000;
const NAP_NS: i64 = 500000;

function lockAddress(map: MapDescriptor): usize {
  return changetype<usize>(map) + offsetof<MapDescriptor>('lock');
}

export function tryAcquire(map: MapDescriptor): bool {
  return atomic.cmpxchg<u32>(lockAddress(map), 0, 1) == 0;
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
    atomic.wait<i32>(address, 1, NAP_NS);
    if (tryAcquire(map)) return true;
  }
  return false;
}

export function release(map: MapDescriptor): void {
  atomic.store<u32>(lockAddress(map), 0);
}
