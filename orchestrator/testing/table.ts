// Tables: a map of a machine, kept equal to what it should hold. Only entries that differ are written.

import type { MapSpec } from '../datapath/layout.ts';
import type { Machine } from './machine.ts';

interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
}

export class Table<K extends object | number, V extends object> {
  private readonly spec: MapSpec<K, V>;
  private readonly machines: readonly Machine[];
  private readonly entries = new Map<string, Entry<K, V>>();

  constructor(spec: MapSpec<K, V>, machines: readonly Machine[]) {
    this.spec = spec;
    this.machines = machines;
  }

  put(key: K, value: V): void {
    this.entries.set(keyText(key), { key, value });
    for (const machine of this.machines) machine.map(this.spec).updateNow(key, value);
  }

  delete(key: K): void {
    if (!this.entries.delete(keyText(key))) return;
    for (const machine of this.machines) machine.map(this.spec).deleteNow(key);
  }

  /** Makes the table hold these entries and no others: new ones first, so that nothing is missing in between. True: something changed. */
  sync(wanted: Iterable<readonly [K, V]>): boolean {
    const texts = new Set<string>();
    let isChanged = false;
    for (const [key, value] of wanted) {
      const text = keyText(key);
      texts.add(text);
      const known = this.entries.get(text);
      if (known !== undefined && isSame(known.value, value)) continue;
      this.put(key, value);
      isChanged = true;
    }
    if (texts.size === this.entries.size) return isChanged;
    for (const [text, { key }] of this.entries) if (!texts.has(text)) this.delete(key);
    return true;
  }

  clear(): void {
    for (const { key } of [...this.entries.values()]) this.delete(key);
  }
}

/** Keys have plain fields, always in the same order. */
function keyText(key: object | number): string {
  return typeof key === 'number' ? `${key}` : Object.values(key).join();
}

function isSame(a: object, b: object): boolean {
  const [ours, theirs] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return Object.keys(theirs).every((name) => ours[name] === theirs[name]);
}
