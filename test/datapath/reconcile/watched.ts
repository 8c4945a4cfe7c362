// A datapath whose maps take one entry at a time and call back after each, so that a test sees every state that packets may see; and
// which fails where a test wants it to.

import type { Datapath, DatapathMap } from '../../../orchestrator/datapath/datapath.ts';
import type { MapSpec } from '../../../orchestrator/datapath/layout.ts';
import { type RangeMap, rangeMap } from '../../../orchestrator/datapath/ranges.ts';

export interface Watch {
  /** After each entry that was written or removed. */
  onStep?: (map: string) => Promise<void>;
  /** Before each; what it throws, the call throws. */
  beforeStep?: (map: string) => void;
  /** Entries that are one step, of maps where single ones would take too long. */
  readonly strides?: Readonly<Record<string, number>>;
}

export function watched(datapath: Pick<Datapath, 'map'>, watch: Watch): Pick<Datapath, 'map'> {
  return { map: <K, V>(spec: MapSpec<K, V>): DatapathMap<K, V> => new WatchedMap(spec.name, datapath.map(spec), watch) };
}

class WatchedMap<K, V> implements DatapathMap<K, V>, Pick<RangeMap<V>, 'updateRange'> {
  private readonly name: string;
  private readonly inner: DatapathMap<K, V>;
  private readonly watch: Watch;

  constructor(name: string, inner: DatapathMap<K, V>, watch: Watch) {
    this.name = name;
    this.inner = inner;
    this.watch = watch;
  }

  get capacity(): number {
    return this.inner.capacity;
  }

  async update(entries: Iterable<readonly [K, V]>): Promise<void> {
    for (const some of this.strides(entries)) await this.step(() => this.inner.update(some));
  }

  async delete(keys: Iterable<K>): Promise<void> {
    for (const some of this.strides(keys)) await this.step(() => this.inner.delete(some));
  }

  /** Of values of a word. */
  async updateRange(from: number, words: Uint32Array): Promise<void> {
    const inner = rangeMap(this.inner as DatapathMap<never, V>);
    const stride = this.watch.strides?.[this.name] ?? 1;
    for (let at = 0; at < words.length; at += stride) await this.step(() => inner.updateRange(from + at, words.subarray(at, at + stride)));
  }

  get(key: K): Promise<V | undefined> {
    return this.inner.get(key);
  }

  entries(): AsyncIterable<[K, V]> {
    return this.inner.entries();
  }

  count(): Promise<number> {
    return this.inner.count();
  }

  private strides<Item>(items: Iterable<Item>): Item[][] {
    const all = [...items];
    const stride = this.watch.strides?.[this.name] ?? 1;
    return Array.from({ length: Math.ceil(all.length / stride) }, (_, index) => all.slice(index * stride, (index + 1) * stride));
  }

  private async step(write: () => Promise<void>): Promise<void> {
    this.watch.beforeStep?.(this.name);
    await write();
    await this.watch.onStep?.(this.name);
  }
}
