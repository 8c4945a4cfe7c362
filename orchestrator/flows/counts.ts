// Counts of events by what they tell. Packets are counted by the datapath itself (metrics map); not every packet is an event.

import type { DatapathEvent } from '../datapath/datapath.ts';
import { eventName } from '../datapath/generated/enums.ts';

export interface FlowCounts {
  /** `drop`, `allow`, `audit`, `overflow` → events. */
  readonly events: Readonly<Record<string, number>>;
  /** Events that found the datapath's ring full. */
  readonly lost: number;
}

export class FlowCounter {
  readonly #events: Record<string, number> = { drop: 0, allow: 0, audit: 0, overflow: 0 };
  #lost = 0;

  count(event: DatapathEvent): void {
    if (event.type === 'lost') {
      this.#lost += event.count;
      return;
    }
    const name = eventName(event.kind) ?? 'unknown';
    this.#events[name] = (this.#events[name] ?? 0) + 1;
  }

  counts(): FlowCounts {
    return { events: { ...this.#events }, lost: this.#lost };
  }
}
