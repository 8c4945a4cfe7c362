// The log's ring: the last records in bounded room, and readers that nobody waits for: what one has missed is counted for it.

import { entryLength, field, type LogEntry, writeEntry } from './log-entry.ts';

/** In place of a length: from here to the end of the ring there is nothing. */
const gap = 0xffffffff;

export class LogRing {
  readonly capacity: number;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** Bytes ever used, gaps too: a place is this modulo the capacity. */
  #head = 0;
  #written = 0;
  /** The oldest record that is there. */
  #tail = 0;
  #overwritten = 0;
  /** Records too long to be kept: they count as written and overwritten, so readers count them as lost. */
  #tooLong = 0;

  /** Bytes, a multiple of 4. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity / 4) || capacity < 4096) throw new RangeError(`DNS log: not a size of a ring: ${capacity}`);
    this.capacity = capacity;
    this.#bytes = Buffer.alloc(capacity);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, capacity);
  }

  /** Records ever written. */
  get written(): number {
    return this.#written;
  }

  get tooLong(): number {
    return this.#tooLong;
  }

  write(entry: LogEntry): void {
    const length = entryLength(entry);
    if (length > this.capacity / 4) {
      this.#tooLong += 1;
      return;
    }
    let place = this.#head % this.capacity;
    if (place + length > this.capacity) {
      this.#makeRoom(this.capacity - place);
      this.#view.setUint32(place, gap, true);
      this.#head += this.capacity - place;
      place = 0;
    }
    this.#makeRoom(length);
    writeEntry(entry, length, this.#bytes, this.#view, place);
    this.#head += length;
    this.#written += 1;
  }

  /** `oldest`: from what is there on; `newest`: from the next record on. */
  reader(from: 'oldest' | 'newest'): LogReader {
    return from === 'oldest' ? new LogReader(this, this.#tail, this.#overwritten) : new LogReader(this, this.#head, this.#written);
  }

  /** Whole records from `at` on, copied, to `into` if they fit: at most `most` bytes, but one record at least. `next` is behind them. */
  read(
    at: number,
    order: number,
    most: number,
    into?: Buffer,
  ): { readonly lost: number; readonly bytes: Buffer; readonly next: number; readonly order: number } {
    const lost = this.missed(at, order);
    let next = Math.max(at, this.#tail);
    let count = order + lost;
    if (next < this.#head && this.#lengthAt(next) === gap) next += this.capacity - (next % this.capacity);
    const first = next;
    while (next < this.#head) {
      const length = this.#lengthAt(next);
      if (length === gap || (next > first && next + length - first > most)) break;
      next += length;
      count += 1;
      if (next % this.capacity === 0) break;
    }
    const place = first % this.capacity;
    const found = this.#bytes.subarray(place, place + next - first);
    if (into === undefined || into.length < found.length) return { lost, bytes: Buffer.from(found), next, order: count };
    found.copy(into);
    return { lost, bytes: into.subarray(0, found.length), next, order: count };
  }

  /** Bytes from `at` on, of which some may not be there any more. */
  left(at: number): number {
    return this.#head - at;
  }

  /** Records from `at` on that are not there any more. */
  missed(at: number, order: number): number {
    return at < this.#tail ? this.#overwritten - order : 0;
  }

  #lengthAt(at: number): number {
    return this.#view.getUint32((at % this.capacity) + field.length, true);
  }

  #makeRoom(length: number): void {
    while (this.#head + length - this.#tail > this.capacity) {
      const oldest = this.#lengthAt(this.#tail);
      if (oldest === gap) this.#tail += this.capacity - (this.#tail % this.capacity);
      else {
        this.#tail += oldest;
        this.#overwritten += 1;
      }
    }
  }
}

export class LogReader {
  /** Records that this reader will never see, as far as it has read. */
  lost = 0;
  readonly #ring: LogRing;
  #at: number;
  #order: number;

  constructor(ring: LogRing, at: number, order: number) {
    this.#ring = ring;
    this.#at = at;
    this.#order = order;
  }

  /** The same by now, though it has not come to them. */
  get missed(): number {
    return this.lost + this.#ring.missed(this.#at, this.#order);
  }

  /** Bytes that were written since. */
  get left(): number {
    return this.#ring.left(this.#at);
  }

  /** Records that it has seen or lost, counted as the ring counts what is written. */
  get order(): number {
    return this.#order;
  }

  /** The next whole records, about `most` bytes of them, in `into` if they fit; empty when there is nothing new. */
  read(most = 65_536, into?: Buffer): Buffer {
    const { lost, bytes, next, order } = this.#ring.read(this.#at, this.#order, most, into);
    this.lost += lost;
    this.#at = next;
    this.#order = order;
    return bytes;
  }
}
