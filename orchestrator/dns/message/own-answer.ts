// Answers that we make ourselves: a header, the question as it was asked, and nothing but an rcode.

import { count, flag, headerBytes, readWord, recordType, writeWord } from './header.ts';
import { NameWalk } from './name.ts';
import { questionBytes } from './question.ts';

const optBytes = 11;
/** What a datagram may carry that nothing on the way breaks up. */
const datagramBytes = 1232;
/** Records of a query that are looked at for its OPT. */
const mostRecords = 32;

/** Bytes that an own answer may need. */
export const longestOwnAnswer = headerBytes + 255 + 4 + optBytes;

const walk = new NameWalk();

/**
 * Writes the answer to a query of at least twelve bytes to `into` at `at`; returns its length. Copied are the id, the opcode, RD, CD, the
 * question with its case if it is a whole one, and that the query spoke EDNS (with DO). `into` may be the query's own buffer and place. `size` is
 * what `questionBytes` says, where that is known.
 */
export function writeOwnAnswer(
  query: Uint8Array,
  start: number,
  length: number,
  rcode: number,
  into: Uint8Array,
  at: number,
  size = questionBytes(query, start, length),
): number {
  const opt = size === 0 ? undefined : findOpt(query, start, length, headerBytes + size);
  const kept = readWord(query, start + 2) & (flag.opcode | flag.recursionDesired | flag.checkingDisabled);
  writeWord(into, at, readWord(query, start));
  const [from, to] = [start + headerBytes, at + headerBytes];
  for (let index = 0; index < size; index += 1) into[to + index] = query[from + index];
  writeWord(into, at + 2, flag.isAnswer | kept | flag.recursionAvailable | rcode);
  writeWord(into, at + count.questions, size === 0 ? 0 : 1);
  writeWord(into, at + count.answers, 0);
  writeWord(into, at + count.authorities, 0);
  writeWord(into, at + count.additionals, opt === undefined ? 0 : 1);
  const end = headerBytes + size;
  if (opt === undefined) return end;
  into.fill(0, at + end, at + end + optBytes);
  writeWord(into, at + end + 1, recordType.opt);
  writeWord(into, at + end + 3, datagramBytes);
  writeWord(into, at + end + 7, opt.flags);
  return end + optBytes;
}

const dnssecOk = 0x8000;

function findOpt(bytes: Uint8Array, start: number, length: number, first: number): { readonly flags: number } | undefined {
  const before = readWord(bytes, start + count.answers) + readWord(bytes, start + count.authorities);
  const records = before + readWord(bytes, start + count.additionals);
  let place = first;
  for (let index = 0; index < Math.min(records, mostRecords); index += 1) {
    if (!walk.walk(bytes, start, length, place) || walk.end + 10 > length) return undefined;
    const type = readWord(bytes, start + walk.end);
    if (index >= before && type === recordType.opt && bytes[start + place] === 0) {
      return { flags: readWord(bytes, start + walk.end + 6) & dnssecOk };
    }
    place = walk.end + 10 + readWord(bytes, start + walk.end + 8);
    if (place > length) return undefined;
  }
  return undefined;
}
