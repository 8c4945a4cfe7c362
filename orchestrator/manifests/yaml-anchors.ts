// Anchors: what the names of a YAML document stand for, and how much that is.

import type { Tree } from './tree.ts';

interface Anchor {
  readonly tree: Tree;
  /** Values, all that it stands for counted. */
  readonly size: number;
  /** Maps and lists within each other. */
  readonly depth: number;
}

export class Anchors {
  /** Undefined: it is being read. */
  private readonly named = new Map<string, Anchor | undefined>();
  private values = 0;
  private lowest = 0;

  count(values: number): void {
    this.values += values;
  }

  reach(depth: number): void {
    this.lowest = Math.max(this.lowest, depth);
  }

  /** A later one of the same name replaces an earlier one. */
  name(name: string, depth: number, read: () => Tree): Tree {
    const [before, lowest] = [this.values, this.lowest];
    this.lowest = depth;
    this.named.set(name, undefined);
    const tree = read();
    this.named.set(name, { tree, size: this.values - before, depth: this.lowest - depth });
    this.lowest = Math.max(this.lowest, lowest);
    return tree;
  }

  /** Or the sentence that says why there is none. */
  find(name: string): Anchor | string {
    const found = this.named.get(name);
    if (found !== undefined) return found;
    return this.named.has(name) ? `*${name} stands within what it names` : `*${name} names nothing above it`;
  }
}
