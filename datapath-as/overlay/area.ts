// Area: what the overlay uses of its worker's part of the memory (packet/area.ts): a buffer for datagrams on their way out. What comes in
// goes through the input buffer, where it is read and decided in place.
//
//   offset in the area        what                                                  bytes
//   0x32000                   datagrams to send                                     56 KiB

import { factsPointer } from '../packet/area';

/** More than 38 whole datagrams of an Ethernet's size. */
export const ROOM: u32 = 0xe000;

const DATAGRAMS: usize = 0x32000;

export function overlayDatagrams(): usize {
  return factsPointer() + DATAGRAMS;
}
export function overlayRoom(): u32 {
  return ROOM;
}
