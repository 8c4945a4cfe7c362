// Events of the kernel's ring, decoded, as an endless iteration that ends with the ring.

import type { DatapathEvent } from '../datapath.ts';
import { METRIC_EVENTS_LOST } from '../generated/enums.ts';
import type { Metric } from '../generated/layouts.ts';
import type { MapSpec } from '../layout.ts';
import type { OpenMap } from './map.ts';
import { joinPerCpu } from './per-cpu.ts';
import type { Ring } from './ring.ts';

/** Events taken from the ring at a time: their room is free again before the first of them is looked at. */
const takenAtOnce = 256;
/** The longest time until events lost are told of when no other event comes. */
const waitMs = 1000;

export class EventReader {
  private readonly ring: Ring;
  private readonly spec: MapSpec;
  private readonly lost: () => number;
  private told: number;

  /** `lost` counts events that found the ring full; those before now are no news. */
  constructor(ring: Ring, spec: MapSpec, lost: () => number) {
    this.ring = ring;
    this.spec = spec;
    this.lost = lost;
    this.told = lost();
  }

  async *read(): AsyncIterable<DatapathEvent> {
    while (!this.ring.closed) {
      const events = this.take();
      if (events.length > 0) yield* events;
      else await this.ring.wait(waitMs);
    }
  }

  close(): Promise<void> {
    return this.ring.close();
  }

  private take(): DatapathEvent[] {
    const events: DatapathEvent[] = [];
    const { value } = this.spec;
    this.ring.drain(takenAtOnce, (view, offset, length) => {
      if (length >= value.size) events.push({ type: 'event', ...(value.decode(view, offset) as object) } as DatapathEvent);
    });
    const lost = this.lost();
    if (lost > this.told) events.push({ type: 'lost', count: lost - this.told });
    this.told = lost;
    return events;
  }
}

/** The slot of `metrics` in which the programs count events that found the ring full. */
const lostMetric = METRIC_EVENTS_LOST;

/** Reads how many events were lost since the maps were made. */
export function lostCounter(open: OpenMap, spec: MapSpec<number, Metric>): () => number {
  const key = Uint32Array.of(lostMetric);
  const value = new Uint8Array(open.valueSize);
  return () => {
    const result = open.bpf.lookup(open.descriptor, open.libc.address(key), open.libc.address(value));
    return result < 0 ? 0 : Number(joinPerCpu(spec.value, new DataView(value.buffer), 0, open.valueSize).packets);
  };
}
