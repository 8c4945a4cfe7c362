// Hostile messages: queries and answers that are right, and what becomes of them by a few changes of somebody who knows the format: counts, lengths,
// pointers, ends. Written to a buffer at a place; nothing is allocated but what a name needs.

export type Next = () => number;

const pointer = 0xc000;
/** Bytes of the longest message that TCP carries, which is also more than any datagram. */
export const longest = 65_535;

/** Number of one of `count`. */
export const pick = (next: Next, count: number): number => next() % count;

function writeWord(bytes: Buffer, at: number, value: number): void {
  bytes[at] = (value >>> 8) & 255;
  bytes[at + 1] = value & 255;
}

/** With case at random; returns its end. */
function writeName(bytes: Buffer, at: number, name: string, next: Next): number {
  let place = at;
  for (const label of name.split('.')) {
    if (label === '') continue;
    bytes[place++] = label.length;
    for (let index = 0; index < label.length; index += 1) {
      const code = label.charCodeAt(index);
      bytes[place++] = code >= 0x61 && code <= 0x7a && (next() & 64) !== 0 ? code - 32 : code;
    }
  }
  bytes[place] = 0;
  return place + 1;
}

const longLabel = 'l'.repeat(63);
const longName = `${longLabel}.${longLabel}.${longLabel}.${'m'.repeat(48)}.allowed.test`;

function nameOf(next: Next): string {
  switch (pick(next, 12)) {
    case 0:
      return 'exact.test';
    case 1:
      return `other-${pick(next, 50)}.denied.test`;
    case 2:
      return `deep.${pick(next, 50)}.allowed.test`;
    case 3:
      return longName;
    case 4:
      return '';
    case 5:
      return Array.from({ length: 120 }, () => 'a').join('.');
    default:
      return `host-${pick(next, 400)}.allowed.test`;
  }
}

const queryTypes = [1, 1, 1, 28, 28, 5, 16, 65, 255] as const;

/** A right query; its length. */
export function writeQuery(bytes: Buffer, start: number, next: Next): number {
  bytes.fill(0, start, start + 12);
  writeWord(bytes, start, next());
  bytes[start + 2] = 1;
  bytes[start + 5] = 1;
  let at = writeName(bytes, start + 12, nameOf(next), next);
  writeWord(bytes, at, queryTypes[pick(next, queryTypes.length)] as number);
  writeWord(bytes, at + 2, pick(next, 50) === 0 ? 3 : 1);
  at += 4;
  if (pick(next, 3) > 0) return at - start;
  bytes[start + 11] = 1;
  bytes.fill(0, at, at + 11);
  writeWord(bytes, at + 1, 41);
  writeWord(bytes, at + 3, 4096);
  return at + 11 - start;
}

/** A right answer to the query of which `question` bytes stand at `from` behind its header; its length. */
export function writeAnswer(bytes: Buffer, start: number, query: Buffer, question: number, id: number, next: Next): number {
  bytes.fill(0, start, start + 12);
  writeWord(bytes, start, id);
  bytes[start + 2] = 0x81;
  bytes[start + 3] = 0x80 | (pick(next, 10) === 0 ? 3 : 0);
  bytes[start + 5] = 1;
  query.copy(bytes, start + 12, 12, 12 + question);
  let [at, owner, records] = [start + 12 + question, pointer | 12, 0];
  for (let depth = pick(next, 8) < 5 ? 0 : pick(next, 6); depth > 0; depth -= 1, records += 1) {
    at = writeHead(bytes, at, owner, 5, next);
    const target = at;
    at = writeName(bytes, at, `alias-${pick(next, 8)}.cdn.test`, next);
    writeWord(bytes, target - 2, at - target);
    owner = pointer | (target - start);
  }
  const addresses = pick(next, 200) === 0 ? pick(next, 3000) : pick(next, 12);
  for (let index = 0; index < addresses && at + 32 < start + longest; index += 1, records += 1) {
    const size = pick(next, 3) === 0 ? 16 : 4;
    at = writeHead(bytes, at, pick(next, 15) === 0 ? pointer | 12 : owner, size === 4 ? 1 : 28, next);
    writeWord(bytes, at - 2, size);
    bytes.fill(0, at, at + size);
    bytes[at] = size === 4 ? 198 : 0x20;
    bytes[at + 1] = 1;
    writeWord(bytes, at + size - 2, next());
    at += size;
  }
  writeWord(bytes, start + 6, records);
  return at - start;
}

/** Of a record, up to its data, whose length is still to be written. */
function writeHead(bytes: Buffer, at: number, owner: number, type: number, next: Next): number {
  writeWord(bytes, at, owner);
  writeWord(bytes, at + 2, type);
  writeWord(bytes, at + 4, pick(next, 60) === 0 ? 3 : 1);
  writeWord(bytes, at + 6, pick(next, 100) === 0 ? 0xffff : 0);
  writeWord(bytes, at + 8, pick(next, 120));
  return at + 12;
}

const counts = [0, 1, 2, 3, 255, 65_535] as const;

/** One change of somebody who means harm; the length by then. */
export function spoil(bytes: Buffer, start: number, length: number, next: Next): number {
  const anywhere = start + pick(next, Math.max(1, length));
  switch (pick(next, 12)) {
    case 0:
      bytes[anywhere] = next() & 255;
      return length;
    case 1:
      writeWord(bytes, start + 4 + pick(next, 4) * 2, counts[pick(next, counts.length)] as number);
      return Math.max(length, 12);
    case 2:
      return pick(next, length + 1);
    case 3:
      // To itself, forwards, into the header, or to what may be a name.
      writeWord(bytes, anywhere, pointer | [anywhere - start, anywhere - start + 2, pick(next, 12), 12 + pick(next, 64)][pick(next, 4)]!);
      return length;
    case 4:
      bytes[anywhere] = 0x40 + pick(next, 0x80);
      return length;
    case 5:
      bytes[start + 2] = next() & 255;
      return length;
    case 6:
      writeWord(bytes, anywhere, counts[pick(next, counts.length)] as number);
      return length;
    case 7:
      return pad(bytes, start, length, pick(next, 50) === 0 ? longest : Math.min(longest, length + pick(next, 300)), next);
    case 8:
      return chainOfPointers(bytes, start, length, next);
    case 9:
      for (let at = start + 12; at < start + Math.min(length, 300); at += 1) bytes[at] = next() & 255;
      return length;
    case 10:
      bytes[start + 12] = pick(next, 64);
      return length;
    default:
      bytes[anywhere] = 0;
      return length;
  }
}

function pad(bytes: Buffer, start: number, length: number, wanted: number, next: Next): number {
  bytes.fill(next() & 255, start + length, start + wanted);
  return wanted;
}

/** Pointers to pointers, backwards as they should be, as many as there is room for in a while; a record's owner is the last one. */
function chainOfPointers(bytes: Buffer, start: number, length: number, next: Next): number {
  const chain = 2 + pick(next, 200);
  if (length + chain * 2 > 0x3f00) return length;
  for (let index = 0; index < chain; index += 1) {
    const at = length + index * 2;
    writeWord(bytes, start + at, pointer | (index === 0 ? 12 : at - 2));
  }
  if (length > 30) writeWord(bytes, start + length - 16, pointer | (length + (chain - 1) * 2));
  return length + chain * 2;
}
