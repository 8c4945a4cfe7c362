// A map of a datapath, or anything that is written and listed like one, as the target of a reconciler.

import type { Operations } from './operations.ts';
import type { Key } from './table.ts';

export interface TargetMap<K, V> {
  update(entries: Iterable<readonly [K, V]>): Promise<void>;
  delete(keys: Iterable<K>): Promise<void>;
  entries(): AsyncIterable<readonly [K, V]>;
}

/** `entry`: what the map has for a row, its key by the row's primary key alone. `idOf`: equal for equal keys of the map. */
export function mapOperations<Row, K, V>(options: {
  readonly map: TargetMap<K, V>;
  readonly entry: (row: Row) => readonly [K, V];
  readonly idOf: (key: K) => Key;
}): Operations<Row> {
  const { map, entry, idOf } = options;
  return {
    update: (rows) => map.update(rows.map(entry)),
    delete: (rows) => map.delete(rows.map((row) => entry(row)[0])),
    async prune(rows) {
      const wanted = new Set(rows.map((row) => idOf(entry(row)[0])));
      // Listed to the end first: deleting under an iteration makes some maps begin anew.
      const stale: K[] = [];
      for await (const [key] of map.entries()) if (!wanted.has(idOf(key))) stale.push(key);
      if (stale.length > 0) await map.delete(stale);
    },
  };
}
