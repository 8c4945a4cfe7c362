// Maglev tables: which slots of a service a backend claims. Control side only (packets read the finished slots), so not bound to
// the core's subset; the hash that orders a backend's claims is the core's, and depends on nothing but the backend's name.
//
// Row, 56 bytes, in the order of (hi, lo, place), written by the caller up to `weight`:
//   0 hi u64 | 8 lo u64 | 16 place u32 | 20 id u32 | 24 weight u32 | 28 credit u32 | 32 turn u32 | 36 left u32 | 40 start u32
//   44 spread u32 | 48 mix u32 | 52 next u32
// place = port (network order) | protocol << 16 | cluster << 24. `left` is what it may still claim, `next` the index of the next row that may.

import { backendHash } from '../core/hash';

const ROW: usize = 56;
const TURN: usize = 32;
const LEFT: usize = 36;
const START: usize = 40;
const SPREAD: usize = 44;
const MIX: usize = 48;
const NEXT: usize = 52;

/** Where a walk goes: an order of all numbers below a power of two that is every backend's own. */
function startWalk(row: usize, left: u32, credit: u32): void {
  const hi = load<u64>(row, 0);
  const lo = load<u64>(row, 8);
  const place = load<u32>(row, 16);
  store<u32>(row, credit, 28);
  store<u32>(row, 0, TURN);
  store<u32>(row, left, LEFT);
  store<u32>(row, backendHash(hi, lo, place, 0), START);
  store<u32>(row, backendHash(hi, lo, place, 1) | 1, SPREAD);
  store<u32>(row, backendHash(hi, lo, place, 2) | 1, MIX);
}

/**
 * Slot of a turn of the row's; `size` and above are none. `bits` are those that the numbers of all slots take. Turns are numbered anew by three
 * products with odd numbers, each with its upper half folded into the lower: with fewer, two walks in a thousand sets keep close together.
 */
function slotOf(row: usize, turn: u32, bits: u32): u32 {
  const start = load<u32>(row, START);
  const spread = load<u32>(row, SPREAD);
  const mask: u32 = (1 << bits) - 1;
  const half = (bits + 1) >> 1;
  let slot = (turn * spread + start) & mask;
  slot ^= slot >> half;
  slot = (slot * load<u32>(row, MIX) + (spread >> 12)) & mask;
  slot ^= slot >> half;
  slot = (slot * ((start >> 10) | 1)) & mask;
  return slot ^ (slot >> half);
}

/**
 * Whether it is the row's turn: one of the largest weight has one in every round, one of half that in every other. The first of few turns is
 * in the middle of the rounds between them.
 */
function hasTurn(row: usize, largest: u32): bool {
  const credit = load<u32>(row, 28) + load<u32>(row, 24);
  const isDue = credit >= largest;
  store<u32>(row, isDue ? credit - largest : credit, 28);
  if (isDue) store<u32>(row, load<u32>(row, TURN) + 1, TURN);
  return isDue;
}

/** What nobody else may claim any more. */
function claimRest(row: usize, slots: usize, size: u32): void {
  const id = load<u32>(row, 20);
  for (let slot: u32 = 0; slot < size; slot++) {
    const place = slots + ((<usize>slot) << 2);
    if (load<u32>(place) == 0) store<u32>(place, id);
  }
}

/** A turn of the row's: whether it got the slot of that turn, which somebody else may have by now. */
function claims(row: usize, turn: u32, slots: usize, size: u32, bits: u32): bool {
  const slot = slotOf(row, turn, bits);
  if (slot >= size) return false;
  const place = slots + ((<usize>slot) << 2);
  if (load<u32>(place) != 0) return false;
  store<u32>(place, load<u32>(row, 20));
  store<u32>(row, load<u32>(row, LEFT) - 1, LEFT);
  return true;
}

/** Of the rows that may still claim. */
function largestWeight(rows: usize, count: u32, first: u32): u32 {
  let largest: u32 = 0;
  for (let index = first; index < count; index = load<u32>(rows + <usize>index * ROW, NEXT)) {
    const weight = load<u32>(rows + <usize>index * ROW, 24);
    if (weight > largest) largest = weight;
  }
  return largest;
}

/** Shares as weights say, rounded down; what is left over goes to the first rows, a slot each. Returns the first row that has one, or `count`. */
function share(rows: usize, count: u32, size: u32, largest: u32): u32 {
  let weights: u64 = 0;
  for (let index: u32 = 0; index < count; index++) weights += load<u32>(rows + <usize>index * ROW, 24);
  let rest = size;
  for (let index: u32 = 0; index < count; index++) {
    const row = rows + <usize>index * ROW;
    const left = <u32>((<u64>size * <u64>load<u32>(row, 24)) / weights);
    rest -= left;
    startWalk(row, left, largest >> 1);
  }
  let first = count;
  for (let index = count; index > 0; index--) {
    const row = rows + <usize>(index - 1) * ROW;
    if (index <= rest) store<u32>(row, load<u32>(row, LEFT) + 1, LEFT);
    if (load<u32>(row, LEFT) == 0) continue;
    store<u32>(row, first, NEXT);
    first = index - 1;
  }
  return first;
}

/** Turn by turn until every slot is somebody's. Who has its share has no more turns. */
function claimAll(rows: usize, count: u32, slots: usize, size: u32, start: u32, isEven: bool): void {
  const bits = size > 1 ? 32 - clz(size - 1) : 0;
  let first = start;
  let largest = largestWeight(rows, count, first);
  // Where all weigh the same, each has a turn in every round.
  for (let round: u32 = 0; load<u32>(rows + <usize>first * ROW, NEXT) < count; round++) {
    let previous = count;
    for (let index = first; index < count; ) {
      const row = rows + <usize>index * ROW;
      const next = load<u32>(row, NEXT);
      const has = isEven || hasTurn(row, largest);
      if (has && claims(row, isEven ? round : load<u32>(row, TURN) - 1, slots, size, bits) && load<u32>(row, LEFT) == 0) {
        if (previous == count) first = next;
        else store<u32>(rows + <usize>previous * ROW, next, NEXT);
        if (!isEven && load<u32>(row, 24) == largest) largest = largestWeight(rows, count, first);
      } else previous = index;
      index = next;
    }
    if (first == count) return;
  }
  claimRest(rows + <usize>first * ROW, slots, size);
}

/**
 * Fills `size` slots (u32 backend ids, all written) for `count` backends: shares differ from those that weights say by less than a slot.
 * Weights are 1 to 2^16. Without backends every slot is 0, and one slot is the only one's. Returns 0, or 1 when something makes no sense and
 * nothing was written.
 */
export function fillMaglev(rows: usize, count: u32, slots: usize, size: u32): u32 {
  if (size == 0 || (size == 1 && count > 1)) return 1;
  let largest: u32 = 0;
  let smallest: u32 = 65536;
  for (let index: u32 = 0; index < count; index++) {
    const row = rows + <usize>index * ROW;
    const weight = load<u32>(row, 24);
    if (load<u32>(row, 20) == 0 || weight == 0 || weight > 65536) return 1;
    if (weight > largest) largest = weight;
    if (weight < smallest) smallest = weight;
  }
  memory.fill(slots, 0, (<usize>size) << 2);
  if (count > 0) claimAll(rows, count, slots, size, share(rows, count, size, largest), smallest == largest);
  return 0;
}
