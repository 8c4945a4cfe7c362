// Map changes: what the map of grants lacks, in its own layout: keys and values one behind the other, as a call for many entries takes them.

/** Bytes of a key, {address 16, endpoint u32, zero u32}; see GrantKey of the datapath. */
export const keyBytes = 24;
/** Identities that one pod may have been granted one address under; of more of them it is told nothing. */
export const places = 4;
/** Bytes of a value, {identity u32, expires u32} × `places`; see Grant of the datapath. */
export const valueBytes = 8 * places;

export class MapChanges {
  /** Entries to be removed before anything is written; one that is not there is as good as removed. */
  removed = 0;
  readonly removedKeys: Uint8Array;
  /** Entries to be written over whatever is there. A key may come twice: the later value holds. */
  written = 0;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly most: number;
  readonly #removedWords: Int32Array;
  readonly #keyWords: Int32Array;
  readonly #valueWords: Int32Array;

  constructor(most: number) {
    this.most = most;
    this.removedKeys = new Uint8Array(most * keyBytes);
    this.keys = new Uint8Array(most * keyBytes);
    this.values = new Uint8Array(most * valueBytes);
    this.#removedWords = new Int32Array(this.removedKeys.buffer);
    this.#keyWords = new Int32Array(this.keys.buffer);
    this.#valueWords = new Int32Array(this.values.buffer);
  }

  /** So many more entries can be written, and as many removed. */
  get room(): number {
    return this.most - Math.max(this.removed, this.written);
  }

  get isFull(): boolean {
    return this.removed === this.most || this.written === this.most;
  }

  clear(): void {
    this.removed = 0;
    this.written = 0;
  }

  /** Words are those of the address, as the machine reads its bytes; so is the rest of this class's. */
  remove(words: Int32Array, at: number, endpoint: number): void {
    writeKey(this.#removedWords, (this.removed * keyBytes) / 4, words, at, endpoint);
    this.removed += 1;
  }

  /** `width` places from `from`, {identity, expires} each; the others are empty. */
  write(words: Int32Array, at: number, endpoint: number, pairs: Int32Array, from: number, width: number): void {
    writeKey(this.#keyWords, (this.written * keyBytes) / 4, words, at, endpoint);
    const first = (this.written * valueBytes) / 4;
    for (let word = 0; word < places * 2; word += 1) this.#valueWords[first + word] = word < width * 2 ? pairs[from + word] : 0;
    this.written += 1;
  }
}

function writeKey(into: Int32Array, first: number, words: Int32Array, at: number, endpoint: number): void {
  for (let word = 0; word < 4; word += 1) into[first + word] = words[at + word];
  into[first + 4] = endpoint;
  into[first + 5] = 0;
}
