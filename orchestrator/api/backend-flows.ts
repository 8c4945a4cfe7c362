// Flows of backends: who has how much, counted from the connections that the datapath keeps anyway. Packets pay nothing for it.

import type { Datapath } from '../datapath/datapath.ts';
import { CONNTRACK_ORIGIN_HIGH } from '../datapath/generated/enums.ts';
import { conntrackSpec } from '../datapath/generated/maps.ts';
import { swapPort, wordText } from '../net/words.ts';

export interface BackendFlows {
  flows: number;
  packets: number;
  bytes: number;
}

/** By key of the backend, of those asked for; both directions together. Connections that were balanced in a socket count too. */
export async function backendFlows(datapath: Pick<Datapath, 'map' | 'now'>, keys: ReadonlySet<string>): Promise<Map<string, BackendFlows>> {
  const found = new Map<string, BackendFlows>();
  const now = datapath.now();
  for await (const [key, value] of datapath.map(conntrackSpec).entries()) {
    if (((value.expires - now) | 0) <= 0) continue;
    const isLow = (value.flags & CONNTRACK_ORIGIN_HIGH) !== 0;
    const [hi, lo, port] = isLow ? [key.lowHi, key.lowLo, key.lowPort] : [key.highHi, key.highLo, key.highPort];
    const backend = `${wordText({ hi, lo })} ${key.protocol} ${swapPort(port)}`;
    if (!keys.has(backend)) continue;
    const counted = found.get(backend) ?? { flows: 0, packets: 0, bytes: 0 };
    counted.flows += 1;
    counted.packets += Number(value.originPackets + value.responderPackets);
    counted.bytes += Number(value.originBytes + value.responderBytes);
    found.set(backend, counted);
  }
  return found;
}
