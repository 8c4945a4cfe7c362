// Maglev tables: which slots of a service a backend claims. Control side only (packets read the finished slots), so not bound to
// the core's subset; the hash that orders a backend's claims is the core's, and depends on nothing but the backend's name.
//
// Row, 32 bytes, in the order of (hi, lo, place), written by the caller up to `id`:
//   0 hi u64 | 8 lo u64 | 16 place u32 | 20 id u32 | 24 position u32 | 28 step u32
// place = port (network order) | protocol << 16 | cluster << 24.

import { backendHash } from '../core/hash';

const ROW: usize = 32;

/** Each backend walks the slots from its own start in its own step; a prime size lets every walk meet every slot. */
function startWalk(row: usize, size: u32): void {
  const hi = load<u64>(row, 0);
  const lo = load<u64>(row, 8);
  const place = load<u32>(row, 16);
  store<u32>(row, backendHash(hi, lo, place, 0) % size, 24);
  store<u32>(row, (backendHash(hi, lo, place, 1) % (size - 1)) + 1, 28);
}

/** Gives the row's backend the next free slot of its walk. There is one. */
function claimSlot(row: usize, slots: usize, size: u32): void {
  let position = load<u32>(row, 24);
  const step = load<u32>(row, 28);
  while (load<u32>(slots + ((<usize>position) << 2)) != 0) {
    position = position >= size - step ? position - (size - step) : position + step;
  }
  store<u32>(slots + ((<usize>position) << 2), load<u32>(row, 20));
  store<u32>(row, position, 24);
}

/**
 * Fills `size` slots (u32 backend ids, all written) for `count` backends by turns: shares differ by at most one turn. `size` is a
 * prime > 1. Without backends every slot is 0. Returns 0, or 1 when size or an id makes no sense and nothing was written.
 */
export function fillMaglev(rows: usize, count: u32, slots: usize, size: u32): u32 {
  if (size < 2) return 1;
  for (let index: u32 = 0; index < count; index++) {
    const row = rows + <usize>index * ROW;
    if (load<u32>(row, 20) == 0) return 1;
    startWalk(row, size);
  }
  memory.fill(slots, 0, (<usize>size) << 2);
  if (count == 0) return 0;
  let claimed: u32 = 0;
  while (true) {
    for (let index: u32 = 0; index < count; index++) {
      claimSlot(rows + <usize>index * ROW, slots, size);
      claimed += 1;
      if (claimed == size) return 0;
    }
  }
}
