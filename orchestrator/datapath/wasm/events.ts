// Events of an instance's ring in linear memory.
//
//   at eventsPointer(): u32 head (written by the datapath), u32 lost; at +64: u32 tail (written here); from +128: the events

import type { DatapathEvent } from '../datapath.ts';
import type { MapSpec } from '../layout.ts';
import type { Engine } from './engine.ts';

const [lostAt, tailAt, ringAt] = [4, 64, 128];

export class EventRing {
  private readonly engine: Engine;
  private readonly spec: MapSpec;
  private readonly base: number;
  private readonly words: Int32Array;
  private told = 0;
  private wake: (() => void) | undefined;
  private closed = false;

  /** Of that instance, or of another worker's: the address of its ring. */
  constructor(engine: Engine, spec: MapSpec, base: number = engine.exports.eventsPointer()) {
    this.engine = engine;
    this.spec = spec;
    this.base = base;
    this.words = new Int32Array(engine.bytes.buffer);
  }

  async *read(): AsyncIterable<DatapathEvent> {
    while (!this.closed) {
      const events = this.take();
      if (events.length > 0) yield* events;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Tells the reader that a packet has run. */
  notify(): void {
    this.wake?.();
    this.wake = undefined;
  }

  close(): void {
    this.closed = true;
    this.notify();
  }

  /** All that is in the ring by now, which is then empty. */
  take(): DatapathEvent[] {
    const capacity = this.engine.exports.eventCapacity();
    const head = this.word(0);
    const events: DatapathEvent[] = [];
    for (let tail = this.word(tailAt); tail !== head; tail = (tail + 1) >>> 0) {
      const at = this.base + ringAt + (tail & (capacity - 1)) * this.spec.value.size;
      events.push({ type: 'event', ...(this.spec.value.decode(this.engine.view, at) as object) } as DatapathEvent);
    }
    Atomics.store(this.words, (this.base + tailAt) >> 2, head | 0);
    const lost = this.word(lostAt);
    if (lost !== this.told) events.push({ type: 'lost', count: (lost - this.told) >>> 0 });
    this.told = lost;
    return events;
  }

  private word(offset: number): number {
    return Atomics.load(this.words, (this.base + offset) >> 2) >>> 0;
  }
}
