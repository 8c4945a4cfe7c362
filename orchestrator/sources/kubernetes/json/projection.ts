// Projection: of JSON in bytes the values that a shape keeps. What it makes is what JSON.parse makes of the text, less what is not kept;
// what JSON.parse refuses it refuses too, wherever that is.

import { Incomplete, NotJson, Scanner } from './scanner.ts';
import type { FieldsShape, ItemsShape, Shape } from './shape.ts';
import { SharedStrings } from './shared-strings.ts';

export class Projection extends Scanner {
  readonly #strings = new SharedStrings();

  /** The value that the bytes are, and nothing but white space around it; throws NotJson. */
  readAll(bytes: Buffer, shape: Shape): unknown {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.isWhole = true;
    try {
      const value = this.read(shape);
      while (this.at < this.end && isSpace(bytes[this.at])) this.at += 1;
      if (this.at < this.end) this.fail();
      return value;
    } catch (error) {
      throw error instanceof Incomplete ? new NotJson(error.message) : error;
    } finally {
      this.isWhole = false;
    }
  }

  /** What is kept of the value that comes next; undefined when nothing is. Throws Incomplete and NotJson. */
  read(shape: Shape): unknown {
    const byte = this.next();
    if (shape === 'nothing') return void this.skip();
    if (typeof shape === 'object' && 'unless' in shape) return this.#readUnless(byte, shape.unless);
    if (byte === 0x22) return this.readString();
    if (byte === 0x7b) {
      if (shape === 'whole') return this.#readWhole();
      if ('fields' in shape) return this.#readMap(shape);
      this.skip();
      return {};
    }
    if (byte === 0x5b) {
      if (shape === 'whole') return this.#readWhole();
      if ('items' in shape) return this.#readList(shape);
      this.skip();
      return [];
    }
    return this.#readScalar(byte);
  }

  /** The string whose quote comes next. */
  readString(): string {
    const from = this.at;
    this.skipString();
    if (this.isPlain) return this.#strings.textOf(this.bytes, from + 1, this.at - 1);
    return JSON.parse(this.bytes.toString('utf8', from, this.at));
  }

  #readScalar(byte: number): unknown {
    const from = this.at;
    this.skipScalar(byte);
    if (byte === 0x74) return true;
    if (byte === 0x66) return false;
    if (byte === 0x6e) return null;
    return Number(this.bytes.toString('latin1', from, this.at));
  }

  #readWhole(): unknown {
    const from = this.at;
    this.skip();
    return JSON.parse(this.bytes.toString('utf8', from, this.at));
  }

  #readUnless(byte: number, type: 'string' | 'list' | 'strings'): unknown {
    const from = this.at;
    if (type === 'strings') {
      if (byte === 0x7b && this.#skipStrings()) return undefined;
      this.at = from;
      this.next();
    } else if (byte === (type === 'string' ? 0x22 : 0x5b)) return void this.skip();
    const value = byte === 0x7b || byte === 0x5b ? this.#readWhole() : byte === 0x22 ? this.readString() : this.#readScalar(byte);
    // Of a name that was there twice only the last counts.
    return type === 'strings' && isOfStrings(value) ? undefined : value;
  }

  /** A map: whether each of its values is a string. If not, it was not passed over to its end. */
  #skipStrings(): boolean {
    this.at += 1;
    if (this.next() === 0x7d) {
      this.at += 1;
      return true;
    }
    for (;;) {
      if (this.next() !== 0x22) this.fail();
      this.skipString();
      this.expect(0x3a);
      if (this.next() !== 0x22) return false;
      this.skipString();
      const after = this.next();
      this.at += 1;
      if (after === 0x7d) return true;
      if (after !== 0x2c) {
        this.at -= 1;
        this.fail();
      }
    }
  }

  #readMap(shape: FieldsShape): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    this.at += 1;
    if (this.next() === 0x7d) {
      this.at += 1;
      return map;
    }
    for (;;) {
      if (this.next() !== 0x22) this.fail();
      this.#readField(map, shape);
      const after = this.next();
      if (after !== 0x2c && after !== 0x7d) this.fail();
      this.at += 1;
      if (after === 0x7d) return map;
    }
  }

  #readField(map: Record<string, unknown>, shape: FieldsShape): void {
    const from = this.at;
    this.skipString();
    let name: string | undefined;
    let kept: Shape;
    if (this.isPlain) {
      const known = this.#named(shape, from + 1, this.at - 1);
      kept = known?.shape ?? shape.others;
      if (kept !== 'nothing') name = known?.name ?? this.#strings.textOf(this.bytes, from + 1, this.at - 1);
    } else {
      name = JSON.parse(this.bytes.toString('utf8', from, this.at)) as string;
      kept = shape.fields.get(name) ?? shape.others;
    }
    this.expect(0x3a);
    const value = this.read(kept);
    if (name === undefined) return;
    // A field that is there twice is what it is the last time, be it nothing.
    if (value === undefined) {
      if (Object.hasOwn(map, name)) delete map[name];
    } else if (name === '__proto__') Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
    else map[name] = value;
  }

  #named({ names }: FieldsShape, from: number, to: number): FieldsShape['names'][number] | undefined {
    const { bytes } = this;
    const length = to - from;
    for (let i = 0; i < names.length; i += 1) {
      const name = names[i].bytes;
      if (name.length !== length) continue;
      let at = 0;
      while (at < length && name[at] === bytes[from + at]) at += 1;
      if (at === length) return names[i];
    }
    return undefined;
  }

  #readList(shape: ItemsShape): unknown[] {
    const list: unknown[] = [];
    this.at += 1;
    if (this.next() === 0x5d) {
      this.at += 1;
      return list;
    }
    for (;;) {
      // Of an element that is not kept its place is.
      list.push(this.read(shape.items) ?? null);
      const after = this.next();
      if (after !== 0x2c && after !== 0x5d) this.fail();
      this.at += 1;
      if (after === 0x5d) return list;
    }
  }
}

function isOfStrings(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((one) => typeof one === 'string');
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
