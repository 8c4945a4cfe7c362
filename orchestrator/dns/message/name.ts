// Names in DNS messages: labels with pointers to what came before, walked once, compared and shown without regard to case. Offsets
// of names count from the message's start, `start` is where that is in the buffer.

import { randomInt } from 'node:crypto';
import { nameHash } from '../name-table.ts';
import { headerBytes } from './header.ts';

/** Bytes of a name with its lengths and its end. */
export const longestName = 255;

const longestLabel = 63;
/** A name of 255 bytes has 127 labels; pointers to pointers are worth nothing. */
const mostPointers = 127;

const [upperA, upperZ, dot, backslash] = [0x41, 0x5a, 0x2e, 0x5c];

/** Every byte as names are compared: ASCII letters in lower case. */
const folded = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= upperA && byte <= upperZ ? byte + 32 : byte));

/** Nobody outside knows which names have equal hashes. */
const seed = randomInt(2 ** 32) | 0;

/** What one walk over a name found; one object serves all walks. */
export class NameWalk {
  /** Behind the name where it stands: behind its root label or its first pointer. */
  end = 0;
  /** Equal names have equal ones, whatever their case. */
  hash = 0;

  /**
   * False when this is no name: it leaves the message, a label has reserved bits, it is too long, or a pointer leads elsewhere than
   * backwards. Every pointer leads in front of the piece that it ends, so no walk comes to one place twice.
   */
  walk(bytes: Uint8Array, start: number, length: number, at: number): boolean {
    let [place, piece, total, pointers, hash] = [at, at, 0, 0, seed];
    for (;;) {
      if (place >= length) return false;
      const size = bytes[start + place];
      if (size > longestLabel) {
        if (size < 0xc0 || place + 1 >= length || pointers === mostPointers) return false;
        const target = ((size & 0x3f) << 8) | bytes[start + place + 1];
        if (target >= piece || target < headerBytes) return false;
        if (pointers === 0) this.end = place + 2;
        pointers += 1;
        place = target;
        piece = target;
        continue;
      }
      total += size + 1;
      if (total > longestName || place + size >= length) return false;
      hash = Math.imul(hash ^ size, 0x01000193);
      if (size === 0) break;
      for (const last = start + place + size; start + place < last; ) {
        place += 1;
        hash = Math.imul(hash ^ folded[bytes[start + place]], 0x01000193);
      }
      place += 1;
    }
    if (pointers === 0) this.end = place + 1;
    this.hash = hash;
    return true;
  }
}

/** Whether two names of one message are the same. Both have been walked. */
export function isSameName(bytes: Uint8Array, start: number, one: number, other: number): boolean {
  let [a, b] = [one, other];
  for (;;) {
    a = labelAt(bytes, start, a);
    b = labelAt(bytes, start, b);
    if (a === b) return true;
    const size = bytes[start + a];
    if (size !== bytes[start + b]) return false;
    if (size === 0) return true;
    for (let index = 1; index <= size; index += 1) {
      if (folded[bytes[start + a + index]] !== folded[bytes[start + b + index]]) return false;
    }
    a += size + 1;
    b += size + 1;
  }
}

/** Room for 255 bytes that are all shown as `\ddd`. */
const shown = Buffer.alloc(longestName * 4 + 1);

/**
 * Text of a name that has been walked: lower case, with a dot at its end; the root is ".". A dot or backslash within a label has a
 * backslash before it, and what cannot be printed is `\ddd`: different names have different texts, and only names of plain labels
 * look like such.
 */
export function nameText(bytes: Uint8Array, start: number, at: number): string {
  let length = 0;
  let place = labelAt(bytes, start, at);
  for (let size = bytes[start + place]; size !== 0; size = bytes[start + place]) {
    for (let index = 1; index <= size; index += 1) {
      const byte = folded[bytes[start + place + index]];
      if (byte > 0x20 && byte < 0x7f && byte !== dot && byte !== backslash) shown[length++] = byte;
      else length = writeEscaped(byte, length);
    }
    shown[length++] = dot;
    place = labelAt(bytes, start, place + size + 1);
  }
  return length === 0 ? '.' : shown.toString('latin1', 0, length);
}

