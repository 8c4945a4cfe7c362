// Hits: how many connections each backend was given so far. Asked once a connection: packets of an open one pay nothing.

import { BackendHits } from '../core/layout/service';
import { MAP_BACKEND_HITS } from '../host/generated/maps';
import { lookupNumber } from '../host/lookup';
import { mapUpdate } from '../host/maps';
import { hitsKey, newHits } from './area';

const UPDATE_ANY: u32 = 0;
const UPDATE_NO_EXIST: u32 = 1;

/** What a full map has no room for is not counted; of two that are the first under a number's new meaning, one may be missed. */
export function countHit(backend: u32, generation: u32): void {
  let found = lookupNumber(MAP_BACKEND_HITS, backend);
  if (found == 0 || changetype<BackendHits>(found).generation != generation) {
    const none = newHits();
    none.connections = 0;
    none.generation = generation;
    none.pad0 = 0;
    store<u32>(hitsKey(), backend);
    mapUpdate(MAP_BACKEND_HITS, hitsKey(), changetype<usize>(none), found == 0 ? UPDATE_NO_EXIST : UPDATE_ANY);
    found = lookupNumber(MAP_BACKEND_HITS, backend);
  }
  if (found != 0) atomic.add<u64>(found + offsetof<BackendHits>('connections'), 1);
}
