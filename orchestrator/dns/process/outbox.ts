// Outbox: datagrams to be sent, up to 64 by one call. Each has a head of its own in here, and a body that lies where it was received. Nothing is
// allocated for a datagram.

import type { Calls } from './calls.ts';
import { batchSize, Messages } from './messages.ts';

const headBytes = 16;

export class Outbox {
  readonly bytes: Buffer;
  private readonly messages: Messages;
  private readonly failed: (index: number, errno: number) => void;
  private waiting = 0;

  /** `failed` is told of a datagram that the kernel did not take, by its number. */
  constructor(calls: Calls, headLength: number, failed: (index: number, errno: number) => void) {
    this.failed = failed;
    this.messages = new Messages(calls, { vectors: 2, data: headBytes });
    this.bytes = this.messages.bytes;
    for (let index = 0; index < batchSize; index += 1)
      this.messages.setVector(index * 2, this.messages.address(this.head(index)), headLength);
  }

  get isFull(): boolean {
    return this.waiting === batchSize;
  }

  /** Number of the datagram that `add` makes next. */
  get next(): number {
    return this.waiting;
  }

  name(index: number): number {
    return this.messages.name(index);
  }

  control(index: number): number {
    return this.messages.control(index);
  }

  head(index: number): number {
    return this.messages.data(index);
  }

  /** The next one: name, control block and head are written already; the body stays where it is until `flush`. */
  add(nameLength: number, controlLength: number, address: number, length: number): void {
    const index = this.waiting;
    this.messages.setLengths(index, nameLength, controlLength);
    this.messages.setVector(index * 2 + 1, address, length);
    this.waiting = index + 1;
  }

  /** Sends what waits. */
  flush(descriptor: number): void {
    const count = this.waiting;
    this.waiting = 0;
    if (count > 0) this.messages.send(descriptor, count, this.failed);
  }
}
