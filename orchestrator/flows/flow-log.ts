// The flow log: the last flows of this node, and those to come for whoever follows. Bounded: a reader that is slower than the packets
// misses some and is told how many; nobody waits for it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { DatapathEvent } from '../datapath/datapath.ts';
import { FlowCounter, type FlowCounts } from './counts.ts';
import { type FlowTime, flowTime } from './event-time.ts';
import { flowType } from './filter.ts';
import type { FlowLine, LostEvents } from './flow.ts';
import { FlowReader } from './flow-reader.ts';
import { KeptDrops } from './kept-drops.ts';
import { LineRing } from './line-ring.ts';
import { nameEvent, type PacketEvent } from './named-event.ts';
import type { FlowNames } from './names.ts';
import { Pace } from './pace.ts';

export interface FlowLogOptions {
  /** Of this node, in every line. */
  readonly node: string;
  readonly names: FlowNames;
  /** Looks up what names of an event must be asked for somewhere; undefined: nothing. It ends in time, whatever comes of it. */
  readonly prepare?: (event: PacketEvent) => Promise<void> | undefined;
  /** The datapath's clock, in ticks, at any moment. */
  readonly tick: () => number;
  /** Drops and the like that are kept, allowed flows that are kept besides, and lines that wait for one reader at most. */
  readonly capacity?: number;
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number;
  /** Events that are read in a tenth of a second; the rest of a storm is counted. */
  readonly mostInTenth?: number;
}

/** An event costs about 10 µs from ring to line: a storm takes a twentieth of a CPU, and the ring takes bursts of twenty times as many. */
const mostInTenth = 500;

export class FlowLog {
  readonly #options: FlowLogOptions & { readonly capacity: number };
  readonly #time: FlowTime;
  readonly #counter = new FlowCounter();
  readonly #pace: Pace;
  readonly #readers = new Set<FlowReader>();
  /** Apart from each other, so that a busy node's allowed flows push no drop out. */
  readonly #allowed: LineRing;
  readonly #others: KeptDrops;
  #order = 0;

  constructor(options: FlowLogOptions) {
    this.#options = { capacity: 2048, ...options };
    this.#allowed = new LineRing(this.#options.capacity);
    this.#others = new KeptDrops(this.#options.capacity);
    const now = options.wallClock ?? Date.now;
    this.#time = flowTime(options.tick, now);
    this.#pace = new Pace({ most: options.mostInTenth ?? mostInTenth, whileMs: 100, now });
  }

  /** Reads the datapath's events until it is closed or the signal is aborted. Nobody else may read them. */
  async run({ events, signal }: { readonly events: AsyncIterable<DatapathEvent>; readonly signal: AbortSignal }): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve(), { once: true });
    if (signal.aborted) aborted.resolve();
    const read = async () => {
      for await (const event of events) {
        if (signal.aborted) return;
        const asked = event.type === 'event' ? this.#options.prepare?.(event) : undefined;
        if (asked !== undefined) await asked;
        this.push(event);
        // In a storm the ring fills up meanwhile, and what it does not take is counted there, for free.
        const { restMs } = this.#pace;
        if (restMs > 0) await sleep(restMs);
      }
    };
    // One race, not one for each event: what loses one is kept for as long as the signal.
    await Promise.race([read(), aborted.promise]);
  }

  push(event: DatapathEvent): void {
    const { node, names } = this.#options;
    this.#counter.count(event);
    if (event.type === 'lost') {
      this.#add(this.#lostLine('PERF_EVENT_RING_BUFFER', event.count));
      return;
    }
    if (!this.#pace.admit()) return;
    const refused = this.#pace.takeRefused();
    if (refused > 0) this.#add(this.#lostLine('OBSERVER_EVENTS_QUEUE', refused));
    const flow = nameEvent(event, { names, node, time: this.#time.of(event.now) });
    this.#add({ flow, node_name: node, time: flow.time });
  }

  /** Events told so far, since this log was made. */
  get counts(): FlowCounts {
    return this.#counter.counts();
  }

  /** Kept ones, oldest first. */
  recent(): FlowLine[] {
    const lines = [...this.#allowed.lines(), ...this.#others.lines()];
    return lines.sort((one, other) => one.order - other.order).map(({ line }) => line);
  }

  /** Those to come for which `wants` holds; at most `capacity` of them wait, and what does not fit is counted. */
  follow(wants: (line: FlowLine) => boolean = () => true, capacity = this.#options.capacity): FlowReader {
    const lost = (count: number) => this.#lostLine('OBSERVER_EVENTS_QUEUE', count);
    const reader: FlowReader = new FlowReader({ wants, capacity, lost, leave: () => this.#readers.delete(reader) });
    this.#readers.add(reader);
    return reader;
  }

  get readers(): number {
    return this.#readers.size;
  }

  #lostLine(source: LostEvents['source'], count: number): FlowLine {
    return { lost_events: { source, num_events_lost: count }, node_name: this.#options.node, time: this.#time.now() };
  }

  #add(line: FlowLine): void {
    const ring = 'flow' in line && flowType(line.flow) === 'allow' ? this.#allowed : this.#others;
    ring.add({ order: this.#order++, line });
    for (const reader of this.#readers) reader.offer(line);
  }
}
