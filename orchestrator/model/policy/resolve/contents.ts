// Contents: what cells hold, each content once. Identities that the same rules select share one, and its rows are worked out once.

import { type CellRow, canonicalRows, type Variant } from './cell.ts';

export class Content {
  readonly variants: readonly Variant[];
  /** What comes of one variant more or less; known once it was asked for. */
  readonly with = new Map<Variant, Content>();
  readonly without = new Map<Variant, Content>();
  private worked: readonly CellRow[] | undefined;

  constructor(variants: readonly Variant[]) {
    this.variants = variants;
  }

  get rows(): readonly CellRow[] {
    this.worked ??= canonicalRows(this.variants);
    return this.worked;
  }
}

export class ContentTable {
  readonly empty = new Content([]);
  private readonly byKey = new Map<string, Content>();
  private live = 0;

  plus(content: Content, variant: Variant): Content {
    let found = content.with.get(variant);
    if (found === undefined) {
      const { variants } = content;
      found = variants.includes(variant) ? content : this.intern([...variants, variant].sort((a, b) => a.id - b.id));
      content.with.set(variant, found);
    }
    return found;
  }

  minus(content: Content, variant: Variant): Content {
    let found = content.without.get(variant);
    if (found === undefined) {
      const { variants } = content;
      found = variants.includes(variant) ? this.intern(variants.filter((other) => other !== variant)) : content;
      content.without.set(variant, found);
    }
    return found;
  }

  get size(): number {
    return this.byKey.size;
  }

  /** Whether so many contents have come since the last sweep that it pays to look for unused ones. */
  get isStale(): boolean {
    return this.byKey.size > 2 * this.live + 1024;
  }

  /** Forgets what no cell holds any more. */
  sweep(used: ReadonlySet<Content>): void {
    for (const [key, content] of this.byKey) {
      content.with.clear();
      content.without.clear();
      if (!used.has(content)) this.byKey.delete(key);
    }
    this.empty.with.clear();
    this.live = this.byKey.size;
  }

  private intern(variants: readonly Variant[]): Content {
    if (variants.length === 0) return this.empty;
    const key = variants.map(({ id }) => id).join(' ');
    let content = this.byKey.get(key);
    if (content === undefined) {
      content = new Content(variants);
      this.byKey.set(key, content);
    }
    return content;
  }
}
