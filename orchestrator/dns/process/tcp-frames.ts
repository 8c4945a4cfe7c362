// Frames of DNS over TCP: two bytes of length before each message. What has come of a frame is kept in a buffer that grows with it, never by
// what a length promises.

const lengthBytes = 2;
const leastRoom = 512;

export class FrameReader {
  private kept = Buffer.alloc(0);
  private filled = 0;

  /** Bytes of a frame that is not whole yet. */
  get pending(): number {
    return this.filled;
  }

  /** Calls `take` with each whole message; it may change its bytes, and keep them. */
  push(chunk: Buffer, take: (message: Buffer) => void): void {
    let from = 0;
    while (from < chunk.length) {
      if (this.filled === 0) {
        const whole = wholeFrame(chunk, from);
        if (whole > 0) {
          take(chunk.subarray(from + lengthBytes, from + whole));
          from += whole;
          continue;
        }
      }
      const wanted = this.filled < lengthBytes ? lengthBytes : lengthBytes + this.kept.readUInt16BE(0);
      const count = Math.min(wanted - this.filled, chunk.length - from);
      this.keep(chunk, from, count, wanted);
      from += count;
      if (this.filled < lengthBytes || this.filled < lengthBytes + this.kept.readUInt16BE(0)) continue;
      const message = Buffer.from(this.kept.subarray(lengthBytes, this.filled));
      this.filled = 0;
      this.kept = Buffer.alloc(0);
      take(message);
    }
  }

  private keep(chunk: Buffer, from: number, count: number, wanted: number): void {
    if (this.filled + count > this.kept.length) {
      const longer = Buffer.alloc(Math.max(Math.min(wanted, this.kept.length * 2), this.filled + count, leastRoom));
      this.kept.copy(longer, 0, 0, this.filled);
      this.kept = longer;
    }
    chunk.copy(this.kept, this.filled, from, from + count);
    this.filled += count;
  }
}

/** A message with its length before it; of at most 65,535 bytes. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(lengthBytes + message.length);
  framed.writeUInt16BE(message.length, 0);
  framed.set(message, lengthBytes);
  return framed;
}

/** Bytes of a frame that is whole where it is, else 0. */
function wholeFrame(chunk: Buffer, from: number): number {
  if (chunk.length - from < lengthBytes) return 0;
  const length = lengthBytes + chunk.readUInt16BE(from);
  return from + length <= chunk.length ? length : 0;
}
