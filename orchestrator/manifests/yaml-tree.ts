// The library's nodes as a tree: names, anchors and merged maps, with the values that kubectl gives them.

import type { Pair, Scalar } from 'yaml';
import { deepest } from './limits.ts';
import { plainValue, readsTwice } from './plain-scalar.ts';
import type { Reading } from './reading.ts';
import type { Tree, TreeField } from './tree.ts';
import { yamlLibrary } from './yaml-library.ts';

interface Anchor {
  readonly tree: Tree;
  /** Values, all that it stands for counted. */
  readonly size: number;
  /** Maps and lists within each other. */
  readonly depth: number;
}

interface Ranged {
  readonly range?: readonly [number, number, number] | null;
  readonly anchor?: string;
}

export class YamlTree {
  /** Where the library's offsets start. */
  private readonly from: number;
  private readonly reading: Reading;
  private readonly path: (string | number)[] = [];
  /** Undefined: it is being read. */
  private readonly anchors = new Map<string, Anchor | undefined>();
  private readonly is = yamlLibrary();
  private values = 0;
  private lowest = 0;

  constructor(from: number, reading: Reading) {
    this.from = from;
    this.reading = reading;
  }

  read(node: unknown, around = 0): Tree {
    const offset = this.offset(node) ?? around;
    if (this.is.isAlias(node)) return this.alias(node.source, offset);
    this.spend(1, offset);
    this.reach(this.path.length, offset);
    const { anchor } = (node ?? {}) as Ranged;
    if (anchor === undefined) return this.unnamed(node, offset);
    const [before, lowest] = [this.values, this.lowest];
    this.lowest = this.path.length;
    this.anchors.set(anchor, undefined);
    const tree = this.unnamed(node, offset);
    this.anchors.set(anchor, { tree, size: this.values - before + 1, depth: this.lowest - this.path.length });
    this.lowest = Math.max(this.lowest, lowest);
    return tree;
  }

  private unnamed(node: unknown, offset: number): Tree {
    if (this.is.isMap(node)) return { kind: 'map', offset, fields: this.fields(node.items as Pair[], offset) };
    if (this.is.isSeq(node)) {
      const items = node.items.map((item, index) => this.below(index, () => this.read(item, offset)));
      return { kind: 'list', offset, items };
    }
    const scalar = node as Scalar | null;
    const raw = String(scalar?.value ?? '');
    if (scalar?.type !== 'PLAIN' && scalar !== null) return { kind: 'scalar', offset, value: raw, raw };
    const value = plainValue(raw);
    if (readsTwice(raw, value))
      this.reading.warn('number', offset, `${raw} is read as ${value}: quote it, or write ${value}`, this.path.slice());
    return { kind: 'scalar', offset, value, raw };
  }

  private fields(pairs: readonly Pair[], around: number): Map<string, TreeField> {
    const fields = new Map<string, TreeField>();
    const merged: Tree[] = [];
    for (const { key, value } of pairs) {
      const offset = this.offset(key) ?? around;
      const name = this.name(key, offset);
      const tree = this.below(name, () => this.read(value, offset));
      if (name === '<<' && (key as Scalar).type === 'PLAIN') {
        merged.push(...this.merged(tree, offset));
        continue;
      }
      const earlier = fields.get(name);
      if (earlier !== undefined) this.reading.refuseDuplicate(name, offset, earlier.offset, [...this.path, name]);
      else fields.set(name, { offset, value: tree });
    }
    // A map's own fields come before those of "<<", of which the first ones do.
    for (const tree of merged)
      if (tree.kind === 'map') for (const [name, field] of tree.fields) if (!fields.has(name)) fields.set(name, field);
    return fields;
  }

  /** Names are texts: numbers become them as they stand there, what would become another text is refused. */
  private name(key: unknown, offset: number): string {
    const { anchor } = (key ?? {}) as Ranged;
    if ((key !== null && !this.is.isScalar(key)) || anchor !== undefined)
      return this.reading.stop('key', offset, 'the name of a field must be a word, and no map, list, anchor or alias', this.path.slice());
    const raw = String(key?.value ?? '');
    if (key !== null && key.type !== 'PLAIN') return raw;
    const value = plainValue(raw);
    if (typeof value !== 'string' && String(value) !== raw) {
      const message = `as the name of a field, ${raw === '' ? 'nothing' : raw} is ${value}: write ${JSON.stringify(raw)}`;
      this.reading.refuse('key', offset, message, this.path.slice());
    } else if (typeof value === 'boolean' || value === null) {
      this.reading.refuse('key', offset, `the name of a field is a text, ${raw} is none: write ${JSON.stringify(raw)}`, this.path.slice());
    }
    return raw;
  }

  private merged(tree: Tree, offset: number): readonly Tree[] {
    const sources = tree.kind === 'list' ? tree.items : [tree];
    for (const source of sources) {
      if (source.kind !== 'map') return this.reading.stop('merge', offset, '"<<" takes a map, or a list of maps', this.path.slice());
      this.spend(source.fields.size, offset);
    }
    return sources;
  }

  private alias(name: string, offset: number): Tree {
    const found = this.anchors.get(name);
    if (found === undefined) {
      const why = this.anchors.has(name) ? 'stands within what it names' : 'names nothing above it';
      return this.reading.stop('alias', offset, `*${name} ${why}`, this.path.slice());
    }
    this.spend(found.size, offset);
    this.reach(this.path.length + found.depth, offset);
    return found.tree;
  }

  private below(step: string | number, read: () => Tree): Tree {
    this.path.push(step);
    const tree = read();
    this.path.pop();
    return tree;
  }

  private spend(values: number, offset: number): void {
    this.values += values;
    this.reading.spend(values, offset);
  }

  private reach(depth: number, offset: number): void {
    if (depth > deepest) this.reading.stop('too-deep', offset, `maps and lists are more than ${deepest} deep`, this.path.slice());
    this.lowest = Math.max(this.lowest, depth);
  }

  private offset(node: unknown): number | undefined {
    const { range } = (node ?? {}) as Ranged;
    return range === undefined || range === null ? undefined : this.from + range[0];
  }
}
