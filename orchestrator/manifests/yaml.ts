// YAML, read with places by the library, and given the values that kubectl gives.

import { type Alias, isAlias, isCollection, isMap, isScalar, isSeq, type Node, parseDocument, type Scalar } from 'yaml';
import { show } from '../model/schema/validate.ts';
import { deepest } from './limits.ts';
import { plainValue, readsTwice } from './plain-scalar.ts';
import type { Reading } from './reading.ts';
import type { Tree, TreeField } from './tree.ts';

/** What the library calls values without a tag. */
const ownTags = new Set(['str', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`));

/** Reads one document; undefined: there is nothing in it. */
export function readYaml(text: string, start: number, reading: Reading): Tree | undefined {
  const document = parseDocument(text, { schema: 'failsafe', version: '1.2', prettyErrors: false, uniqueKeys: false, logLevel: 'silent' });
  for (const { pos, message } of document.errors) {
    reading.refuse('syntax', start + pos[0], `${message[0].toLowerCase()}${message.slice(1).split('\n', 1)[0].slice(0, 200)}`);
  }
  if (reading.failed) return undefined;
  if (document.contents === null) return undefined;
  return new YamlReader(start, reading).tree(document.contents);
}

class YamlReader {
  private readonly start: number;
  private readonly reading: Reading;
  private readonly path: (string | number)[] = [];
  /** What an anchor stands for now, how many values that are and how deep; undefined: it is being read. */
  private readonly anchors = new Map<string, { tree: Tree; size: number; depth: number } | undefined>();
  private read = 0;
  private lowest = 0;

  constructor(start: number, reading: Reading) {
    this.start = start;
    this.reading = reading;
  }

  tree(node: unknown): Tree {
    const offset = this.offset(node);
    this.read++;
    this.reading.spend(1, offset);
    this.reach(this.path.length, offset);
    if (isAlias(node)) return this.alias(node, offset);
    if (!isCollection(node) && !isScalar(node)) return { kind: 'scalar', offset, value: null, raw: '' };
    const { tag, anchor } = node;
    if (tag !== undefined && !ownTags.has(tag)) {
      this.reading.stop('tag', offset, `the tag ${show(tag)} is not understood: leave it out`, this.path.slice());
    }
    return anchor === undefined ? this.plain(node, offset) : this.anchored(anchor, node, offset);
  }

  private anchored(anchor: string, node: Node, offset: number): Tree {
    const [before, lowest] = [this.read - 1, this.lowest];
    this.lowest = this.path.length;
    this.anchors.set(anchor, undefined);
    const tree = this.plain(node, offset);
    this.anchors.set(anchor, { tree, size: this.read - before, depth: this.lowest - this.path.length });
    this.lowest = Math.max(this.lowest, lowest);
    return tree;
  }

  private reach(depth: number, offset: number): void {
    if (depth > deepest) this.reading.stop('too-deep', offset, `maps and lists are more than ${deepest} deep`, this.path.slice());
    this.lowest = Math.max(this.lowest, depth);
  }

  private plain(node: unknown, offset: number): Tree {
    if (isMap(node)) return { kind: 'map', offset, fields: this.fields(node.items) };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.below(index, item));
      return { kind: 'list', offset, items };
    }
    return this.scalar(node as Scalar, offset);
  }

  private scalar(node: Scalar, offset: number): Tree {
    const raw = String(node.value ?? '');
    if (node.type !== 'PLAIN') return { kind: 'scalar', offset, value: raw, raw };
    const value = plainValue(raw);
    if (readsTwice(raw, value)) {
      this.reading.warn('number', offset, `${raw} is read as ${value}: quote it, or write ${value}`, this.path.slice());
    }
    return { kind: 'scalar', offset, value, raw };
  }

  private fields(pairs: readonly { key: unknown; value: unknown }[]): Map<string, TreeField> {
    const fields = new Map<string, TreeField>();
    const merged = new Map<string, TreeField>();
    for (const { key, value } of pairs) {
      const offset = this.offset(key);
      if (!isScalar(key)) this.reading.stop('key', offset, 'the name of a field must be a word', this.path.slice());
      const name = this.name(key, offset);
      if (name === '<<' && key.type === 'PLAIN') {
        this.merge(value, offset, merged);
        continue;
      }
      const tree = this.below(name, value);
      const earlier = fields.get(name);
      if (earlier !== undefined) this.reading.refuseDuplicate(name, offset, earlier.offset, [...this.path, name]);
      fields.set(name, { offset, value: tree });
    }
    for (const [name, field] of merged) if (!fields.has(name)) fields.set(name, field);
    return fields;
  }

  private name(key: Scalar, offset: number): string {
    const raw = String(key.value ?? '');
    const value = key.type === 'PLAIN' ? plainValue(raw) : raw;
    if (typeof value === 'boolean' || value === null) {
      this.reading.refuse(
        'key',
        offset,
        `as the name of a field, ${raw === '' ? 'nothing' : raw} is ${value}: write ${JSON.stringify(raw)}`,
        this.path.slice(),
      );
    }
    return raw;
  }

  private merge(value: unknown, offset: number, merged: Map<string, TreeField>): void {
    const tree = this.tree(value);
    const sources = tree.kind === 'list' ? tree.items : [tree];
    for (const source of sources) {
      if (source.kind !== 'map') this.reading.stop('merge', offset, '"<<" takes a map, or a list of maps', this.path.slice());
      for (const [name, field] of source.fields) if (!merged.has(name)) merged.set(name, field);
    }
  }

  private alias({ source }: Alias, offset: number): Tree {
    const known = this.anchors.get(source);
    if (known === undefined) {
      const sentence = this.anchors.has(source) ? 'stands within what it names' : 'names nothing above it';
      return this.reading.stop('alias', offset, `*${source} ${sentence}`, this.path.slice());
    }
    this.reading.spend(known.size, offset);
    this.read += known.size;
    this.reach(this.path.length + known.depth, offset);
    return known.tree;
  }

  private below(step: string | number, node: unknown): Tree {
    this.path.push(step);
    const tree = this.tree(node);
    this.path.pop();
    return tree;
  }

  private offset(node: unknown): number {
    const range = node !== null && typeof node === 'object' && 'range' in node ? (node.range as [number] | null | undefined) : undefined;
    return this.start + (range?.[0] ?? 0);
  }
}
