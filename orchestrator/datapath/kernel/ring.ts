// Ring: the kernel's event ring, read where it lies. Both positions and every record's header are read and written with Atomics: the
// kernel writes them from other CPUs at any time.
//
//   page 0: consumer position (ours)   page 1: producer position (the kernel's)   from page 2: the data, mapped twice in a row
//
// A record is 8 bytes of header (bit 31 of its first word: still being written; bit 30: discarded; below: length), then the data.

import { AgentError } from '../../errors.ts';
import { errnoText } from './errno.ts';
import { type Libc, mapShared, protectRead, protectReadWrite } from './libc.ts';

const busy = 1 << 31;
const discarded = 1 << 30;
const headerBytes = 8;
const pollIn = 1;
/** EFD_CLOEXEC | EFD_NONBLOCK. */
const eventFlags = 0x80800;

export class Ring {
  private readonly libc: Libc;
  private readonly size: number;
  private readonly mappings: readonly [address: number, length: number][];
  private readonly consumer: BigInt64Array;
  private readonly producer: BigInt64Array;
  private readonly words: Int32Array;
  private readonly bell: number;
  private readonly waits: Uint8Array;
  private waiting: Promise<number> | undefined;
  closed = false;

  /** `descriptor` stays the caller's; `size` is the ring's in bytes. */
  constructor(libc: Libc, descriptor: number, size: number) {
    this.libc = libc;
    this.size = size;
    const page = libc.pageSize;
    const consumer = mapped(libc, page, protectReadWrite, descriptor, 0);
    const producer = mapped(libc, page + 2 * size, protectRead, descriptor, page);
    this.mappings = [
      [consumer, page],
      [producer, page + 2 * size],
    ];
    const data = libc.view(producer, page + 2 * size);
    this.consumer = new BigInt64Array(libc.view(consumer, page), 0, 1);
    this.producer = new BigInt64Array(data, 0, 1);
    this.words = new Int32Array(data, page);
    this.bell = libc.syscall('eventfd2', 0, eventFlags);
    this.waits = new Uint8Array(16);
    const view = new DataView(this.waits.buffer);
    for (const [index, polled] of [descriptor, this.bell].entries()) {
      view.setInt32(index * 8, polled, true);
      view.setInt16(index * 8 + 4, pollIn, true);
    }
  }

  /** Reads up to `most` finished records and gives their room back. `read` sees each in place, and must not keep it. */
  drain(most: number, read: (view: DataView, offset: number, length: number) => void): number {
    let at = Number(Atomics.load(this.consumer, 0));
    let count = 0;
    const view = new DataView(this.words.buffer, this.words.byteOffset);
    while (count < most && at < Number(Atomics.load(this.producer, 0))) {
      const place = at & (this.size - 1);
      const header = Atomics.load(this.words, place >> 2);
      if ((header & busy) !== 0) break;
      const length = header & ~(busy | discarded);
      if ((header & discarded) === 0) {
        read(view, place + headerBytes, length);
        count++;
      }
      at += (length + headerBytes + 7) & ~7;
      Atomics.store(this.consumer, 0, BigInt(at));
    }
    return count;
  }

  /** Resolves when there may be something to read, or at `close`, or after the timeout. */
  async wait(timeoutMs: number): Promise<void> {
    if (this.closed) return;
    this.waiting = this.libc.poll(this.libc.address(this.waits), 2, timeoutMs);
    await this.waiting;
  }

  /** Wakes the reader first: its poll must be over before what it polls goes. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const one = new BigUint64Array([1n]);
    this.libc.write(this.bell, this.libc.address(one), 8);
    await this.waiting;
    this.libc.close(this.bell);
    for (const [address, length] of this.mappings) this.libc.munmap(address, length);
  }
}

function mapped(libc: Libc, length: number, protection: number, descriptor: number, offset: number): number {
  const address = libc.mmap(length, protection, mapShared, descriptor, offset);
  if (address < 0) throw new AgentError('BPF_CALL_FAILED', `event ring: mmap: ${errnoText(address)}`);
  return address;
}
