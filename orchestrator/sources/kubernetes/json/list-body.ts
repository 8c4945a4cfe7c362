// The body of a list, read while it comes: each item is told when its last byte has come, and no more than what is left of one is held.

import type { Projection } from './projection.ts';
import { Incomplete, NotJson } from './scanner.ts';
import type { Shape } from './shape.ts';

export interface ListBodyOptions {
  readonly projection: Projection;
  /** Of each item. */
  readonly shape: Shape;
  readonly item: (item: unknown) => void;
  /** No item, nor anything else of the body, is longer. */
  readonly mostBytes: number;
}

const smallest = 2 ** 17;

export class ListBody {
  readonly #options: ListBodyOptions;
  #held = Buffer.allocUnsafeSlow(smallest);
  #from = 0;
  #to = 0;
  /** So many bytes have to be there before it is worth trying again. */
  #wanted = 1;
  #place: 'begin' | 'name' | 'value' | 'item' | 'afterItem' | 'afterValue' | 'end' = 'begin';
  #name = '';
  #isEmpty = true;
  readonly #fields = new Map<string, unknown>();

  constructor(options: ListBodyOptions) {
    this.#options = options;
  }

  /** What the body says besides its items; `items` is null when there were none, and [] else. */
  get fields(): ReadonlyMap<string, unknown> {
    return this.#fields;
  }

  /** The first bytes that have not been understood. */
  get rest(): string {
    return this.#held.toString('utf8', this.#from, Math.min(this.#to, this.#from + 60));
  }

  /** Throws NotJson. */
  push(piece: Buffer): void {
    this.#hold(piece);
    if (this.#to - this.#from < this.#wanted) return;
    const { projection, mostBytes } = this.#options;
    projection.bytes = this.#held;
    projection.at = this.#from;
    projection.end = this.#to;
    try {
      for (;;) {
        this.#step(projection);
        this.#from = projection.at;
      }
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
      const length = this.#to - this.#from;
      if (length > mostBytes) throw new NotJson(`a value is longer than ${mostBytes} bytes`);
      // What was tried once is tried again when it is twice as long, so that a long value is not read once for each of its pieces.
      this.#wanted = this.#place === 'end' ? 1 : Math.min(2 * length, mostBytes + 1);
    }
  }

  /** No bytes follow. Throws NotJson when some are missing. */
  finish(): void {
    this.#wanted = 0;
    this.push(Buffer.alloc(0));
    if (this.#place !== 'end') throw new NotJson('the end is missing');
  }

  #hold(piece: Buffer): void {
    const length = this.#to - this.#from;
    if (this.#to + piece.length > this.#held.length) {
      const old = this.#held;
      if (length + piece.length > old.length) this.#held = Buffer.allocUnsafeSlow(2 * (length + piece.length));
      old.copy(this.#held, 0, this.#from, this.#to);
      this.#from = 0;
      this.#to = length;
    }
    piece.copy(this.#held, this.#to);
    this.#to += piece.length;
  }

  /** One step; of one that throws Incomplete nothing has happened. */
  #step(json: Projection): void {
    if (this.#place === 'begin') {
      json.expect(0x7b);
      this.#place = 'name';
    } else if (this.#place === 'name') this.#readName(json);
    else if (this.#place === 'value') this.#readValue(json);
    else if (this.#place === 'item') this.#readItem(json);
    else if (this.#place === 'end') {
      json.next();
      json.fail();
    } else this.#readAfter(json, this.#place === 'afterItem');
  }

  #readName(json: Projection): void {
    const byte = json.next();
    if (byte === 0x7d && this.#isEmpty) {
      json.at += 1;
      this.#place = 'end';
      return;
    }
    if (byte !== 0x22) json.fail();
    const name = json.readString();
    json.expect(0x3a);
    this.#isEmpty = false;
    this.#name = name;
    this.#place = 'value';
  }

  #readValue(json: Projection): void {
    const isItems = this.#name === 'items';
    // Which of two lists counts is known too late.
    if (isItems && this.#fields.has('items')) throw new NotJson('"items" is there twice');
    if (isItems && json.next() === 0x5b) {
      json.at += 1;
      this.#fields.set('items', []);
      this.#isEmpty = true;
      this.#place = 'item';
      return;
    }
    const value = json.read(isItems || this.#name === 'metadata' ? 'whole' : 'nothing');
    if (value !== undefined) this.#fields.set(this.#name, value);
    this.#place = 'afterValue';
  }

  #readItem(json: Projection): void {
    const byte = json.next();
    if (byte === 0x5d && this.#isEmpty) {
      json.at += 1;
      this.#isEmpty = false;
      this.#place = 'afterValue';
      return;
    }
    const item = json.read(this.#options.shape);
    this.#isEmpty = false;
    this.#place = 'afterItem';
    this.#options.item(item);
  }

  #readAfter(json: Projection, isItem: boolean): void {
    const byte = json.next();
    if (byte !== 0x2c && byte !== (isItem ? 0x5d : 0x7d)) json.fail();
    json.at += 1;
    if (byte === 0x2c) this.#place = isItem ? 'item' : 'name';
    else this.#place = isItem ? 'afterValue' : 'end';
  }
}
