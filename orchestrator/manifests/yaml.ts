// YAML, read in one pass with places, and given the values that kubectl gives. What manifests never hold is refused: tags, names that
// are maps or lists. The general libraries for YAML need some hundred times the memory of the text, and seconds for a megabyte.

import { show } from '../model/schema/validate.ts';
import { deepest } from './limits.ts';
import { plainValue, readsTwice } from './plain-scalar.ts';
import type { Reading } from './reading.ts';
import type { Tree, TreeField } from './tree.ts';
import { Anchors } from './yaml-anchors.ts';
import { Cursor, isSpace, longestKey } from './yaml-cursor.ts';
import { readBlockText, readPlain, readQuoted } from './yaml-text.ts';

/** Reads the document of a span; undefined: there is nothing in it. */
export function readYaml(text: string, start: number, end: number, reading: Reading): Tree | undefined {
  const reader = new YamlReader(new Cursor(text, start, end, reading));
  return reader.document();
}

class YamlReader {
  private readonly cursor: Cursor;
  private readonly anchors = new Anchors();

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  document(): Tree | undefined {
    if (!this.cursor.toContent()) return undefined;
    const tree = this.block(-1, false, false);
    if (this.cursor.toContent()) this.unexpected();
    return tree;
  }

  /**
   * The node of a block that is indented more than `parent`. `compact`: a map or list may start in this line, as after "- ". `lists`: a
   * list may be indented as far as the parent, as below a name.
   */
  private block(parent: number, compact: boolean, lists: boolean): Tree {
    const { cursor } = this;
    const start = cursor.offset;
    const more = cursor.toContent();
    const fresh = cursor.fresh;
    if (!more || (fresh && cursor.column <= parent && !(lists && cursor.column === parent && cursor.isIndicator('-'))))
      return this.empty(start);
    const { offset, column } = cursor;
    this.enter(offset);
    const open = fresh || compact;
    const tabbed = !fresh && cursor.code(offset - 1) === 9;
    switch (cursor.character()) {
      case '&':
        return this.anchored(() => this.block(parent, false, lists));
      case '!':
        return this.tag();
      case '*':
        return this.alias();
      case '|':
      case '>':
        return textOf(readBlockText(cursor, parent), offset);
      case '[':
      case '{':
        return this.flow();
    }
    this.refuseComplexKey();
    if (cursor.isIndicator('-')) {
      if (!open) cursor.stop('syntax', 'a list must start in a line of its own');
      if (tabbed) cursor.stop('indentation', 'a tab cannot indent: use blanks');
      return { kind: 'list', offset, items: this.items(column) };
    }
    if (!this.startsKey(false)) return this.scalar(parent, false);
    if (!open) cursor.stop('syntax', 'a name within a value: the value needs quotes, or a line of its own');
    if (tabbed) cursor.stop('indentation', 'a tab cannot indent: use blanks');
    return { kind: 'map', offset, fields: this.fields(column) };
  }

  private items(column: number): Tree[] {
    const items: Tree[] = [];
    do {
      this.cursor.offset++;
      items.push(this.below(items.length, () => this.block(column, true, false)));
    } while (this.again(column) && this.cursor.isIndicator('-'));
    return items;
  }

  private fields(column: number): Map<string, TreeField> {
    const { cursor } = this;
    const fields = new Map<string, TreeField>();
    const merged: Tree[] = [];
    do {
      if (cursor.isIndicator('-')) cursor.stop('syntax', 'an element of a list among the fields of a map');
      this.refuseComplexKey();
      if (!this.startsKey(false)) this.unexpected();
      this.field(fields, merged, false, () => this.block(column, false, true));
    } while (this.again(column));
    return withMerged(fields, merged);
  }

