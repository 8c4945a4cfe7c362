// Source ranges: which clients a service takes, by the number of its frontend. They are there before the frontend asks for them, and go after
// it does not any more.

import { parsePrefix } from '../../net/prefix.ts';
import { addressWords } from '../../net/words.ts';
import type { DatapathMap } from '../datapath.ts';
import type { SourceRange, SourceRangeKey } from '../generated/layouts.ts';

/** Bits of the number, and of what IPv4 addresses begin with as IPv6 ones. */
const [numberBits, mappedBits] = [32, 96];

export class SourceRanges {
  readonly #map: DatapathMap<SourceRangeKey, SourceRange>;
  /** Number → ranges that may be there, as text. */
  readonly #written = new Map<number, Map<string, SourceRangeKey>>();

  constructor(map: DatapathMap<SourceRangeKey, SourceRange>) {
    this.#map = map;
  }

  get capacity(): number {
    return this.#map.capacity;
  }

  async load(): Promise<void> {
    for await (const [key] of this.#map.entries()) this.#note(key);
  }

  /** Adds what is missing; false when there is no room, and then nothing was added. */
  async add(number: number, prefixes: readonly string[]): Promise<boolean> {
    const there = this.#written.get(number);
    const missing = prefixes.map((prefix) => rangeKey(number, prefix)).filter((key) => there?.has(keyText(key)) !== true);
    if (missing.length === 0) return true;
    if (this.#count() + missing.length > this.#map.capacity) return false;
    for (const key of missing) this.#note(key);
    await this.#map.update(missing.map((key) => [key, { flags: 0 }] as const));
    return true;
  }

  /** Removes what a number has besides. */
  async trim(number: number, prefixes: readonly string[]): Promise<void> {
    const there = this.#written.get(number);
    if (there === undefined) return;
    const wanted = new Set(prefixes.map((prefix) => keyText(rangeKey(number, prefix))));
    const gone = [...there].filter(([text]) => !wanted.has(text));
    await this.#map.delete(gone.map(([, key]) => key));
    for (const [text] of gone) there.delete(text);
    if (there.size === 0) this.#written.delete(number);
  }

  /** Removes what belongs to numbers that nobody has. */
  async prune(isUsed: (number: number) => boolean): Promise<void> {
    for (const number of [...this.#written.keys()]) if (!isUsed(number)) await this.trim(number, []);
  }

  #note(key: SourceRangeKey): void {
    const ranges = this.#written.get(key.service) ?? new Map<string, SourceRangeKey>();
    this.#written.set(key.service, ranges.set(keyText(key), key));
  }

  #count(): number {
    let count = 0;
    for (const ranges of this.#written.values()) count += ranges.size;
    return count;
  }
}

function rangeKey(service: number, text: string): SourceRangeKey {
  const { address, length } = parts(text);
  return { prefixLength: numberBits + length, service, ...addressWords(address) };
}

function parts(text: string): { readonly address: string; readonly length: number } {
  const [address = '', length] = parsePrefix(text).text.split('/');
  return { address, length: Number(length) + (address.includes(':') ? 0 : mappedBits) };
}

function keyText({ prefixLength, hi, lo }: SourceRangeKey): string {
  return `${hi} ${lo} ${prefixLength}`;
}
