// Cursor: a place in a YAML text, and what stands there.

import type { Reading } from './reading.ts';

const [tab, newline, carriageReturn, blank, hash, colon] = [9, 10, 13, 32, 35, 58];
const flowIndicators = new Set([...',[]{}'].map((character) => character.charCodeAt(0)));
/** What plain text cannot start with; -, ? and : can if no blank follows. */
const indicators = new Set([...',[]{}#&*!|>\'"%@`'].map((character) => character.charCodeAt(0)));
/** A field's name stands on one line and is no longer than this. */
export const longestKey = 1024;

export class Cursor {
  readonly text: string;
  readonly end: number;
  readonly reading: Reading;
  readonly path: (string | number)[] = [];
  offset: number;
  /** Where the line of the offset starts. */
  line: number;

  constructor(text: string, start: number, end: number, reading: Reading) {
    this.text = text;
    this.offset = start;
    this.line = start;
    this.end = end;
    this.reading = reading;
  }

  /** The character at a place; NaN behind the end. */
  code(offset = this.offset): number {
    return offset < this.end ? this.text.charCodeAt(offset) : Number.NaN;
  }

  character(): string {
    return this.offset < this.end ? this.text[this.offset] : '';
  }

  /** Steps over blanks, comments and line ends; false: there is nothing more. */
  toContent(): boolean {
    for (;;) {
      const code = this.code();
      if (code === newline) this.line = this.offset + 1;
      else if (code === hash && (this.offset === this.line || isBlank(this.code(this.offset - 1)))) {
        this.offset = this.lineEnd() - 1;
      } else if (!isBlank(code)) return this.offset < this.end;
      this.offset++;
    }
  }

  /** Whether only blanks stand before the offset in its line. */
  get fresh(): boolean {
    for (let offset = this.line; offset < this.offset; offset++) if (!isBlank(this.text.charCodeAt(offset))) return false;
    return true;
  }

  /** How far the offset is indented. Tabs have no width that everybody agrees on. */
  get column(): number {
    for (let offset = this.line; offset < this.offset; offset++) {
      const code = this.text.charCodeAt(offset);
      if (code === tab) this.stop('indentation', 'a tab cannot indent: use blanks', offset);
      if (code !== blank) break;
    }
    return this.offset - this.line;
  }

  /** Where the line ends: at its newline, or at the end. */
  lineEnd(from = this.offset): number {
    const found = this.text.indexOf('\n', from);
    return found < 0 || found > this.end ? this.end : found;
  }

  /** An indicator like - or ? counts only before a blank or a line's end. */
  isIndicator(character: string): boolean {
    return this.character() === character && isSpace(this.code(this.offset + 1));
  }

  startsPlain(flow: boolean): boolean {
    const code = this.code();
    if (Number.isNaN(code) || indicators.has(code)) return false;
    if (code !== colon && code !== 45 && code !== 63) return true;
    const next = this.code(this.offset + 1);
    return !isSpace(next) && !(flow && flowIndicators.has(next));
  }

  /** Where plain text that starts at a place ends in its line, trailing blanks left out. */
  plainEnd(start: number, flow: boolean): number {
    let end = start;
    for (let offset = start; offset < this.end; offset++) {
      const code = this.text.charCodeAt(offset);
      if (code === blank || code === tab || code === carriageReturn) continue;
      if (code === newline || (code === colon && this.endsKey(offset, flow)) || (flow && flowIndicators.has(code))) break;
      if (code === hash && offset > start && isBlank(this.text.charCodeAt(offset - 1))) break;
      end = offset + 1;
    }
    return end;
  }

  /** Whether the colon at a place separates a name from its value. */
  endsKey(offset: number, flow: boolean): boolean {
    const next = this.code(offset + 1);
    return this.code(offset) === colon && (isSpace(next) || (flow && flowIndicators.has(next)));
  }

  stop(name: string, message: string, offset = this.offset): never {
    return this.reading.stop(name, Math.min(offset, this.end), message, this.path.slice());
  }
}

/** Also the end. */
export function isSpace(code: number): boolean {
  return isBlank(code) || code === newline || Number.isNaN(code);
}

export function isBlank(code: number): boolean {
  return code === blank || code === tab || code === carriageReturn;
}

export function isFlowIndicator(code: number): boolean {
  return flowIndicators.has(code);
}
