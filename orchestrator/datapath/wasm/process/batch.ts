// Batch: small packets of one port, read together and written together: two crossings to C and two system calls a packet become a
// few for many. They lie in the input buffer, each in a slot of its own; of one that is longer than its slot, the rest is read elsewhere.

import type { Calls } from '../calls.ts';
import type { Engine } from '../engine.ts';
import { type PortTable, sentCounter } from './port-table.ts';
import { openSubmission, operation, type Submission } from './submission.ts';

export interface BatchParts {
  readonly engine: Engine;
  readonly calls: Calls;
  readonly table: PortTable;
  readonly worker: number;
}

const slots = 32;
/** What lies in a slot: all of what an Ethernet carries. Slots start on lines of their own, and on different ones of a cache. */
export const slotBytes = 2048;
const stride = slotBytes + 64;
/** The most that a packet has, with its virtio-net header. */
export const mostBytes = 70000;
const restBytes = mostBytes - slotBytes;

export class Batch {
  /** Packets that can be read at once; 0: this machine does not have it. */
  readonly room: number;
  /** Where the packet lies that `open` told of, in linear memory. */
  packet = 0;
  /** The same if it stays there until `read` or `flush`, so that `write` may take it; 0 otherwise, and outside of a batch. */
  current = 0;
  private slot = 0;
  private waiting = 0;
  private isSpread = false;
  private readonly submission: Submission | undefined;
  private readonly bytes: Uint8Array;
  private readonly input: number;
  /** What slots held and what did not go into them, when there is a long packet among them. */
  private readonly heads = new Uint8Array(slots * stride);
  private readonly rests = new Uint8Array(slots * restBytes);
  /** Two of struct iovec by slot, address and length each: the slot, and the rest. The kernel reads them with every request. */
  private readonly parts = new BigUint64Array(slots * 4);
  /** Slots of the packets that came. */
  private readonly came = new Int32Array(slots);
  private readonly ports = new Int32Array(slots);
  private readonly lengths = new Int32Array(slots);
  /** Written requests by place in the list. */
  private readonly written = new Int32Array(slots);
  private readonly count: (port: number, length: number, isTaken: boolean) => void;

  constructor({ engine, calls, table, worker }: BatchParts) {
    this.bytes = engine.bytes;
    this.input = engine.exports.inputBuffer();
    this.count = sentCounter(table, worker);
    this.submission = openSubmission(calls, 2 * slots);
    this.room = this.submission === undefined ? 0 : slots;
    if (this.submission !== undefined) this.prepare(calls, this.submission);
  }

  /** Writes what waits, then reads up to `most` packets; how many came. Fewer: there are no more. */
  read(descriptor: number, most: number): number {
    const { submission, waiting, lengths } = this;
    if (submission === undefined) return 0;
    for (let slot = 0; slot < most; slot += 1) {
      submission.setDescriptor(slot, descriptor);
      submission.list(waiting + slot, slot);
    }
    submission.run(waiting + most);
    this.settle(submission);
    let came = 0;
    let longest = 0;
    // One may have come after another slot found nothing.
    for (let slot = 0; slot < most; slot += 1) {
      const length = submission.results[slot] as number;
      if (length <= 0) continue;
      lengths[slot] = length;
      if (length > longest) longest = length;
      this.came[came] = slot;
      came += 1;
    }
    this.isSpread = longest > slotBytes;
    if (this.isSpread) this.heads.set(this.bytes.subarray(this.input, this.input + slots * stride));
    return came;
  }

  /** Turns to the packet that came as the `index`th: its length. */
  open(index: number): number {
    const slot = this.came[index] as number;
    const length = this.lengths[slot] as number;
    this.slot = slot;
    if (this.isSpread) this.join(slot, length);
    else this.packet = this.current = this.input + slot * stride;
    return length;
  }

  /** Of `current`: it is written, and counted, with the next `read` or `flush`. */
  write(port: number, descriptor: number, length: number): void {
    const { submission, slot } = this;
    submission?.setDescriptor(slots + slot, descriptor);
    submission?.setLength(slots + slot, length);
    submission?.list(this.waiting, slots + slot);
    this.written[this.waiting] = slots + slot;
    this.ports[this.waiting] = port;
    this.lengths[slot] = length;
    this.waiting += 1;
  }

  flush(): void {
    this.current = 0;
    if (this.submission === undefined || this.waiting === 0) return;
    this.submission.run(this.waiting);
    this.settle(this.submission);
  }

  private settle({ results }: Submission): void {
    for (let place = 0; place < this.waiting; place += 1) {
      const request = this.written[place] as number;
      this.count(this.ports[place] as number, this.lengths[request - slots] as number, (results[request] as number) >= 0);
    }
    this.waiting = 0;
  }

  /** Whole, where the slots were: none of them is needed there any more. */
  private join(slot: number, length: number): void {
    const { bytes, input } = this;
    const head = Math.min(length, slotBytes);
    bytes.set(this.heads.subarray(slot * stride, slot * stride + head), input);
    if (length > head) bytes.set(this.rests.subarray(slot * restBytes, slot * restBytes + length - head), input + head);
    this.packet = input;
    this.current = 0;
  }

  private prepare(calls: Calls, submission: Submission): void {
    const base = calls.address(this.bytes) + this.input;
    const rest = calls.address(this.rests);
    const at = calls.address(this.parts);
    for (let slot = 0; slot < slots; slot += 1) {
      this.parts.set([base + slot * stride, slotBytes, rest + slot * restBytes, restBytes].map(BigInt), slot * 4);
      submission.prepare(slot, operation.readParts, at + slot * 32, 2);
      submission.prepare(slots + slot, operation.write, base + slot * stride, 0);
    }
  }
}
