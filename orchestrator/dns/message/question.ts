// The one question of a query: what is asked, and whether the message is a question at all. Nothing else of a query is looked at: it is
// forwarded as it came.

import { count, flag, headerBytes, readWord } from './header.ts';
import { NameWalk, recentHashOf, recentNameOf, recentPlace } from './name.ts';

/**
 * What is wrong with a query. `short`: fewer bytes than a header; `answer`: it is none; `opcode`: not a plain query; `questions`: not
 * exactly one; `name`: the question's name is none, has a pointer, or the message ends within the question.
 */
export type QueryFault = 'short' | 'answer' | 'opcode' | 'questions' | 'name';

const walk = new NameWalk();

/** One question, written over by every reading. */
export class Question {
  id = 0;
  flags = 0;
  /** Lower case, with its dot; see `nameText`. */
  name = '.';
  /** The `nameHash` of it. */
  hash = 0;
  /** The hash of a `NameWalk` over it. */
  walk = 0;
  type = 0;
  class = 0;
  /** Behind the question, from the message's start. Its bytes begin behind the header. */
  end = headerBytes;

  /** Reads a query of `length` bytes at `start`. With a fault, what could be read so far is there: id and flags unless it is `short`. */
  read(bytes: Uint8Array, start: number, length: number): QueryFault | undefined {
    this.end = headerBytes;
    if (length < headerBytes) return 'short';
    this.id = readWord(bytes, start);
    this.flags = readWord(bytes, start + 2);
    if ((this.flags & flag.isAnswer) !== 0) return 'answer';
    if ((this.flags & flag.opcode) !== 0) return 'opcode';
    if (readWord(bytes, start + count.questions) !== 1) return 'questions';
    // There is nothing before the first name that it might point to.
    if (!walk.walk(bytes, start, length, headerBytes) || walk.end + 4 > length) return 'name';
    const place = recentPlace(bytes, start, headerBytes, walk.hash, walk.end - headerBytes);
    this.walk = walk.hash;
    this.name = recentNameOf(place);
    this.hash = recentHashOf(place);
    this.type = readWord(bytes, start + walk.end);
    this.class = readWord(bytes, start + walk.end + 2);
    this.end = walk.end + 4;
    return undefined;
  }
}

/** Bytes of the question behind the header; 0 when it is not one whole question. */
export function questionBytes(bytes: Uint8Array, start: number, length: number): number {
  if (length < headerBytes || readWord(bytes, start + count.questions) !== 1) return 0;
  if (!walk.walk(bytes, start, length, headerBytes) || walk.end + 4 > length) return 0;
  return walk.end + 4 - headerBytes;
}

/**
 * Whether a message is an answer to the question whose `size` bytes stand at `at` of `asked`: one question, the same to the byte.
 * A client that plays with case sees its own case again, and so does one who guesses wrongly. The id is the caller's to compare.
 */
export function isAnswerTo(bytes: Uint8Array, start: number, length: number, asked: Uint8Array, at: number, size: number): boolean {
  if (length < headerBytes + size) return false;
  const flags = readWord(bytes, start + 2);
  if ((flags & flag.isAnswer) === 0 || (flags & flag.opcode) !== 0) return false;
  if (readWord(bytes, start + count.questions) !== 1) return false;
  const first = start + headerBytes;
  for (let index = 0; index < size; index += 1) if (bytes[first + index] !== asked[at + index]) return false;
  return true;
}
