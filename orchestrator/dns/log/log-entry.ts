// Log entry: what is told of one question or answer, as bytes: a head of fixed fields, texts, and addresses. Whole records follow one another
// in the ring, on sockets and in whatever keeps them; `log-record.ts` reads them.

import type { LearnedAnswer } from '../learned-answer.ts';

/** forwarded: question or answer went on. dropped: policy refused it. error: it failed, and the pod was told so if anything. */
export const verdicts = ['forwarded', 'dropped', 'error'] as const;
export type DnsVerdict = (typeof verdicts)[number];

/** Where the fields of the head stand; numbers are little-endian. */
export const field = {
  /** u32: of the whole record, a multiple of 4. */
  length: 0,
  /** f64: milliseconds since 1970. */
  time: 4,
  /** f64: nanoseconds from the question on; of answers. */
  latency: 12,
  endpoint: 20,
  serverIdentity: 24,
  ttl: 28,
  podPort: 32,
  serverPort: 34,
  type: 36,
  /** u16 each: bytes of the texts. */
  nameLength: 38,
  ruleLength: 40,
  reasonLength: 42,
  aliasesLength: 44,
  /** u16 each: addresses of either family. */
  quads: 46,
  longs: 48,
  /** u8 each. */
  kind: 50,
  protocol: 51,
  rcode: 52,
  seenTypes: 53,
} as const;

export const headLength = 54;
/** Bits of `kind`: an answer; the addresses of pod and server are IPv4; the verdict's position. */
export const kind = { answer: 1, quads: 2, verdict: 2 } as const;

/** One entry, filled anew for every record. Addresses are 16 bytes (IPv4 mapped) at a place of any buffer. */
export class LogEntry {
  time = 0;
  isAnswer = false;
  verdict: DnsVerdict = 'forwarded';
  endpoint = 0;
  /** 17 or 6. */
  protocol = 17;
  pod: Uint8Array = new Uint8Array(16);
  podAt = 0;
  podPort = 0;
  server: Uint8Array = new Uint8Array(16);
  serverAt = 0;
  serverPort = 53;
  serverIdentity = 0;
  name = '.';
  type = 0;
  /** The rule that allowed it, '' if none did. */
  rule = '';
  /** Why it was not forwarded, in a few words; else ''. */
  reason = '';
  /** Of answers. */
  rcode = 0;
  latencyNs = 0;
  /** What the answer told, if it could be read. */
  learned: LearnedAnswer | undefined;
  /** As `entryLength` has found: whether both addresses are IPv4, and how many are in what was told. */
  isShort = false;
  quads = 0;
}

/** Bytes of the record; `writeEntry` writes as many, and is called next. */
export function entryLength(entry: LogEntry): number {
  const { learned, name, rule, reason } = entry;
  entry.isShort = isQuad(entry.pod, entry.podAt) && isQuad(entry.server, entry.serverAt);
  entry.quads = learned === undefined ? 0 : countQuads(learned);
  let length = headLength + (entry.isShort ? 8 : 32);
  length += Math.min(name.length, 0xffff) + Math.min(rule.length, 0xffff) + Math.min(reason.length, 0xffff);
  if (learned !== undefined) {
    for (const alias of learned.aliases) length += alias.length + 1;
    length += entry.quads * 4 + (learned.count - entry.quads) * 16 + learned.section.seenCount * 2;
  }
  return (length + 3) & ~3;
}