  /** Reads a name, its colon and its value. */
  private field(fields: Map<string, TreeField>, merged: Tree[], flow: boolean, read: () => Tree): void {
    const { cursor } = this;
    const offset = cursor.offset;
    const quoted = /["']/.test(cursor.character());
    const raw = quoted ? readQuoted(cursor) : cursor.text.slice(offset, cursor.plainEnd(offset, flow));
    if (!quoted) cursor.offset += raw.length;
    const value = quoted ? raw : plainValue(raw);
    if (typeof value === 'boolean' || value === null) {
      const message = `as the name of a field, ${raw === '' ? 'nothing' : raw} is ${value}: write ${JSON.stringify(raw)}`;
      cursor.reading.refuse('key', offset, message, cursor.path.slice());
    }
    const tree = this.below(raw, () => {
      if (!cursor.toContent() || (flow && /[,}\]]/.test(cursor.character()))) return this.empty(cursor.offset);
      if (cursor.character() !== ':') cursor.stop('syntax', `":" is expected, not ${show(cursor.character())}`);
      cursor.offset++;
      return read();
    });
    if (!quoted && raw === '<<') {
      this.checkMerge(tree, offset);
      merged.push(tree);
      return;
    }
    const earlier = fields.get(raw);
    if (earlier !== undefined) cursor.reading.refuseDuplicate(raw, offset, earlier.offset, [...cursor.path, raw]);
    fields.set(raw, { offset, value: tree });
  }

  private refuseComplexKey(): void {
    if (this.cursor.isIndicator('?')) this.cursor.stop('key', 'a name must be a word: "? " is not understood');
  }

  /** Whether a name and its colon stand here, in one line. */
  private startsKey(flow: boolean): boolean {
    const { cursor } = this;
    const { offset, line } = cursor;
    const quoted = /["']/.test(cursor.character());
    let end: number;
    if (quoted) {
      readQuoted(cursor);
      end = cursor.line === line ? cursor.offset : cursor.end;
      [cursor.offset, cursor.line] = [offset, line];
    } else if (cursor.startsPlain(flow) || cursor.endsKey(offset, flow)) end = cursor.plainEnd(offset, flow);
    else return false;
    while (end < cursor.end && (cursor.code(end) === 32 || cursor.code(end) === 9)) end++;
    if (!(quoted && flow ? cursor.text[end] === ':' : cursor.endsKey(end, flow))) return false;
    if (end - offset > longestKey) cursor.stop('key', `the name of a field is longer than ${longestKey} characters`);
    return true;
  }

  /** Steps to the next entry of the map or list at a column; false: it ends. */
  private again(column: number): boolean {
    const { cursor } = this;
    if (!cursor.toContent()) return false;
    if (!cursor.fresh) this.unexpected();
    const found = cursor.column;
    if (found > column) cursor.stop('indentation', `the line is indented by ${found}, what it follows by ${column}`);
    return found === column;
  }

  private flow(): Tree {
    const { cursor } = this;
    const offset = cursor.offset;
    cursor.offset++;
    return cursor.text[offset] === '['
      ? { kind: 'list', offset, items: this.flowItems(offset) }
      : { kind: 'map', offset, fields: this.flowFields(offset) };
  }

  private flowItems(start: number): Tree[] {
    const items: Tree[] = [];
    while (!this.flowEnd(start, ']')) {
      if (this.cursor.character() === ',') this.cursor.stop('syntax', 'an element is missing before ","');
      items.push(this.below(items.length, () => (this.startsKey(true) ? this.flowPair() : this.flowNode())));
      this.flowComma(start, ']');
    }
    return items;
  }

  /** `[a: 1]` is a list of one map. */
  private flowPair(): Tree {
    const { offset } = this.cursor;
    this.enter(offset);
    const fields = new Map<string, TreeField>();
    const merged: Tree[] = [];
    this.field(fields, merged, true, () => this.flowNode());
    return { kind: 'map', offset, fields: withMerged(fields, merged) };
  }

  private flowFields(start: number): Map<string, TreeField> {
    const { cursor } = this;
    const fields = new Map<string, TreeField>();
    const merged: Tree[] = [];
    while (!this.flowEnd(start, '}')) {
      if (!/["']/.test(cursor.character()) && !cursor.startsPlain(true) && !cursor.endsKey(cursor.offset, true)) {
        cursor.stop('key', `the name of a field must be a word, not ${show(cursor.character())}`);
      }
      this.field(fields, merged, true, () => this.flowNode());
      this.flowComma(start, '}');
    }
    return withMerged(fields, merged);
  }

  private flowNode(): Tree {
    const { cursor } = this;
    const start = cursor.offset;
    if (!cursor.toContent()) return this.empty(start);
    this.enter(cursor.offset);
    switch (cursor.character()) {
      case '&':
        return this.anchored(() => this.flowNode());
      case '!':
        return this.tag();
      case '*':
        return this.alias();
      case '[':
      case '{':
        return this.flow();
      case ',':
      case '}':
      case ']':
        return this.empty(start);
      default:
        return this.scalar(-1, true);
    }
  }

  private flowEnd(start: number, closing: string): boolean {
    const { cursor } = this;
    if (!cursor.toContent()) cursor.stop('syntax', `${cursor.text[start]} is never closed`, start);
    if (cursor.character() !== closing) return false;
    cursor.offset++;
    return true;
  }

  private flowComma(start: number, closing: string): void {
    const { cursor } = this;
    if (!cursor.toContent()) cursor.stop('syntax', `${cursor.text[start]} is never closed`, start);
    if (cursor.character() === ',') cursor.offset++;
    else if (cursor.character() !== closing) cursor.stop('syntax', `"," or "${closing}" is expected, not ${show(cursor.character())}`);
  }

  private scalar(parent: number, flow: boolean): Tree {
    const { cursor } = this;
    const offset = cursor.offset;
    if (/["']/.test(cursor.character())) return textOf(readQuoted(cursor), offset);
    if (!cursor.startsPlain(flow)) this.unexpected();
    const raw = readPlain(cursor, parent, flow);
    const value = plainValue(raw);
    if (readsTwice(raw, value)) {
      cursor.reading.warn('number', offset, `${raw} is read as ${value}: quote it, or write ${value}`, cursor.path.slice());
    }
    return { kind: 'scalar', offset, value, raw };
  }

  private anchored(read: () => Tree): Tree {
    const { cursor } = this;
    const name = this.word();
    if (cursor.toContent() && cursor.character() === '&') cursor.stop('syntax', 'the name of an anchor stands behind another');
    return this.anchors.name(name, cursor.path.length, read);
  }

  private alias(): Tree {
    const { cursor } = this;
    const offset = cursor.offset;
    const name = this.word();
    const found = this.anchors.find(name);
    if (typeof found === 'string') return cursor.stop('alias', found, offset);
    cursor.reading.spend(found.size, offset);
    this.anchors.count(found.size);
    this.reach(cursor.path.length + found.depth, offset);
    return found.tree;
  }

  private checkMerge(tree: Tree, offset: number): void {
    const sources = tree.kind === 'list' ? tree.items : [tree];
    if (sources.some(({ kind }) => kind !== 'map')) this.cursor.stop('merge', '"<<" takes a map, or a list of maps', offset);
    for (const source of sources) this.cursor.reading.spend(source.kind === 'map' ? source.fields.size : 0, offset);
  }

  /** The name of an anchor, behind its & or *. */
  private word(): string {
    const { cursor } = this;
    const start = ++cursor.offset;
    while (/[\w-]/.test(cursor.character())) cursor.offset++;
    if (cursor.offset > start && (isSpace(cursor.code()) || /[,\]}]/.test(cursor.character())))
      return cursor.text.slice(start, cursor.offset);
    return cursor.stop('syntax', 'the name of an anchor is letters, digits, - and _');
  }

  private tag(): never {
    const [tag] = this.cursor.text.slice(this.cursor.offset, this.cursor.offset + 60).split(/[\s,[\]{}]/, 1);
    return this.cursor.stop('tag', `the tag ${tag} is not understood: leave it out`);
  }

  private below(step: string | number, read: () => Tree): Tree {
    this.cursor.path.push(step);
    const tree = read();
    this.cursor.path.pop();
    return tree;
  }

  private empty(offset: number): Tree {
    this.enter(offset);
    return { kind: 'scalar', offset: Math.min(offset, this.cursor.end), value: null, raw: '' };
  }

  private enter(offset: number): void {
    this.cursor.reading.spend(1, offset);
    this.anchors.count(1);
    this.reach(this.cursor.path.length, offset);
  }

  private reach(depth: number, offset: number): void {
    if (depth > deepest) this.cursor.stop('too-deep', `maps and lists are more than ${deepest} deep`, offset);
    this.anchors.reach(depth);
  }

  private unexpected(): never {
    const { cursor } = this;
    const character = cursor.character();
    this.refuseComplexKey();
    if (character === '!') this.tag();
    if (/[&*]/.test(character)) cursor.stop('key', 'the name of a field must be a word, without an anchor');
    if (/[@`%]/.test(character)) cursor.stop('syntax', `a value cannot start with ${character}: it needs quotes`);
    if (character === ':') cursor.stop('syntax', 'a ":" where none can be: a value that holds one needs quotes');
    const rest = cursor.text.slice(cursor.offset, Math.min(cursor.lineEnd(), cursor.offset + 60));
    return cursor.stop('syntax', `${show(rest.trimEnd())} is neither a field nor an element of a list`);
  }
}

function textOf(value: string, offset: number): Tree {
  return { kind: 'scalar', offset, value, raw: value };
}

/** Fields of "<<" where the map has none of its own; of several the first one's. */
function withMerged(fields: Map<string, TreeField>, merged: readonly Tree[]): Map<string, TreeField> {
  for (const tree of merged) {
    for (const source of tree.kind === 'list' ? tree.items : [tree]) {
      if (source.kind !== 'map') continue;
      for (const [name, field] of source.fields) if (!fields.has(name)) fields.set(name, field);
    }
  }
  return fields;
}
