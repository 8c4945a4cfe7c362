// Prefix table: the ipcache as it is wanted and as it is written.

import type { PrefixWords } from '../../net/words.ts';
import { prefixText, prefixWords, wordText } from '../../net/words.ts';
import type { DatapathMap } from '../datapath.ts';
import type { Prefix } from '../generated/layouts.ts';
import type { PrefixRow } from './rows.ts';

/** Zone and address. */
const wholeLength = 160;

export class PrefixTable {
  private readonly map: DatapathMap<PrefixWords, Prefix>;
  private readonly wanted = new Map<string, Prefix>();
  /** undefined: an update failed, it may be there or not. */
  private readonly written = new Map<string, Prefix | undefined>();
  private readonly dirty = new Set<string>();

  constructor(map: DatapathMap<PrefixWords, Prefix>) {
    this.map = map;
  }

  async load(): Promise<void> {
    for await (const [key, value] of this.map.entries()) this.written.set(prefixText(key), value);
  }

  put({ prefix, identity, node, flags = 0 }: PrefixRow): void {
    const text = prefixText(prefixWords(prefix));
    this.wanted.set(text, { identity, node, flags });
    this.dirty.add(text);
  }

  remove(prefix: string): void {
    const text = prefixText(prefixWords(prefix));
    this.wanted.delete(text);
    this.dirty.add(text);
  }

  /** From now on prefixes of nobody go. */
  prune(): void {
    for (const text of this.written.keys()) this.dirty.add(text);
  }

  /**
   * Writes what differs: the longest first, and what goes the shortest first, so that no address falls to a prefix that decides for it
   * neither before nor after. Returns single addresses that changed, or 'many' when there were wider prefixes among them.
   */
  async write(): Promise<string[] | 'many'> {
    const dirty = [...this.dirty];
    this.dirty.clear();
    try {
      return await this.writeAll(dirty);
    } catch (error) {
      for (const text of dirty) this.dirty.add(text);
      throw error;
    }
  }

  private async writeAll(dirty: readonly string[]): Promise<string[] | 'many'> {
    const steps = dirty.map((text) => ({ text, key: prefixWords(text), value: this.wanted.get(text) }));
    const put = steps.filter(({ text, value }) => value !== undefined && !isSame(this.written.get(text), value));
    const gone = steps.filter(({ text, value }) => value === undefined && this.written.has(text));
    for (const { text } of put) this.written.set(text, undefined);
    await this.map.update(put.sort((a, b) => b.key.prefixLength - a.key.prefixLength).map(({ key, value }) => [key, value as Prefix]));
    for (const { text, value } of put) this.written.set(text, value);
    await this.map.delete(gone.sort((a, b) => a.key.prefixLength - b.key.prefixLength).map(({ key }) => key));
    for (const { text } of gone) this.written.delete(text);
    const changed = [...put, ...gone].map(({ key }) => key);
    return changed.every(({ prefixLength }) => prefixLength === wholeLength) ? changed.map(wordText) : 'many';
  }
}

function isSame(a: Prefix | undefined, b: Prefix): boolean {
  return a !== undefined && a.identity === b.identity && a.node === b.node && a.flags === b.flags;
}
