// Upstreams: the sockets by which datagrams go to the servers that pods ask, ordinary ones of the node, several with ports that the kernel draws.
// Each is a lane of the engine: what comes back on one is an answer only to what left by it.

import { randomInt } from 'node:crypto';
import { Bundles } from './bundles.ts';
import type { Calls } from './calls.ts';
import type { Inbox } from './inbox.ts';
import { batchSize } from './messages.ts';
import { lostBy } from './socket-losses.ts';
import { type Family, family, kind, openSocket, option } from './socket-options.ts';

/** Of each family. */
export const lanesEach = 8;
const anywhere4 = new Uint8Array(4);
const anywhere6 = new Uint8Array(16);

export interface Lane {
  /** Its number in the engine. */
  readonly number: number;
  readonly family: Family;
  /** Another one from time to time. */
  descriptor: number;
}

interface Side {
  readonly lanes: readonly Lane[];
  readonly bundles: Bundles;
  /** By number of the datagram. */
  readonly slots: Uint16Array;
  current: Lane;
}

export class Upstreams {
  readonly lanes: readonly Lane[];
  private readonly calls: Calls;
  private next = 0;
  /** By sockets that are closed. */
  private lostBefore = 0;
  private readonly sides = new Map<Family, Side>();

  /** `failed`: the host sent nothing for the query of that slot. Throws DNS_SOCKET_UNUSABLE. */
  constructor(calls: Calls, failed: (slot: number, errno: number) => void) {
    this.calls = calls;
    for (const which of [family.ipv4, family.ipv6] as const) {
      const lanes = openLanes(calls, which);
      const [current] = lanes;
      if (current === undefined) continue;
      const slots = new Uint16Array(batchSize);
      const bundles = new Bundles(calls, which, (number, errno) => failed(slots[number] as number, errno));
      this.sides.set(which, { lanes, bundles, slots, current });
    }
    this.lanes = [...this.sides.values()].flatMap(({ lanes }) => lanes);
  }

  /** Gives the next lane in turn another socket, and so another port: the lane, and the socket that it had, on which answers may still come. */
  renew(): { readonly lane: Lane; readonly before: number } | undefined {
    const lane = this.lanes[this.next++ % this.lanes.length];
    const descriptor = lane === undefined ? undefined : openLane(this.calls, lane.family);
    if (lane === undefined || descriptor === undefined) return undefined;
    const before = lane.descriptor;
    lane.descriptor = descriptor;
    return { lane, before };
  }

  /** Closes a socket that a lane had. */
  retire(descriptor: number): void {
    this.lostBefore += lostBy(this.calls, descriptor);
    this.calls.close(descriptor);
  }

  /** Answers that came faster than they were read. */
  get lost(): number {
    return this.lanes.reduce((sum, { descriptor }) => sum + lostBy(this.calls, descriptor), this.lostBefore);
  }

  /** The lane for the queries of a batch; undefined: this host has no such family. */
  begin(of: Family): Lane | undefined {
    const side = this.sides.get(of);
    if (side === undefined) return undefined;
    side.current = side.lanes[randomInt(side.lanes.length)] as Lane;
    return side.current;
  }

  /** A query of that batch, to the address at `server` of `inbox` and that port in host order; its bytes stay where they are until `flush`. */
  add(
    of: Family,
    slot: number,
    query: { readonly inbox: Inbox; readonly server: number; readonly start: number; readonly length: number },
  ): void {
    const side = this.sides.get(of);
    if (side === undefined) return;
    const { bundles, slots } = side;
    const { inbox, server, start, length } = query;
    slots[bundles.nextNumber] = slot;
    bundles.add(inbox.bytes, server, inbox.address(start), length);
    if (bundles.isFull) bundles.flush(side.current.descriptor);
  }

  flush(of: Family): void {
    const side = this.sides.get(of);
    side?.bundles.flush(side.current.descriptor);
  }
}

function openLanes(calls: Calls, of: Family): Lane[] {
  return Array.from({ length: lanesEach }, (_, index) => {
    const number = (of === family.ipv4 ? 0 : lanesEach) + index;
    return { number, family: of, descriptor: openLane(calls, of) ?? -1 };
  }).filter(({ descriptor }) => descriptor >= 0);
}

function openLane(calls: Calls, of: Family): number | undefined {
  const options = [option.receiveRoom, option.receiveRoomForced, option.sendRoom, option.sendRoomForced];
  const [address, own] = of === family.ipv4 ? [anywhere4, options] : [anywhere6, [option.onlyIpv6, ...options]];
  return openSocket(calls, { family: of, kind: kind.datagram, protocol: 0, options: own, address });
}
