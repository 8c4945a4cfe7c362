// Lines out of a stream of bytes, as many at a time as a piece of it has; no line is longer than it may be.

import { KubeError } from './failure.ts';

const newline = 0x0a;

/** Whole lines without their ends; empty ones are left out. A stream that ends within a line was cut: that is an error. */
export async function* linesOf(pieces: AsyncIterable<Buffer>, mostBytes: number, where: string): AsyncGenerator<Buffer[]> {
  let begun: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = piece.indexOf(newline); at >= 0 && length + at - from <= mostBytes; at = piece.indexOf(newline, from)) {
      begun.push(piece.subarray(from, at));
      const line = begun.length === 1 ? begun[0] : Buffer.concat(begun);
      if (line.length > 0) lines.push(line);
      begun = [];
      length = 0;
      from = at + 1;
    }
    if (lines.length > 0) yield lines;
    length += piece.length - from;
    if (length > mostBytes)
      throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: ${where}: a line is longer than ${mostBytes} bytes`);
    if (piece.length > from) begun.push(piece.subarray(from));
  }
  if (length > 0) throw new KubeError('KUBE_UNAVAILABLE', `kubernetes api: ${where}: the answer ended within a line`);
}
