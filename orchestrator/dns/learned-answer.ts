// What is learned from an answer: the addresses of the name that was asked for, found along its chain of CNAMEs. An address of any
// other owner is nobody's; the order of the records plays no part.

import { recordType } from './message/header.ts';
import { isSameName, nameText } from './message/name.ts';
import { type AnswerFault, AnswerSection, type AskedName } from './message/records.ts';
import { type PrivateKind, privateKind } from './private-address.ts';

/** `loop`: the chain comes back to one of its names; `long`: it has too many; `ambiguous`: one name is said to be two others. */
export type LearningFault = AnswerFault | 'loop' | 'long' | 'ambiguous' | PrivateKind;

export interface LearningLimits {
  /** Addresses and CNAMEs in one message. */
  readonly records?: number;
  /** CNAMEs in one chain, at most 255. */
  readonly chain?: number;
}

const headerBytes = 12;

/** One answer, written over by every reading. */
export class LearnedAnswer {
  /** Addresses learned. */
  count = 0;
  /** 16 bytes each, IPv4 mapped. */
  readonly addresses: Uint8Array;
  /** The same bytes as words of the machine. */
  readonly words: Int32Array;
  /** Seconds, the least along the way from the question to the address. */
  readonly ttls: Uint32Array;
  /** How many CNAMEs are on that way: the address is one of the question's name and of `aliases` up to there. */
  readonly depths: Uint8Array;
  /** Names that the question's stands for, in the order of the chain; texts as `nameText` makes them. */
  readonly aliases: string[] = [];
  /** Least seconds of all addresses and of the chain; 0 when there is neither. */
  ttl = 0;
  readonly section: AnswerSection;
  readonly #chain: Uint16Array;
  readonly #chainHashes: Int32Array;
  /** Seconds, the least up to that name. */
  readonly #chainTtls: Uint32Array;

  constructor({ records = 1024, chain = 32 }: LearningLimits = {}) {
    this.section = new AnswerSection(records);
    this.addresses = new Uint8Array(records * 16);
    this.words = new Int32Array(this.addresses.buffer);
    this.ttls = new Uint32Array(records);
    this.depths = new Uint8Array(records);
    this.#chain = new Uint16Array(chain + 1);
    this.#chainHashes = new Int32Array(chain + 1);
    this.#chainTtls = new Uint32Array(chain + 1);
  }

  /**
   * Reads the answer of `length` bytes at `start`; that it is one, and to this question, the caller has seen. With a fault nothing was
   * learned, and the message should reach nobody. `refusePrivate`: an address anywhere in the section that is private is a fault.
   * `asked`: that question, where it is known.
   */
  read(bytes: Uint8Array, start: number, length: number, refusePrivate = false, asked?: AskedName): LearningFault | undefined {
    this.count = 0;
    this.ttl = 0;
    this.aliases.length = 0;
    const { section } = this;
    const fault = section.read(bytes, start, length, asked);
    if (fault !== undefined) return fault;
    if (section.count === 0) return undefined;
    if (section.rcode !== 0) {
      // It teaches nothing; names that do not exist may still be told by way of others.
      if (this.#follow(bytes, start) !== undefined) this.#forgetChain();
      return undefined;
    }
    if (refusePrivate) {
      const kind = this.#privateKind(bytes, start);
      if (kind !== undefined) return kind;
    }
    const broken = this.#follow(bytes, start);
    if (broken === undefined) this.#collect(bytes, start);
    else this.#forgetChain();
    return broken;
  }

  #forgetChain(): void {
    this.aliases.length = 0;
    this.ttl = 0;
  }

  /** Walks the chain from the question's name, as far as there are CNAMEs. */
  #follow(bytes: Uint8Array, start: number): LearningFault | undefined {
    const { section } = this;
    this.#chain[0] = headerBytes;
    this.#chainHashes[0] = section.questionHash;
    this.#chainTtls[0] = 0xffffffff;
    for (let depth = 0; ; depth += 1) {
      const record = this.#alias(bytes, start, depth);
      if (record === 'ambiguous') return record;
      if (record === undefined) return undefined;
      if (depth + 1 === this.#chain.length) return 'long';
      const place = section.data[record];
      const hash = section.targetHashes[record];
      for (let index = 0; index <= depth; index += 1) if (this.#isName(bytes, start, index, hash, place)) return 'loop';
      this.#chain[depth + 1] = place;
      this.#chainHashes[depth + 1] = hash;
      this.#chainTtls[depth + 1] = Math.min(this.#chainTtls[depth], section.ttls[record]);
      this.aliases.push(nameText(bytes, start, place));
      this.ttl = this.#chainTtls[depth + 1];
    }
  }

  /** The CNAME of a name of the chain; the same twice is one, with the lesser life. */
  #alias(bytes: Uint8Array, start: number, depth: number): number | 'ambiguous' | undefined {
    const { types, owners, ownerHashes, targetHashes, data, ttls, count } = this.section;
    let found: number | undefined;
    for (let record = 0; record < count; record += 1) {
      if (types[record] !== recordType.cname) continue;
      if (!this.#isName(bytes, start, depth, ownerHashes[record], owners[record])) continue;
      if (found === undefined) found = record;
      else {
        if (targetHashes[found] !== targetHashes[record]) return 'ambiguous';
        if (!isSameName(bytes, start, data[found], data[record])) return 'ambiguous';
        if (ttls[record] < ttls[found]) found = record;
      }
    }
    return found;
  }

  #collect(bytes: Uint8Array, start: number): void {
    const { types, owners, ownerHashes, data, ttls, count } = this.section;
    const names = this.aliases.length + 1;
    let least = names === 1 ? 0xffffffff : this.ttl;
    for (let record = 0; record < count; record += 1) {
      if (types[record] === recordType.cname) continue;
      for (let depth = names - 1; depth >= 0; depth -= 1) {
        if (!this.#isName(bytes, start, depth, ownerHashes[record], owners[record])) continue;
        const ttl = Math.min(ttls[record], this.#chainTtls[depth]);
        this.#copyAddress(bytes, start + data[record], types[record] === recordType.a, this.count);
        this.ttls[this.count] = ttl;
        this.depths[this.count] = depth;
        this.count += 1;
        least = Math.min(least, ttl);
        break;
      }
    }
    this.ttl = least === 0xffffffff ? 0 : least;
  }

  #isName(bytes: Uint8Array, start: number, depth: number, hash: number, place: number): boolean {
    return this.#chainHashes[depth] === hash && isSameName(bytes, start, this.#chain[depth], place);
  }

  #copyAddress(bytes: Uint8Array, from: number, isQuad: boolean, index: number): void {
    if (isQuad) {
      this.words[index * 4] = 0;
      this.words[index * 4 + 1] = 0;
      this.words[index * 4 + 2] = mappedWord;
    }
    const [first, size] = isQuad ? [index * 16 + 12, 4] : [index * 16, 16];
    for (let byte = 0; byte < size; byte += 1) this.addresses[first + byte] = bytes[from + byte];
  }

  #privateKind(bytes: Uint8Array, start: number): PrivateKind | undefined {
    const { types, data, count } = this.section;
    for (let record = 0; record < count; record += 1) {
      if (types[record] === recordType.cname) continue;
      this.#copyAddress(bytes, start + data[record], types[record] === recordType.a, 0);
      const kind = privateKind(this.addresses, 0);
      if (kind !== undefined) return kind;
    }
    return undefined;
  }
}

/** The word before an IPv4 address in its mapped form, as the machine reads it. */
const mappedWord = new Int32Array(Uint8Array.of(0, 0, 0xff, 0xff).buffer)[0];
