// Inbox: where datagrams are received to, 64 by one call. Nothing is allocated for a datagram; what it holds is good until the next call.

import type { Calls } from './calls.ts';
import { batchSize, Messages } from './messages.ts';

/** struct cmsghdr. */
const leastControl = 16;

export class Inbox {
  /** Holds everything; `start`, `name` and `control` are places in it. */
  readonly bytes: Buffer;
  private readonly messages: Messages;
  private used = batchSize;

  /** `room`: bytes of the longest datagram. */
  constructor(calls: Calls, room: number) {
    this.messages = new Messages(calls, { vectors: 1, data: room });
    this.bytes = this.messages.bytes;
    for (let index = 0; index < batchSize; index += 1) this.messages.setVector(index, this.address(this.start(index)), room);
  }

  /** How many there are; 0 when there are none, or the socket tells of an error that nobody waits for. */
  receive(descriptor: number): number {
    this.messages.makeRoom(this.used);
    this.used = Math.max(this.messages.receive(descriptor), 0);
    return this.used;
  }

  start(index: number): number {
    return this.messages.data(index);
  }

  /** Bytes of the datagram; -1: it was longer than there is room. */
  length(index: number): number {
    return this.messages.length(index);
  }

  /** Where the struct sockaddr of the sender is. */
  name(index: number): number {
    return this.messages.name(index);
  }

  /** Where the first struct cmsghdr is; -1: there is none. */
  control(index: number): number {
    return this.messages.controlLength(index) < leastControl ? -1 : this.messages.control(index);
  }

  /** Address of a place. */
  address(place: number): number {
    return this.messages.address(place);
  }
}
