// Entries of a map that are dropped by what they say.

import type { DatapathMap } from './datapath.ts';

/** Keys that go in one call. */
const batch = 1_000;

/** Found first: deleting under a scan makes some maps begin anew. Answers how many went. */
export async function dropEntries<K, V>(map: DatapathMap<K, V>, isMeant: (key: K, value: V) => boolean): Promise<number> {
  const found: K[] = [];
  for await (const [key, value] of map.entries()) if (isMeant(key, value)) found.push(key);
  for (let from = 0; from < found.length; from += batch) await map.delete(found.slice(from, from + batch));
  return found.length;
}
