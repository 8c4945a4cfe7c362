// The answer section of a message: its A, AAAA and CNAME records, found once and kept as places in the message. Whatever else it holds
// is passed over.

import { classInternet, count, flag, headerBytes, readWord, recordType } from './header.ts';
import { NameWalk } from './name.ts';

/**
 * `short`: no header, or no question; `record`: a record leaves the message, its owner is no name, or its data is not what its type
 * says; `many`: more addresses and CNAMEs than are kept.
 */
export type AnswerFault = 'short' | 'record' | 'many';

/** The question of a message, as `Question` has read it. */
export interface AskedName {
  readonly walk: number;
  readonly end: number;
}

/** Seconds: more is as good as this (RFC 8767). */
export const longestTtl = 604_800;

const owner = new NameWalk();
const target = new NameWalk();
const mostTypes = 16;

/** Records of one message, written over by every reading. Names and data are offsets from the message's start. */
export class AnswerSection {
  rcode = 0;
  truncated = false;
  /** Records kept. */
  count = 0;
  /** Of the question's name. */
  questionHash = 0;
  readonly types: Uint8Array;
  readonly owners: Uint16Array;
  readonly ownerHashes: Int32Array;
  readonly ttls: Uint32Array;
  /** Of an address its bytes, of a CNAME its target. */
  readonly data: Uint16Array;
  readonly targetHashes: Int32Array;
  /** Distinct types of the section, also of records that are not kept; at most 16. */
  readonly seenTypes = new Uint16Array(mostTypes);
  seenCount = 0;

  constructor(most: number) {
    this.types = new Uint8Array(most);
    this.owners = new Uint16Array(most);
    this.ownerHashes = new Int32Array(most);
    this.ttls = new Uint32Array(most);
    this.data = new Uint16Array(most);
    this.targetHashes = new Int32Array(most);
  }

  /** `asked`: the question is known to be there, with that name. With a fault nothing is kept. A message that says it is truncated may end within a record: what is whole before that counts. */
  read(bytes: Uint8Array, start: number, length: number, asked?: AskedName): AnswerFault | undefined {
    const fault = this.#read(bytes, start, length, asked);
    if (fault !== undefined) this.count = 0;
    return fault;
  }

  #read(bytes: Uint8Array, start: number, length: number, asked: AskedName | undefined): AnswerFault | undefined {
    this.count = 0;
    this.seenCount = 0;
    this.rcode = 0;
    this.truncated = false;
    if (asked === undefined) {
      if (length < headerBytes || readWord(bytes, start + count.questions) !== 1) return 'short';
      if (!owner.walk(bytes, start, length, headerBytes) || owner.end + 4 > length) return 'short';
    }
    const flags = readWord(bytes, start + 2);
    this.rcode = flags & flag.rcode;
    this.truncated = (flags & flag.truncated) !== 0;
    this.questionHash = asked === undefined ? owner.hash : asked.walk;
    let place = asked === undefined ? owner.end + 4 : asked.end;
    for (let left = readWord(bytes, start + count.answers); left > 0; left -= 1) {
      // Most owners are a pointer to the question.
      if (bytes[start + place] === 0xc0 && bytes[start + place + 1] === headerBytes && place + 1 < length) {
        owner.end = place + 2;
        owner.hash = this.questionHash;
      } else if (!owner.walk(bytes, start, length, place)) return this.#broken();
      const fields = owner.end;
      const data = fields + 10;
      if (data > length) return this.#broken();
      const dataSize = readWord(bytes, start + fields + 8);
      if (data + dataSize > length) return this.#broken();
      this.#see(readWord(bytes, start + fields));
      if (readWord(bytes, start + fields + 2) === classInternet) {
        const fault = this.#keep(bytes, start, length, place, fields);
        if (fault !== undefined) return fault;
      }
      place = data + dataSize;
    }
    return undefined;
  }

  #broken(): AnswerFault | undefined {
    return this.truncated ? undefined : 'record';
  }

  #keep(bytes: Uint8Array, start: number, length: number, place: number, fields: number): AnswerFault | undefined {
    const type = readWord(bytes, start + fields);
    const dataSize = readWord(bytes, start + fields + 8);
    const data = fields + 10;
    if (type === recordType.cname) {
      if (!target.walk(bytes, start, length, data) || target.end !== data + dataSize) return 'record';
    } else if (type === recordType.a || type === recordType.aaaa) {
      if (dataSize !== (type === recordType.a ? 4 : 16)) return 'record';
    } else return undefined;
    const index = this.count;
    if (index === this.types.length) return 'many';
    this.types[index] = type;
    this.owners[index] = place;
    this.ownerHashes[index] = owner.hash;
    this.ttls[index] = timeToLive(bytes, start + fields + 4);
    this.data[index] = data;
    this.targetHashes[index] = target.hash;
    this.count = index + 1;
    return undefined;
  }

  #see(type: number): void {
    for (let index = 0; index < this.seenCount; index += 1) if (this.seenTypes[index] === type) return;
    if (this.seenCount === mostTypes) return;
    this.seenTypes[this.seenCount] = type;
    this.seenCount += 1;
  }
}

/** A number with its highest bit set is none (RFC 2181): it counts as 0. */
function timeToLive(bytes: Uint8Array, at: number): number {
  const seconds = readWord(bytes, at) * 65536 + readWord(bytes, at + 2);
  return seconds > 0x7fffffff ? 0 : Math.min(seconds, longestTtl);
}
