// Journal: what the holder of a map's lock is about, in two words of the descriptor, for whoever finds the lock without its holder
// (recover.ts). What comes is written down before what goes: a node that goes while another one comes must not look as if it were deleted.

import { MapDescriptor } from './descriptor';

/** In place of the index of the node that comes, as long as it has none. */
export const NOT_YET: u32 = 0xffffffff;

/** `leaving` 0: the key is new. Until the node that comes has the state of an entry, nothing has happened. */
export function beginReplacing(map: MapDescriptor, placing: u32, leaving: u32): void {
  const at = changetype<usize>(map);
  atomic.store<u32>(at, placing, offsetof<MapDescriptor>('placing'));
  atomic.store<u32>(at, leaving, offsetof<MapDescriptor>('leaving'));
}

export function endReplacing(map: MapDescriptor): void {
  const at = changetype<usize>(map);
  atomic.store<u32>(at, 0, offsetof<MapDescriptor>('leaving'));
  atomic.store<u32>(at, 0, offsetof<MapDescriptor>('placing'));
}
