// Socket losses: datagrams that came to a socket which had no room left for them. The kernel counts them for as long as the socket lives, whoever
// has it.

import type { Calls } from './calls.ts';

/** SOL_SOCKET, SO_MEMINFO: u32s, of which one is the count (SK_MEMINFO_DROPS). */
const [socket, memory] = [1, 55];
const [words, drops] = [9, 8];

/** 0 where the kernel does not say. */
export function lostBy(calls: Calls, descriptor: number): number {
  const values = new Uint32Array(new ArrayBuffer(words * 4));
  const length = Uint32Array.of(words * 4);
  if (calls.getsockopt(descriptor, socket, memory, calls.address(values), calls.address(length)) < 0) return 0;
  return values[drops] as number;
}
