// Packet counts: what the datapath itself counts of every packet, under the names that dashboards know.

import type { Datapath } from '../datapath/datapath.ts';
import { DIRECTION_INGRESS, METRIC_EVENTS_LOST, REASON_FORWARDED } from '../datapath/generated/enums.ts';
import { metricsSpec } from '../datapath/generated/maps.ts';
import type { Sample } from '../metrics.ts';
import { reasonWords } from './reasons.ts';

export interface PacketCount {
  readonly reason: number;
  readonly direction: 'INGRESS' | 'EGRESS';
  readonly packets: bigint;
  readonly bytes: bigint;
}

export interface PacketCounts {
  /** Of packets; those that nothing was counted of are left out. */
  readonly packets: readonly PacketCount[];
  /** Events that found the ring full. */
  readonly eventsLost: bigint;
}

/** Costs one scan of a small array. */
export async function readPacketCounts(datapath: Pick<Datapath, 'map'>): Promise<PacketCounts> {
  const packets: PacketCount[] = [];
  let eventsLost = 0n;
  for await (const [index, metric] of datapath.map(metricsSpec).entries()) {
    if (index === METRIC_EVENTS_LOST) eventsLost = metric.packets;
    else packets.push({ reason: index >> 1, direction: (index & 1) === DIRECTION_INGRESS ? 'INGRESS' : 'EGRESS', ...metric });
  }
  return { packets, eventsLost };
}

const helps = {
  axoneme_forward_count_total: 'Packets let through.',
  axoneme_forward_bytes_total: 'Bytes of packets let through.',
  axoneme_drop_count_total: 'Packets dropped.',
  axoneme_drop_bytes_total: 'Bytes of packets dropped.',
  axoneme_lost_events_total: 'Events that found the ring of the datapath full.',
} as const;

/** For a registry's collector. Packets let through are there from the beginning, drops when there are some. */
export function packetSamples({ packets, eventsLost }: PacketCounts): Sample[] {
  const sample = (name: keyof typeof helps, labels: Sample['labels'], value: bigint): Sample => {
    return { name, help: helps[name], type: 'counter', ...(labels && { labels }), value: Number(value) };
  };
  const forwarded = (['INGRESS', 'EGRESS'] as const).flatMap((direction) => {
    const count = packets.find((one) => one.reason === REASON_FORWARDED && one.direction === direction);
    return [
      sample('axoneme_forward_count_total', { direction }, count?.packets ?? 0n),
      sample('axoneme_forward_bytes_total', { direction }, count?.bytes ?? 0n),
    ];
  });
  const dropped = packets.flatMap(({ reason, direction, packets: count, bytes }) => {
    if (reason === REASON_FORWARDED) return [];
    const labels = { reason: capital(reasonWords(reason)), direction };
    return [sample('axoneme_drop_count_total', labels, count), sample('axoneme_drop_bytes_total', labels, bytes)];
  });
  return [...forwarded, ...dropped, sample('axoneme_lost_events_total', { source: 'perf_event_ring_buffer' }, eventsLost)];
}

/** "Policy denied", as others write reasons in metrics. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
