// Snapshot: the names of one pod as bytes, for a file that outlives the process. Ticks are the machine's since it started, and worth nothing after it
// has started again.

import type { EndpointBook } from './endpoint-book.ts';

/** First word of a snapshot: its kind and format. */
const mark = 0x31_4e_44_41;
const nameHead = 8;
const addressLength = 20;
const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * mark, then for each name, the one not used for longest first: bytes u16, addresses u16, last use i32, text, {16 bytes, expires i32} each.
 * Questions wait meanwhile: ten thousand addresses take less than a millisecond.
 */
export function namesBytes({ names, table }: EndpointBook): Buffer {
  let length = 4 + names.size * nameHead + names.links * addressLength;
  names.visit(
    (text) => {
      length += text.length;
    },
    () => undefined,
  );
  const bytes = Buffer.alloc(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  view.setUint32(0, mark, true);
  let [head, place, count] = [0, 4, 0];
  const endName = (): void => {
    if (place > 4) view.setUint16(head + 2, count, true);
  };
  names.visit(
    (text, lastUse) => {
      endName();
      head = place;
      count = 0;
      view.setUint16(head, text.length, true);
      view.setInt32(head + 4, lastUse, true);
      bytes.write(text, head + nameHead, 'latin1');
      place = head + nameHead + text.length;
    },
    (slot, expires) => {
      // Words are as the machine has them, and so were the bytes that they are of.
      for (let word = 0; word < 4; word += 1) view.setInt32(place + word * 4, table.words[slot * 4 + word], isLittle);
      view.setInt32(place + 16, expires, true);
      place += addressLength;
      count += 1;
    },
  );
  endName();
  return bytes;
}

/** Adds the names of a snapshot to a book; how many there were. What is cut off, or no snapshot, adds what can be read of it. */
export function restoreNames(book: EndpointBook, bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 4 || buffer.readUInt32LE(0) !== mark) return 0;
  const words = new Int32Array(4);
  const wordBytes = Buffer.from(words.buffer);
  let count = 0;
  for (let place = 4; place + nameHead <= buffer.length; count += 1) {
    const [length, addresses] = [buffer.readUInt16LE(place), buffer.readUInt16LE(place + 2)];
    const first = place + nameHead + length;
    const end = first + addresses * addressLength;
    if (end > buffer.length) break;
    const name = book.names.touch(buffer.toString('latin1', place + nameHead, first), buffer.readInt32LE(place + 4));
    for (let at = first; at < end; at += addressLength) {
      buffer.copy(wordBytes, 0, at, at + 16);
      book.link(name, words, 0, buffer.readInt32LE(at + 16));
    }
    place = end;
  }
  return count;
}
