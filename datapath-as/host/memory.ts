// Memory: where the host keeps its own state, and the allocator of everything above it. Shared by all instances: a WebAssembly
// global exists once per instance, so nothing that two workers must agree on may be one.
//
//   address     what                                                   bytes
//   0x00000     what the compiler puts into the module's data          4096
//   0x01000     header: break, hash multipliers, key cells             4096
//   0x02000     map descriptors (descriptor.ts)                        64 x 256
//   0x10000     areas of the workers (packet/area.ts); the last MiB    32 x 1.25 MiB
//               of each is the host's: matches (lookup-policy.ts)
//   0x2810000   maps, in the order of their creation

export const MAX_WORKERS: u32 = 32;
export const AREA_BASE: usize = 0x10000;
export const AREA_SIZE: usize = 0x140000;
export const HEAP_BASE: usize = AREA_BASE + AREA_SIZE * <usize>MAX_WORKERS;

/** A cache line; every block starts on one. */
export const LINE: usize = 64;

const HEADER: usize = 0x1000;
/** Next free address of the heap. 0: the memory is fresh. */
const BREAK: usize = HEADER;
/** The version with which the next map starts, never one that another had in this memory, `reset` or not: a u64. */
const VERSIONS: usize = HEADER + 8;
/** Six u64, see hash-key.ts. */
export const MULTIPLIERS: usize = HEADER + 0x40;
/** 16 bytes per worker, see array-map.ts. */
const KEY_CELLS: usize = HEADER + 0x100;
export const DESCRIPTORS: usize = 0x2000;

/** Moves with every change of what lies where, here or in a map: memory of another format cannot be gone on with. */
const FORMAT: u32 = 2;

export function memoryFormat(): u32 {
  return FORMAT;
}

/** Per instance on purpose: which worker this instance is. */
let worker: u32 = 0;
/** Bytes of a worker's remembered matches, and where worker 0 has them. What is not used of them is never touched. */
export const MATCHES_SIZE: usize = 0x100000;
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
/** Empties every worker's matches. */
export function forgetMatches(): void {
  for (let number: u32 = 0; number < MAX_WORKERS; number++) memory.fill(MATCHES + <usize>number * AREA_SIZE, 0, MATCHES_SIZE);
}
/** Even, and higher than any version that was given back. */
export function firstVersion(): u64 {
  const version = load<u64>(VERSIONS);
  return version == 0 ? 2 : version;
}
/** A map ends at that version. */
export function giveVersionBack(version: u64): void {
  if (version >= load<u64>(VERSIONS)) store<u64>(VERSIONS, (version + 2) & ~1);
}
/** Sixteen bytes that only this worker writes. */
export function keyCell(): usize {
  return KEY_CELLS + ((<usize>worker) << 4);
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