/** Powers of two: names are remembered in sets of a few that have a part of their hash in common. */
const [mostRecent, together] = [4096, 4];
const recent: string[] = new Array(mostRecent).fill('');
/** As the walk found them. */
const recentWalks = new Int32Array(mostRecent);
/** As tables of names want them. */
const recentHashes = new Int32Array(mostRecent);
/** Bytes of short names as they stand in messages, in lower case; their sizes, 0 where there is none. */
const flatBytes = 64;
const flat = new Uint8Array(mostRecent * flatBytes);
const flatSizes = new Uint8Array(mostRecent);
let turn = 0;

/**
 * The same for a name that has just been walked, `hash` being what that found. A name that comes again has the same string again: none is made, and
 * who compares it with itself does not read it.
 */
export function recentNameText(bytes: Uint8Array, start: number, at: number, hash: number): string {
  return recent[recentPlace(bytes, start, at, hash)];
}

/**
 * Where `recentNameOf` and `recentHashOf` find that text and its `nameHash`, until the next name is looked for. `size`: bytes of the name, where it is
 * known to have no pointer.
 */
export function recentPlace(bytes: Uint8Array, start: number, at: number, hash: number, size = 0): number {
  const first = (hash ^ (hash >>> 12)) & (mostRecent - together);
  const isFlat = size > 0 && size <= flatBytes;
  for (let place = first; place < first + together; place += 1) {
    if (recentWalks[place] !== hash) continue;
    if (isFlat && flatSizes[place] === size ? isFlatName(bytes, start + at, place, size) : isText(bytes, start, at, recent[place]))
      return place;
  }
  const text = nameText(bytes, start, at);
  turn = (turn + 1) & (together - 1);
  const place = first + turn;
  recent[place] = text;
  recentWalks[place] = hash;
  recentHashes[place] = nameHash(text);
  flatSizes[place] = isFlat ? size : 0;
  for (let index = 0; index < flatSizes[place]; index += 1) flat[place * flatBytes + index] = folded[bytes[start + at + index]];
  return place;
}

/** Lengths of labels are no letters: they are folded to themselves. */
function isFlatName(bytes: Uint8Array, from: number, place: number, size: number): boolean {
  const first = place * flatBytes;
  for (let index = 0; index < size; index += 1) if (folded[bytes[from + index]] !== flat[first + index]) return false;
  return true;
}

export function recentNameOf(place: number): string {
  return recent[place];
}

export function recentHashOf(place: number): number {
  return recentHashes[place];
}

/** False for names that have to be spelled out, too. */
function isText(bytes: Uint8Array, start: number, at: number, text: string): boolean {
  let length = 0;
  let place = labelAt(bytes, start, at);
  for (let size = bytes[start + place]; size !== 0; size = bytes[start + place]) {
    if (length + size >= text.length) return false;
    for (let index = 1; index <= size; index += 1) {
      const byte = folded[bytes[start + place + index]];
      if (byte !== text.charCodeAt(length++) || byte === dot || byte === backslash) return false;
    }
    if (text.charCodeAt(length++) !== dot) return false;
    place = labelAt(bytes, start, place + size + 1);
  }
  return length > 0 && length === text.length;
}

function writeEscaped(byte: number, at: number): number {
  shown[at] = backslash;
  if (byte === dot || byte === backslash) {
    shown[at + 1] = byte;
    return at + 2;
  }
  shown[at + 1] = 0x30 + Math.floor(byte / 100);
  shown[at + 2] = 0x30 + (Math.floor(byte / 10) % 10);
  shown[at + 3] = 0x30 + (byte % 10);
  return at + 4;
}

/** Where the label stands that is meant at a place. */
function labelAt(bytes: Uint8Array, start: number, at: number): number {
  let place = at;
  for (let size = bytes[start + place]; size >= 0xc0; size = bytes[start + place]) {
    place = ((size & 0x3f) << 8) | bytes[start + place + 1];
  }
  return place;
}
