// Memory: where the host keeps its own state, and the allocator of everything above it. Shared by all instances: a WebAssembly
// global exists once per instance, so nothing that two workers must agree on may be one.
//
//   address     what                                                   bytes
//   0x00000     what the compiler puts into the module's data          4096
//   0x01000     header: break, hash multipliers, key cells             4096
//   0x02000     map descriptors (descriptor.ts)                        64 x 256
//   0x10000     areas of the workers (packet/area.ts); the last        32 x 256 KiB
//               part of each is the host's: matches (lookup-policy.ts)
//   0x810000    maps, in the order of their creation

export const MAX_WORKERS: u32 = 32;
export const AREA_BASE: usize = 0x10000;
export const AREA_SIZE: usize = 0x40000;
export const HEAP_BASE: usize = AREA_BASE + AREA_SIZE * <usize>MAX_WORKERS;

/** A cache line; every block starts on one. */
export const LINE: usize = 64;

const HEADER: usize = 0x1000;
/** Next free address of the heap. 0: the memory is fresh. */
const BREAK: usize = HEADER;
/** Maps created since the memory was fresh, `reset` or not: a u64. */
const CREATIONS: usize = HEADER + 8;
/** Six u64, see hash-key.ts. */
export const MULTIPLIERS: usize = HEADER + 0x40;
/** A u64 per worker, see array-map.ts. */
const KEY_CELLS: usize = HEADER + 0x100;
export const DESCRIPTORS: usize = 0x2000;

/** Per instance on purpose: which worker this instance is. */
let worker: u32 = 0;
/** Bytes of a worker's remembered matches, and where worker 0 has them. */
export const MATCHES_SIZE: usize = 0x4000;
const MATCHES: usize = AREA_BASE + AREA_SIZE - MATCHES_SIZE;
/** Bytes from worker 0's area to this one's. Starts as a plain 0: a computed start would need code that runs before any call. */
let distance: usize = 0;

/** Makes this instance that worker, whose copy of a per-CPU array it then writes. The caller has checked the number. */
export function selectWorker(number: u32): void {
  worker = number;
  distance = <usize>number * AREA_SIZE;
}
export function currentWorker(): u32 {
  return worker;
}
/** Where this worker's matches are; nobody else reads or writes there. */
export function workerMatches(): usize {
  return MATCHES + distance;
}
/** A number that no map of this memory ever had. */
export function numberCreation(): u64 {
  const number = load<u64>(CREATIONS) + 1;
  store<u64>(CREATIONS, number);
  return number;
}
/** Eight bytes that only this worker writes. */
export function keyCell(): usize {
  return KEY_CELLS + ((<usize>worker) << 3);
}

/** First address behind the memory; 64 bits, for the largest memory ends at 2^32. */
function memoryEnd(): u64 {
  return (<u64>memory.size()) << 16;
}

export function heapBreak(): usize {
  const end = load<usize>(BREAK);
  return end == 0 ? HEAP_BASE : end;
}

/** Zeroed block on a line of its own, 0 when the memory has no room. Only for the creator of the maps, before workers start. */
export function allocate(bytes: u64): usize {
  const start = heapBreak();
  const end: u64 = (<u64>start + bytes + <u64>(LINE - 1)) & ~(<u64>(LINE - 1));
  if (bytes > 0xffffffff || end > memoryEnd() || end > 0xffffffff) return 0;
  store<usize>(BREAK, <usize>end);
  return start;
}

/** Forgets all blocks. What lies above the break was never written, so only what lies below needs zeroes. */
export function releaseAll(): void {
  const end = load<usize>(BREAK);
  if (end > HEAP_BASE) memory.fill(HEAP_BASE, 0, end - HEAP_BASE);
  store<usize>(BREAK, 0);
}
