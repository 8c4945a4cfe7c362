// Places: addresses as packets and maps have them, worked out once.

import { formatAddress, parseAddress } from '../net/address.ts';
import { type AddressWords, addressWords } from '../net/words.ts';

export type Family = 4 | 6;

export interface Place {
  /** Canonical. */
  readonly text: string;
  readonly family: Family;
  /** 4 or 16 bytes in network order. */
  readonly bytes: Uint8Array;
  /** The same bytes as memory words: what a packet's header is filled with. */
  readonly words: Uint32Array;
  /** As keys of maps have it. */
  readonly key: AddressWords;
}

/** Throws a TypeError that quotes what is no address. */
export function parsePlace(text: string): Place {
  return makePlace(parseAddress(text));
}

export function makePlace(given: Uint8Array): Place {
  const bytes = Uint8Array.from(given);
  return {
    text: formatAddress(bytes),
    family: bytes.length === 4 ? 4 : 6,
    bytes,
    words: new Uint32Array(bytes.buffer),
    key: addressWords(bytes),
  };
}

export function isAddress(text: string): boolean {
  // Most names are told apart by their first look; only what may be an address is parsed.
  if (!/^[\da-fA-F:.]+$/.test(text) || !/[:.]/.test(text)) return false;
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}
