// JSON, read with places. The platform's own parser says neither where a value stands nor that a name is there twice.

import { deepest } from './limits.ts';
import type { Reading } from './reading.ts';
import type { Tree, TreeField } from './tree.ts';

const blank = /[ \t\r\n]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y;

/** Reads one value; afterwards `offset` is behind it. */
export class JsonReader {
  offset: number;
  private readonly text: string;
  private readonly end: number;
  private readonly reading: Reading;
  private readonly path: (string | number)[] = [];

  constructor(text: string, start: number, end: number, reading: Reading) {
    this.text = text;
    this.offset = start;
    this.end = end;
    this.reading = reading;
  }

  /** Whether the value was read to its end. */
  closed = false;

  get done(): boolean {
    this.skip();
    return this.offset >= this.end;
  }

  whole(): Tree {
    const tree = this.value();
    this.closed = true;
    return tree;
  }

  private value(): Tree {
    this.skip();
    const offset = this.offset;
    this.reading.spend(1, offset);
    if (this.path.length > deepest)
      this.reading.stop('too-deep', offset, `maps and lists are more than ${deepest} deep`, this.path.slice());
    const first = this.text[offset];
    if (first === '{') return { kind: 'map', offset, fields: this.fields() };
    if (first === '[') return { kind: 'list', offset, items: this.items() };
    if (first === '"') {
      const value = this.string();
      return { kind: 'scalar', offset, value, raw: value };
    }
    scalar.lastIndex = offset;
    const raw = scalar.exec(this.text)?.[0];
    if (raw === undefined || offset + raw.length > this.end) this.unexpected('a value');
    this.offset += raw.length;
    return { kind: 'scalar', offset, value: JSON.parse(raw), raw };
  }

  private fields(): Map<string, TreeField> {
    const fields = new Map<string, TreeField>();
    this.offset++;
    for (let first = true; !this.close('}', first); first = false) {
      const offset = this.offset;
      if (this.text[offset] !== '"') this.unexpected('a name in double quotes');
      const name = this.string();
      this.skip();
      if (this.text[this.offset] !== ':' || this.offset >= this.end) this.unexpected('":"');
      this.offset++;
      this.path.push(name);
      const value = this.value();
      const earlier = fields.get(name);
      if (earlier !== undefined) this.reading.refuseDuplicate(name, offset, earlier.offset, this.path);
      this.path.pop();
      fields.set(name, { offset, value });
    }
    return fields;
  }

  private items(): Tree[] {
    const items: Tree[] = [];
    this.offset++;
    while (!this.close(']', items.length === 0)) {
      this.path.push(items.length);
      items.push(this.value());
      this.path.pop();
    }
    return items;
  }

  /** Steps over the end of a map or list, or over the comma before the next element. */
  private close(end: string, first: boolean): boolean {
    this.skip();
    const closes = this.text[this.offset] === end && this.offset < this.end;
    if (closes) this.offset++;
    else if (!first) {
      if (this.text[this.offset] !== ',' || this.offset >= this.end) this.unexpected(`"," or "${end}"`);
      this.offset++;
      this.skip();
    }
    return closes;
  }

  private string(): string {
    const start = this.offset;
    let end = this.text.indexOf('"', start + 1);
    while (end >= 0 && escaped(this.text, end)) end = this.text.indexOf('"', end + 1);
    if (end < 0 || end >= this.end) this.reading.stop('syntax', start, 'a string without its closing quote', this.path.slice());
    this.offset = end + 1;
    const inner = this.text.slice(start + 1, end);
    if (!inner.includes('\\') && !hasControl(inner)) return inner;
    try {
      return JSON.parse(`"${inner}"`);
    } catch {
      return this.reading.stop('syntax', start, 'a string with a control character or an unknown escape', this.path.slice());
    }
  }

  private skip(): void {
    blank.lastIndex = this.offset;
    blank.test(this.text);
    this.offset = blank.lastIndex;
  }

  private unexpected(wanted: string): never {
    const found = this.offset >= this.end ? 'the end' : JSON.stringify(this.text[this.offset]);
    return this.reading.stop('syntax', Math.min(this.offset, this.end), `${wanted} is expected, not ${found}`, this.path.slice());
  }
}

function escaped(text: string, quote: number): boolean {
  let start = quote;
  while (text[start - 1] === '\\') start--;
  return (quote - start) % 2 === 1;
}

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) < 0x20) return true;
  return false;
}
