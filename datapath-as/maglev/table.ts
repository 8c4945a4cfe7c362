// Maglev tables: which slots of a service a backend claims. Control side only (packets read the finished slots), so not bound to
// the core's subset; the hash that orders a backend's claims is the core's, and depends on nothing but the backend's name.
//
// Row, 40 bytes, in the order of (hi, lo, place), written by the caller up to `weight`:
//   0 hi u64 | 8 lo u64 | 16 place u32 | 20 id u32 | 24 weight u32 | 28 credit u32 | 32 position u32 | 36 step u32
// place = port (network order) | protocol << 16 | cluster << 24.

import { backendHash } from '../core/hash';

const ROW: usize = 40;

/** Each backend walks the slots from its own start in its own step; a prime size lets every walk meet every slot. */
function startWalk(row: usize, size: u32, credit: u32): void {
  const hi = load<u64>(row, 0);
  const lo = load<u64>(row, 8);
  const place = load<u32>(row, 16);
  store<u32>(row, credit, 28);
  store<u32>(row, backendHash(hi, lo, place, 0) % size, 32);
  store<u32>(row, (backendHash(hi, lo, place, 1) % (size - 1)) + 1, 36);
}

/** Gives the row's backend the next free slot of its walk. There is one. */
function claimSlot(row: usize, slots: usize, size: u32): void {
  let position = load<u32>(row, 32);
  const step = load<u32>(row, 36);
  while (load<u32>(slots + ((<usize>position) << 2)) != 0) {
    position = position >= size - step ? position - (size - step) : position + step;
  }
  store<u32>(slots + ((<usize>position) << 2), load<u32>(row, 20));
  store<u32>(row, position, 32);
}

/**
 * Whether it is the row's turn: one of the largest weight has one in every round, one of half that in every other. The first of few turns is
 * in the middle of the rounds between them.
 */
function hasTurn(row: usize, largest: u32): bool {
  const credit = load<u32>(row, 28) + load<u32>(row, 24);
  const isDue = credit >= largest;
  store<u32>(row, isDue ? credit - largest : credit, 28);
  return isDue;
}

/**
 * Fills `size` slots (u32 backend ids, all written) for `count` backends by turns: shares differ from those that weights say by at most
 * one turn. `size` is a prime, weights are 1 to 2^16. Without backends every slot is 0, and one slot is the only one's. Returns 0, or 1
 * when something makes no sense and nothing was written.
 */
export function fillMaglev(rows: usize, count: u32, slots: usize, size: u32): u32 {
  if (size == 0 || (size == 1 && count > 1)) return 1;
  let largest: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const row = rows + <usize>index * ROW;
    const weight = load<u32>(row, 24);
    if (load<u32>(row, 20) == 0 || weight == 0 || weight > 65536) return 1;
    if (weight > largest) largest = weight;
  }
  memory.fill(slots, 0, (<usize>size) << 2);
  if (count == 0) return 0;
  if (size == 1) {
    store<u32>(slots, load<u32>(rows, 20));
    return 0;
  }
  for (let index: u32 = 0; index < count; index++) startWalk(rows + <usize>index * ROW, size, largest >> 1);
  let claimed: u32 = 0;
  while (true) {
    for (let index: u32 = 0; index < count; index++) {
      const row = rows + <usize>index * ROW;
      if (!hasTurn(row, largest)) continue;
      claimSlot(row, slots, size);
      claimed += 1;
      if (claimed == size) return 0;
    }
  }
}