/** Writes the record of `length` bytes, as `entryLength` says, to a place with room for it. */
export function writeEntry(entry: LogEntry, length: number, into: Buffer, view: DataView, at: number): void {
  const { learned, quads, isShort: short } = entry;
  view.setUint32(at + field.length, length, true);
  view.setFloat64(at + field.time, entry.time, true);
  view.setFloat64(at + field.latency, entry.latencyNs, true);
  view.setUint32(at + field.endpoint, entry.endpoint, true);
  view.setUint32(at + field.serverIdentity, entry.serverIdentity, true);
  view.setUint32(at + field.ttl, learned?.ttl ?? 0, true);
  view.setUint16(at + field.podPort, entry.podPort, true);
  view.setUint16(at + field.serverPort, entry.serverPort, true);
  view.setUint16(at + field.type, entry.type, true);
  view.setUint16(at + field.quads, quads, true);
  view.setUint16(at + field.longs, learned === undefined ? 0 : learned.count - quads, true);
  into[at + field.kind] = (entry.isAnswer ? kind.answer : 0) | (short ? kind.quads : 0) | (verdictNumber(entry.verdict) << kind.verdict);
  into[at + field.protocol] = entry.protocol;
  into[at + field.rcode] = entry.rcode;
  into[at + field.seenTypes] = learned?.section.seenCount ?? 0;
  let place = at + headLength;
  place = writeAddress(entry.pod, entry.podAt, short, into, place);
  place = writeAddress(entry.server, entry.serverAt, short, into, place);
  place = writeText(entry.name, view, at + field.nameLength, into, place);
  place = writeRule(entry.rule, view, at + field.ruleLength, into, place);
  place = writeText(entry.reason, view, at + field.reasonLength, into, place);
  // No name has a space in it.
  place = writeText(
    learned === undefined || learned.aliases.length === 0 ? '' : `${learned.aliases.join(' ')} `,
    view,
    at + field.aliasesLength,
    into,
    place,
  );
  if (learned !== undefined) place = writeLearned(learned, into, view, place);
  while (place < at + length) into[place++] = 0;
}

function writeLearned(learned: LearnedAnswer, into: Buffer, view: DataView, at: number): number {
  let place = at;
  for (let index = 0; index < learned.section.seenCount; index += 1, place += 2)
    view.setUint16(place, learned.section.seenTypes[index], true);
  // IPv4 first.
  for (let family = 0; family < 2; family += 1) {
    const wanted = family === 0;
    for (let index = 0; index < learned.count; index += 1) {
      if (isQuadOf(learned.words, index) === wanted) place = writeAddress(learned.addresses, index * 16, wanted, into, place);
    }
  }
  return place;
}

/** The word before an IPv4 address in its mapped form, as the machine reads it. */
const mappedWord = new Int32Array(Uint8Array.of(0, 0, 0xff, 0xff).buffer)[0];

function countQuads({ words, count }: LearnedAnswer): number {
  let quads = 0;
  for (let index = 0; index < count; index += 1) if (isQuadOf(words, index)) quads += 1;
  return quads;
}

function isQuadOf(words: Int32Array, index: number): boolean {
  return words[index * 4 + 2] === mappedWord && words[index * 4] === 0 && words[index * 4 + 1] === 0;
}

function isQuad(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 10] !== 0xff || bytes[at + 11] !== 0xff) return false;
  const first = bytes[at] | bytes[at + 1] | bytes[at + 2] | bytes[at + 3] | bytes[at + 4];
  return (first | bytes[at + 5] | bytes[at + 6] | bytes[at + 7] | bytes[at + 8] | bytes[at + 9]) === 0;
}

/** Its position in `verdicts`. */
function verdictNumber(verdict: DnsVerdict): number {
  return verdict === 'forwarded' ? 0 : verdict === 'dropped' ? 1 : 2;
}

function writeAddress(bytes: Uint8Array, from: number, short: boolean, into: Uint8Array, at: number): number {
  const size = short ? 4 : 16;
  const first = short ? from + 12 : from;
  for (let index = 0; index < size; index += 1) into[at + index] = bytes[first + index];
  return at + size;
}

/** Short texts: a loop costs less than a call. */
function writeText(text: string, view: DataView, lengthAt: number, into: Uint8Array, at: number): number {
  const length = Math.min(text.length, 0xffff);
  view.setUint16(lengthAt, length, true);
  for (let index = 0; index < length; index += 1) into[at + index] = text.charCodeAt(index);
  return at + length;
}

const longestRule = 256;
const lastRule = { text: '', bytes: new Uint8Array(longestRule) };

/** One rule speaks for most names: its bytes are at hand. */
function writeRule(text: string, view: DataView, lengthAt: number, into: Uint8Array, at: number): number {
  if (text.length > longestRule) return writeText(text, view, lengthAt, into, at);
  const { bytes } = lastRule;
  if (text !== lastRule.text) {
    lastRule.text = text;
    for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  }
  view.setUint16(lengthAt, text.length, true);
  for (let index = 0; index < text.length; index += 1) into[at + index] = bytes[index];
  return at + text.length;
}
