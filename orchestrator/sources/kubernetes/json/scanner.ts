// Scanner: passes over JSON in bytes, exactly as strict as JSON.parse is with their text, without making anything of it.

/** There is no more of it yet: it may be tried again from the same place when there is. */
export class Incomplete extends Error {}

/** No bytes that follow make it JSON. */
export class NotJson extends Error {}

/** Thrown often, and never shown. */
const incomplete = new Incomplete('the end is missing');

/** As deep as API servers take it. */
export const mostDepth = 10_000;

const inMap = 1;
const inList = 2;

export class Scanner {
  /** Between `at` and `end` is what has not been read. */
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  /** Whether nothing follows `end`: then a number may end there. */
  isWhole = false;
  readonly #stack = new Uint8Array(mostDepth);
  /** Of the string that was passed over last: it has neither an escape nor a byte above ASCII. */
  protected isPlain = true;

  /** The first byte that is no white space; it is not passed over. */
  next(): number {
    const { bytes, end } = this;
    let { at } = this;
    while (at < end) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at;
        return byte;
      }
      at += 1;
    }
    this.at = at;
    throw incomplete;
  }

  fail(): never {
    throw new NotJson(`unexpected ${this.at < this.end ? JSON.stringify(String.fromCharCode(this.bytes[this.at])) : 'end'}`);
  }

  /** A byte that has to come next. */
  expect(byte: number): void {
    if (this.next() !== byte) this.fail();
    this.at += 1;
  }

  /** A whole value. */
  skip(): void {
    const stack = this.#stack;
    let depth = 0;
    for (;;) {
      const byte = this.next();
      if (byte === 0x7b || byte === 0x5b) {
        const isMap = byte === 0x7b;
        if (depth === mostDepth) throw new NotJson(`deeper than ${mostDepth}`);
        this.at += 1;
        if (this.next() === (isMap ? 0x7d : 0x5d)) this.at += 1;
        else {
          stack[depth] = isMap ? inMap : inList;
          depth += 1;
          if (isMap) this.#key();
          continue;
        }
      } else this.skipScalar(byte);
      for (;;) {
        if (depth === 0) return;
        const isMap = stack[depth - 1] === inMap;
        const after = this.next();
        if (after === 0x2c) {
          this.at += 1;
          if (isMap) this.#key();
          break;
        }
        if (after !== (isMap ? 0x7d : 0x5d)) this.fail();
        this.at += 1;
        depth -= 1;
      }
    }
  }

  #key(): void {
    if (this.next() !== 0x22) this.fail();
    this.skipString();
    this.expect(0x3a);
  }

  /** What is neither a map nor a list, whose first byte is given. */
  skipScalar(byte: number): void {
    if (byte === 0x22) this.skipString();
    else if (byte === 0x74) this.#word('true');
    else if (byte === 0x66) this.#word('false');
    else if (byte === 0x6e) this.#word('null');
    else this.#number(byte);
  }

  /** From its first quote to behind its last. */
  skipString(): void {
    const { bytes, end } = this;
    let at = this.at + 1;
    let isPlain = true;
    while (at < end) {
      const byte = bytes[at];
      if (byte === 0x22) {
        this.at = at + 1;
        this.isPlain = isPlain;
        return;
      }
      if (byte < 0x20) {
        this.at = at;
        this.fail();
      }
      if (byte === 0x5c) {
        isPlain = false;
        at = this.#escape(at + 1);
      } else {
        if (byte > 0x7f) isPlain = false;
        at += 1;
      }
    }
    throw incomplete;
  }

  /** Where it goes on behind an escape, whose letter is at `at`. */
  #escape(at: number): number {
    const { bytes, end } = this;
    if (at >= end) throw incomplete;
    const byte = bytes[at];
    if (byte !== 0x75) {
      // One of "\/bfnrt
      const isKnown =
        byte === 0x22 ||
        byte === 0x5c ||
        byte === 0x2f ||
        byte === 0x62 ||
        byte === 0x66 ||
        byte === 0x6e ||
        byte === 0x72 ||
        byte === 0x74;
      if (isKnown) return at + 1;
      this.at = at;
      this.fail();
    }
    for (let digit = at + 1; digit <= at + 4; digit += 1) {
      if (digit >= end) throw incomplete;
      if (!isHex(bytes[digit])) {
        this.at = digit;
        this.fail();
      }
    }
    return at + 5;
  }

  #word(word: string): void {
    for (let letter = 0; letter < word.length; letter += 1) {
      if (this.at + letter >= this.end) throw incomplete;
      if (this.bytes[this.at + letter] !== word.charCodeAt(letter)) this.fail();
    }
    this.at += word.length;
  }

  #number(first: number): void {
    let byte = first;
    if (byte === 0x2d) byte = this.#after();
    if (byte === 0x30) byte = this.#after();
    else byte = this.#digits(byte);
    if (byte === 0x2e) byte = this.#digits(this.#after());
    if (byte === 0x65 || byte === 0x45) {
      byte = this.#after();
      if (byte === 0x2b || byte === 0x2d) byte = this.#after();
      this.#digits(byte);
    }
  }

  /** At least one digit, of which the first is given; the byte behind them. */
  #digits(first: number): number {
    if (!isDigit(first)) {
      if (first === nothing) throw incomplete;
      this.fail();
    }
    let byte = this.#after();
    while (isDigit(byte)) byte = this.#after();
    return byte;
  }

  #after(): number {
    this.at += 1;
    if (this.at < this.end) return this.bytes[this.at];
    if (!this.isWhole) throw incomplete;
    return nothing;
  }
}

/** No byte. */
const nothing = -1;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
