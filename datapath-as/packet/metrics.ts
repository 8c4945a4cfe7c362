// Metrics: packets and bytes per reason and direction, of one worker; whoever reads them adds the workers up.

import { Facts, Metric, Record } from '../core/layout/packet';
import { MAP_METRICS } from '../host/generated/maps';
import { lookupArray } from '../host/lookup';

export function countPacket(facts: Facts, record: Record): void {
  const found = lookupArray(MAP_METRICS, <u32>record.reason * 2 + record.direction);
  if (found == 0) return;
  const metric = changetype<Metric>(found);
  metric.packets += 1;
  metric.bytes += facts.length;
}
