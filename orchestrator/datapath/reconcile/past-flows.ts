// Past flows: those that went past a frontend because they were opened before it was there. Their entries would keep them going to an
// address that nobody has, for as long as packets come.

import type { Datapath, DatapathMap } from '../datapath.ts';
import { dropEntries } from '../drop-entries.ts';
import {
  CONNTRACK_ORIGIN_CLOSED,
  CONNTRACK_ORIGIN_HIGH,
  CONNTRACK_REPLIED,
  CONNTRACK_RESPONDER_CLOSED,
  CONNTRACK_TRANSLATED,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
} from '../generated/enums.ts';
import type { Conntrack, FlowKey, FrontendKey } from '../generated/layouts.ts';
import { conntrackSpec } from '../generated/maps.ts';

const closed = CONNTRACK_ORIGIN_CLOSED | CONNTRACK_RESPONDER_CLOSED;

export class PastFlows {
  readonly #map: DatapathMap<FlowKey, Conntrack>;
  readonly #now: () => number;

  constructor(datapath: Pick<Datapath, 'map' | 'now'>) {
    this.#map = datapath.map(conntrackSpec);
    this.#now = () => datapath.now();
  }

  /**
   * To be called once the frontends are written. A connection to which somebody answered stays: the address was somebody's, and a backend
   * knows nothing of it.
   */
  async forget(frontends: readonly FrontendKey[]): Promise<void> {
    if (frontends.length === 0) return;
    const doors = new Set(frontends.map(({ hi, lo, protocol, port }) => doorText(hi, lo, protocol, port)));
    const now = this.#now();
    await dropEntries(this.#map, (key, value) => {
      if ((value.flags & CONNTRACK_TRANSLATED) !== 0 || isAnswered(key, value, now)) return false;
      const isLow = (value.flags & CONNTRACK_ORIGIN_HIGH) !== 0;
      const [hi, lo, port] = isLow ? [key.lowHi, key.lowLo, key.lowPort] : [key.highHi, key.highLo, key.highPort];
      return doors.has(doorText(hi, lo, key.protocol, port)) || doors.has(doorText(hi, lo, 0, 0));
    });
  }
}

/** Protocol and port 0: whatever is not a port of the address. */
function doorText(hi: bigint, lo: bigint, protocol: number, port: number): string {
  return `${hi} ${lo} ${protocol} ${port}`;
}

function isAnswered({ protocol }: FlowKey, { flags, expires }: Conntrack, now: number): boolean {
  const isConnection = protocol === PROTOCOL_TCP || protocol === PROTOCOL_SCTP;
  return isConnection && (flags & CONNTRACK_REPLIED) !== 0 && (flags & closed) === 0 && ((expires - now) | 0) > 0;
}
