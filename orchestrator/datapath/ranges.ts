// Ranges: many entries of an array in one go, for tables of slots that are made as a whole.

import { AgentError } from '../errors.ts';
import type { DatapathMap } from './datapath.ts';
import type { MapSpec } from './layout.ts';

/** An ability beside the contract: both machines' arrays that are not per CPU have it. */
export interface RangeMap<V> extends DatapathMap<number, V> {
  /**
   * Values from index `from` on, as words in the order of their bytes. A packet may meet half of a value: it is for entries that nothing refers
   * to. Throws MAP_KEY_INVALID, and has written nothing, where the array ends before they do.
   */
  updateRange(from: number, words: Uint32Array): Promise<void>;
}

/** The map, which must have that ability. */
export function rangeMap<V>(map: DatapathMap<number, V>): RangeMap<V> {
  if ('updateRange' in map) return map as RangeMap<V>;
  throw new TypeError('this map takes no ranges');
}

/** Refuses what is no range of that map. */
export function checkRange(
  { name, kind, value }: Pick<MapSpec, 'name' | 'kind' | 'value'>,
  capacity: number,
  from: number,
  words: Uint32Array,
): void {
  if (kind !== 'array' || words.byteLength % value.size !== 0) throw new TypeError(`map ${name}: update: not whole values of an array`);
  const last = from + words.byteLength / value.size - 1;
  if (from < 0 || last >= capacity) throw new AgentError('MAP_KEY_INVALID', `map ${name}: update: no such index, of ${capacity}: ${last}`);
}
