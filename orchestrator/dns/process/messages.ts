// Messages: struct mmsghdr of 64 datagrams and what each points to, in one piece of memory that is written once: what changes with a datagram is
// written by whoever sends or receives it. Places are bytes from the start of that memory.

import type { Calls } from './calls.ts';

export const batchSize = 64;
/** struct mmsghdr in bytes, and in words: lengths of the name and of the control block, its vectors and how many, flags, the datagram's length. */
const header = {
  bytes: 64,
  words: 16,
  nameLength: 2,
  vectors: 4,
  vectorCount: 6,
  control: 8,
  controlLength: 10,
  flags: 12,
  length: 14,
} as const;
const vectorBytes = 16;
const [nameBytes, controlBytes] = [32, 64];
/** MSG_TRUNC; MSG_DONTWAIT; MSG_DONTWAIT | MSG_NOSIGNAL. */
const [truncated, atOnce, sendFlags] = [0x20, 0x40, 0x4040];
/** EAGAIN: the socket has no room. */
const noRoom = 11;
const mostTries = 16;

export interface MessagesShape {
  /** struct iovec of each. */
  readonly vectors: number;
  /** Bytes of each that are kept here. */
  readonly data: number;
}

export class Messages {
  readonly bytes: Buffer;
  private readonly words: Int32Array;
  private readonly calls: Calls;
  private readonly shape: MessagesShape;
  private readonly base: number;
  private readonly names: number;
  private readonly controls: number;
  private readonly dataAt: number;

  constructor(calls: Calls, shape: MessagesShape) {
    this.calls = calls;
    this.shape = shape;
    this.names = batchSize * (header.bytes + vectorBytes * shape.vectors);
    this.controls = this.names + batchSize * nameBytes;
    this.dataAt = this.controls + batchSize * controlBytes;
    const memory = new ArrayBuffer(this.dataAt + batchSize * shape.data);
    this.bytes = Buffer.from(memory);
    this.words = new Int32Array(memory);
    this.base = calls.address(this.bytes);
    for (let index = 0; index < batchSize; index += 1) {
      const at = index * header.words;
      this.writeAddress(at, this.address(this.name(index)));
      this.writeAddress(at + header.control, this.address(this.control(index)));
      this.setVectors(index, index * shape.vectors, shape.vectors);
    }
  }

  /** Where the struct sockaddr is. */
  name(index: number): number {
    return this.names + index * nameBytes;
  }

  /** Where the first struct cmsghdr is. */
  control(index: number): number {
    return this.controls + index * controlBytes;
  }

  data(index: number): number {
    return this.dataAt + index * this.shape.data;
  }

  /** Address of a place. */
  address(place: number): number {
    return this.base + place;
  }

  /** Vectors of all messages stand one behind the other. */
  setVector(vector: number, address: number, length: number): void {
    const word = (batchSize * header.bytes + vector * vectorBytes) >>> 2;
    this.writeAddress(word, address);
    this.words[word + 2] = length;
  }

  setVectors(index: number, first: number, count: number): void {
    const at = index * header.words;
    this.writeAddress(at + header.vectors, this.base + batchSize * header.bytes + first * vectorBytes);
    this.words[at + header.vectorCount] = count;
  }

  setLengths(index: number, name: number, control: number): void {
    const at = index * header.words;
    this.words[at + header.nameLength] = name;
    this.words[at + header.controlLength] = control;
  }

  controlLength(index: number): number {
    return this.words[index * header.words + header.controlLength] as number;
  }

  /** Bytes of the datagram; -1: it was longer than there is room. */
  length(index: number): number {
    const at = index * header.words;
    return ((this.words[at + header.flags] as number) & truncated) !== 0 ? -1 : (this.words[at + header.length] as number);
  }

  /** Room for what `receive` may write to the first ones. */
  makeRoom(count: number): void {
    for (let index = 0; index < count; index += 1) this.setLengths(index, nameBytes, controlBytes);
  }

  /** As recvmmsg: how many, or -1. */
  receive(descriptor: number): number {
    return this.calls.recvmmsg(descriptor, this.base, batchSize, atOnce, 0);
  }

  /** Sends the first ones; `failed` is told of each that the kernel did not take. */
  send(descriptor: number, count: number, failed: (index: number, errno: number) => void): void {
    let tries = 0;
    for (let from = 0; from < count; ) {
      const sent = this.calls.sendmmsg(descriptor, this.base + from * header.bytes, count - from, sendFlags);
      if (sent > 0) {
        from += sent;
        continue;
      }
      const errno = this.calls.errno();
      tries += 1;
      if (errno === noRoom && tries < mostTries) continue;
      failed(from, errno);
      from += 1;
    }
  }

  /** Sends that one; 0, or why not. */
  sendOne(descriptor: number, index: number): number {
    return this.calls.sendmmsg(descriptor, this.base + index * header.bytes, 1, sendFlags) > 0 ? 0 : this.calls.errno();
  }

  private writeAddress(word: number, address: number): void {
    this.words[word] = (address % 2 ** 32) | 0;
    this.words[word + 1] = Math.floor(address / 2 ** 32);
  }
}
