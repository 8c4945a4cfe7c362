// Packet counts: what the datapath itself counts of every packet, under the names that dashboards know.

import type { Datapath } from '../datapath/datapath.ts';
import { DIRECTION_INGRESS, METRIC_EVENTS_LOST, REASON_FORWARDED } from '../datapath/generated/enums.ts';
import { metricsSpec } from '../datapath/generated/maps.ts';
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

export interface CountSample {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: bigint;
}

/** One sample a counter and label set; every family at least once, so that a dashboard sees zero, not nothing. */
export function countSamples({ packets, eventsLost }: PacketCounts): CountSample[] {
  const samples: CountSample[] = [];
  const add = (name: string, help: string, labels: CountSample['labels'], value: bigint) => samples.push({ name, help, labels, value });
  const forwarded = (direction: string) => packets.find((count) => count.reason === REASON_FORWARDED && count.direction === direction);
  for (const direction of ['INGRESS', 'EGRESS']) {
    const count = forwarded(direction);
    add('axoneme_forward_count_total', 'Packets let through.', { direction }, count?.packets ?? 0n);
    add('axoneme_forward_bytes_total', 'Bytes of packets let through.', { direction }, count?.bytes ?? 0n);
  }
  for (const { reason, direction, packets: count, bytes } of packets) {
    if (reason === REASON_FORWARDED) continue;
    const labels = { reason: capital(reasonWords(reason)), direction };
    add('axoneme_drop_count_total', 'Packets dropped.', labels, count);
    add('axoneme_drop_bytes_total', 'Bytes of packets dropped.', labels, bytes);
  }
  add('axoneme_lost_events_total', 'Events that found the ring of the datapath full.', { source: 'perf_event_ring_buffer' }, eventsLost);
  return samples;
}

/** The text form of Prometheus. */
export async function packetCountsText(datapath: Pick<Datapath, 'map'>): Promise<string> {
  const samples = countSamples(await readPacketCounts(datapath)).toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  let last = '';
  return samples
    .map(({ name, help, labels, value }) => {
      const head = name === last ? '' : `# HELP ${name} ${help}\n# TYPE ${name} counter\n`;
      last = name;
      const shown = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      return `${head}${name}{${shown.join(',')}} ${value}\n`;
    })
    .join('');
}

/** "Policy denied", as others write reasons in metrics. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
