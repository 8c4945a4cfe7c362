// The flow log: the last flows of this node, and those to come for whoever follows. Bounded: a reader that is slower than the packets
// misses some and is told how many; nobody waits for it.

import type { DatapathEvent } from '../datapath/datapath.ts';
import { FlowCounter, type FlowCounts } from './counts.ts';
import { type FlowTime, flowTime } from './event-time.ts';
import type { FlowLine, LostEvents } from './flow.ts';
import { nameEvent } from './named-event.ts';
import type { FlowNames } from './names.ts';

export interface FlowLogOptions {
  /** Of this node, in every line. */
  readonly node: string;
  readonly names: FlowNames;
  /** The datapath's clock, in ticks, at any moment. */
  readonly tick: () => number;
  /** Flows that are kept, and that wait for one reader at most. */
  readonly capacity?: number;
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number;
}

export class FlowLog {
  readonly #options: FlowLogOptions & { readonly capacity: number };
  readonly #time: FlowTime;
  readonly #counter = new FlowCounter();
  readonly #readers = new Set<FlowReader>();
  /** A ring once it is full: the oldest line stands at `#next`. */
  readonly #lines: FlowLine[] = [];
  #next = 0;

  constructor(options: FlowLogOptions) {
    this.#options = { capacity: 4096, ...options };
    this.#time = flowTime(options.tick, options.wallClock ?? Date.now);
  }

  /** Reads the datapath's events until it is closed or the signal is aborted. Nobody else may read them. */
  async run({ events, signal }: { readonly events: AsyncIterable<DatapathEvent>; readonly signal: AbortSignal }): Promise<void> {
    const iterator = events[Symbol.asyncIterator]();
    const aborted = Promise.withResolvers<undefined>();
    const onAbort = () => aborted.resolve(undefined);
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const next = await Promise.race([iterator.next(), aborted.promise]);
        if (next === undefined || next.done) break;
        this.push(next.value);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  push(event: DatapathEvent): void {
    const { node, names } = this.#options;
    this.#counter.count(event);
    if (event.type === 'lost') {
      const time = this.#time.now();
      this.#add({ lost_events: { source: 'PERF_EVENT_RING_BUFFER', num_events_lost: event.count }, node_name: node, time });
      return;
    }
    const flow = nameEvent(event, { names, node, time: this.#time.of(event.now) });
    this.#add({ flow, node_name: node, time: flow.time });
  }

  /** Events told so far, since this log was made. */
  get counts(): FlowCounts {
    return this.#counter.counts();
  }

  /** Kept ones, oldest first. */
  recent(): FlowLine[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }

  /** Those to come for which `wants` holds; at most `capacity` of them wait, and what does not fit is counted. */
  follow(wants: (line: FlowLine) => boolean = () => true, capacity = this.#options.capacity): FlowReader {
    const lost = (count: number): FlowLine => ({
      lost_events: { source: 'OBSERVER_EVENTS_QUEUE', num_events_lost: count } satisfies LostEvents,
      node_name: this.#options.node,
      time: this.#time.now(),
    });
    const reader: FlowReader = new FlowReader({ wants, capacity, lost, leave: () => this.#readers.delete(reader) });
    this.#readers.add(reader);
    return reader;
  }

  get readers(): number {
    return this.#readers.size;
  }

  #add(line: FlowLine): void {
    if (this.#lines.length < this.#options.capacity) this.#lines.push(line);
    else {
      this.#lines[this.#next] = line;
      this.#next = (this.#next + 1) % this.#options.capacity;
    }
    for (const reader of this.#readers) reader.offer(line);
  }
}

interface ReaderParts {
  readonly wants: (line: FlowLine) => boolean;
  readonly capacity: number;
  readonly lost: (count: number) => FlowLine;
  readonly leave: () => void;
}

/** One reader's queue. */
export class FlowReader {
  readonly #parts: ReaderParts;
  #queue: FlowLine[] = [];
  #lost = 0;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Called by the log. */
  offer(line: FlowLine): void {
    if (!this.#parts.wants(line)) return;
    if (this.#queue.length < this.#parts.capacity) this.#queue.push(line);
    else this.#lost += 1;
    this.#wake?.();
  }

  /** All that wait, at least one; none when it is closed. What was lost is told behind those that it followed. */
  async take(): Promise<FlowLine[]> {
    while (this.#queue.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const taken = this.#queue;
    if (this.#lost > 0) taken.push(this.#parts.lost(this.#lost));
    this.#queue = [];
    this.#lost = 0;
    return taken;
  }

  /** Ends a `take` that waits; may be repeated. */
  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#lost = 0;
    this.#parts.leave();
    this.#wake?.();
  }
}
