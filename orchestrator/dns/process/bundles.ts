// Bundles: datagrams to servers, up to 64 by one call. Those of one length to one server go through the host as one, and are cut up where they leave
// it (UDP_SEGMENT), which costs a fraction of what as many cost by themselves.

import type { Calls } from './calls.ts';
import { batchSize, Messages } from './messages.ts';
import { type Family, family } from './socket-options.ts';

/** struct cmsghdr with SOL_UDP, UDP_SEGMENT and a u16: its length with and without padding. */
const segment = { level: 17, type: 103, length: 18, space: 24, size: 16 } as const;
/** Of one bundle: the kernel takes 64, and what is lost with one is lost together. */
const mostTogether = 32;
/** EIO, EINVAL: what lies on the way cannot cut up. */
const cannot: ReadonlySet<number> = new Set([5, 22]);
const none = 0xff;
/** struct sockaddr: its length, and where port and address are, which is all that matters of one. */
const [portAt, portBytes] = [2, 2];
const shapes = {
  [family.ipv4]: { length: 16, address: 4, bytes: 4 },
  [family.ipv6]: { length: 28, address: 8, bytes: 16 },
} as const;

export class Bundles {
  private readonly messages: Messages;
  private readonly shape: (typeof shapes)[Family];
  private readonly failed: (index: number, errno: number) => void;
  // By number of the datagram.
  private readonly addresses = new Float64Array(batchSize);
  private readonly next = new Uint8Array(batchSize);
  // By number of the bundle.
  private readonly lengths = new Uint16Array(batchSize);
  private readonly counts = new Uint8Array(batchSize);
  private readonly first = new Uint8Array(batchSize);
  private readonly last = new Uint8Array(batchSize);
  private waiting = 0;
  private bundles = 0;
  private cuts = true;

  /** `failed` is told of a datagram that the kernel did not take, by its number. */
  constructor(calls: Calls, of: Family, failed: (index: number, errno: number) => void) {
    this.messages = new Messages(calls, { vectors: 1, data: 0 });
    this.shape = shapes[of];
    this.failed = failed;
    const { messages } = this;
    const view = new DataView(messages.bytes.buffer);
    for (let index = 0; index < batchSize; index += 1) {
      view.setUint16(messages.name(index), of, true);
      const at = messages.control(index);
      view.setBigUint64(at, BigInt(segment.length), true);
      view.setInt32(at + 8, segment.level, true);
      view.setInt32(at + 12, segment.type, true);
    }
  }

  get isFull(): boolean {
    return this.waiting === batchSize;
  }

  /** Number of the datagram that `add` makes next. */
  get nextNumber(): number {
    return this.waiting;
  }

  /** The next one, to the port and the address of a struct sockaddr at `to` of `bytes`; its own bytes stay where they are until `flush`. */
  add(bytes: Buffer, to: number, address: number, length: number): void {
    const number = this.waiting;
    this.waiting = number + 1;
    this.addresses[number] = address;
    this.next[number] = none;
    for (let bundle = 0; this.cuts && bundle < this.bundles; bundle += 1) {
      if (this.lengths[bundle] !== length || this.counts[bundle] === mostTogether || !this.isTo(bundle, bytes, to)) continue;
      this.next[this.last[bundle] as number] = number;
      this.last[bundle] = number;
      this.counts[bundle] += 1;
      return;
    }
    const bundle = this.bundles;
    this.bundles = bundle + 1;
    this.lengths[bundle] = length;
    this.counts[bundle] = 1;
    this.first[bundle] = number;
    this.last[bundle] = number;
    this.address(bundle, bytes, to);
  }

  /** Sends what waits. */
  flush(descriptor: number): void {
    const { messages, bundles } = this;
    this.waiting = 0;
    this.bundles = 0;
    if (bundles === 0) return;
    let vector = 0;
    for (let bundle = 0; bundle < bundles; bundle += 1) {
      const [count, length] = [this.counts[bundle] as number, this.lengths[bundle] as number];
      messages.setVectors(bundle, vector, count);
      messages.setLengths(bundle, this.shape.length, count > 1 ? segment.space : 0);
      const size = messages.control(bundle) + segment.size;
      messages.bytes[size] = length & 0xff;
      messages.bytes[size + 1] = length >>> 8;
      for (let number = this.first[bundle] as number; number !== none; number = this.next[number] as number) {
        messages.setVector(vector, this.addresses[number] as number, length);
        vector += 1;
      }
    }
    messages.send(descriptor, bundles, (bundle, errno) => this.sendSingly(descriptor, bundle, errno));
  }

  /** What was not taken together may be taken one by one. */
  private sendSingly(descriptor: number, bundle: number, errno: number): void {
    const { messages } = this;
    const number = this.first[bundle] as number;
    if (this.counts[bundle] === 1) {
      this.failed(number, errno);
      return;
    }
    if (cannot.has(errno)) this.cuts = false;
    let vector = 0;
    for (let before = 0; before < bundle; before += 1) vector += this.counts[before] as number;
    messages.setLengths(bundle, this.shape.length, 0);
    for (let at = number; at !== none; at = this.next[at] as number, vector += 1) {
      messages.setVectors(bundle, vector, 1);
      const problem = messages.sendOne(descriptor, bundle);
      if (problem !== 0) this.failed(at, problem);
    }
  }

  private address(bundle: number, bytes: Buffer, to: number): void {
    const { messages, shape } = this;
    const name = messages.name(bundle);
    for (let at = portAt; at < portAt + portBytes; at += 1) messages.bytes[name + at] = bytes[to + at] as number;
    for (let at = shape.address; at < shape.address + shape.bytes; at += 1) messages.bytes[name + at] = bytes[to + at] as number;
  }

  private isTo(bundle: number, bytes: Buffer, to: number): boolean {
    const { messages, shape } = this;
    const name = messages.name(bundle);
    for (let at = portAt; at < portAt + portBytes; at += 1) if (messages.bytes[name + at] !== bytes[to + at]) return false;
    for (let at = shape.address; at < shape.address + shape.bytes; at += 1) if (messages.bytes[name + at] !== bytes[to + at]) return false;
    return true;
  }
}
