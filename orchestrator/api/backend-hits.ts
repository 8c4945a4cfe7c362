// Hits of backends: how many connections each was given, as the datapath counts when it gives one. It goes on counting while no agent runs.

import type { Datapath } from '../datapath/datapath.ts';
import { backendHitsSpec, backendsSpec } from '../datapath/generated/maps.ts';
import { swapPort, wordText } from '../net/words.ts';

/** By key of the backend, of those asked for that were given any. */
export async function backendHits(datapath: Pick<Datapath, 'map'>, keys: ReadonlySet<string>): Promise<Map<string, number>> {
  const counted = new Map(await Array.fromAsync(datapath.map(backendHitsSpec).entries()));
  const found = new Map<string, number>();
  if (counted.size === 0) return found;
  for await (const [id, { hi, lo, port, protocol, generation }] of datapath.map(backendsSpec).entries()) {
    const hits = counted.get(id);
    // Of another generation: of whom the number meant before.
    if (hits === undefined || hits.generation !== generation) continue;
    const key = `${wordText({ hi, lo })} ${protocol} ${swapPort(port)}`;
    if (keys.has(key)) found.set(key, Number(hits.connections));
  }
  return found;
}
