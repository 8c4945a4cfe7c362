// Pressure: how full each map is. A full map fails closed, so an operator must hear of it before.

import type { Datapath } from './datapath.ts';
import type { MapSpec } from './layout.ts';

export interface Pressure {
  readonly map: string;
  readonly entries: number;
  readonly capacity: number;
  /** entries / capacity, 0 to 1. */
  readonly ratio: number;
}

/** From here on a map is worth a warning. */
export const warningRatio = 0.9;

/**
 * Pressure of the maps that can fill up; arrays and rings cannot. An LRU map never refuses an entry: at a ratio of 1 it forgets
 * flows that live. Costs a scan per map (about 0.2 µs an entry in the kernel), so ask every few minutes, not every second.
 */
export async function measurePressure(datapath: Pick<Datapath, 'map'>, specs: readonly MapSpec[]): Promise<Pressure[]> {
  const measured: Pressure[] = [];
  for (const spec of specs) {
    if (spec.kind !== 'hash' && spec.kind !== 'lru' && spec.kind !== 'lpm') continue;
    const map = datapath.map(spec);
    const entries = await map.count();
    measured.push({ map: spec.name, entries, capacity: map.capacity, ratio: entries / map.capacity });
  }
  return measured;
}
