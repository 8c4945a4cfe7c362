// Maglev tables: which slots of a service each backend has. The same walk as datapath-as/maglev, for nodes that run no WebAssembly; a test
// holds both equal, for all nodes must give a client the same backend.

import { addressWords, swapPort } from '../../net/words.ts';

export interface MaglevBackend {
  readonly address: string;
  readonly protocol: number;
  readonly port: number;
  /** Not 0. It is written, and decides nothing. */
  readonly id: number;
}

interface Walk {
  readonly id: number;
  readonly step: number;
  position: number;
}

/** Primes. With the size that is wanted every backend has a hundred slots at least: shares differ by one percent at most. */
export const tableSizes = [131071, 16381, 1021, 251, 31] as const;
const slotsPerBackend = 100;
const usual = 1021;

/** Sizes to try for so many backends: the wanted one first, then what is better than none where there is no room. */
export function sizesFor(backends: number): number[] {
  const wanted = [...tableSizes].reverse().find((size) => size >= usual && size >= backends * slotsPerBackend) ?? tableSizes[0];
  return tableSizes.filter((size) => size <= wanted && (size === wanted || size >= backends));
}

/** `size` is a prime. Without backends every slot is 0. */
export function fillMaglev(backends: readonly MaglevBackend[], size: number): Uint32Array {
  const slots = new Uint32Array(size);
  if (backends.length === 0) return slots;
  const walks = backends
    .map(named)
    .sort(byName)
    .map((name) => startWalk(name, size));
  for (let claimed = 0; ; ) {
    for (const walk of walks) {
      while (slots[walk.position] !== 0) walk.position = (walk.position + walk.step) % size;
      slots[walk.position] = walk.id;
      claimed += 1;
      if (claimed === size) return slots;
    }
  }
}

interface Name {
  readonly hi: bigint;
  readonly lo: bigint;
  readonly place: number;
  readonly id: number;
}

function named({ address, protocol, port, id }: MaglevBackend): Name {
  return { ...addressWords(address), place: swapPort(port) | (protocol << 16), id };
}

function byName(a: Name, b: Name): number {
  if (a.hi !== b.hi) return a.hi < b.hi ? -1 : 1;
  if (a.lo !== b.lo) return a.lo < b.lo ? -1 : 1;
  return a.place - b.place;
}

function startWalk(name: Name, size: number): Walk {
  return { id: name.id, position: nameHash(name, 0) % size, step: (nameHash(name, 1) % (size - 1)) + 1 };
}

function nameHash({ hi, lo, place }: Name, seed: number): number {
  const words = [hi, hi >> 32n, lo, lo >> 32n].map((word) => Number(BigInt.asUintN(32, word)));
  return lookup3([...words, place, 0], seed);
}

const mixBits = [4, 6, 8, 16, 19, 4];
const finalBits = [14, 11, 25, 16, 4, 14, 24];

/** Bob Jenkins' lookup3 over six words: one mix, one final, each a round of the same step over three numbers. */
function lookup3(words: readonly number[], seed: number): number {
  const start = 0xdeadbeef + words.length * 4 + seed;
  const state = Int32Array.from([0, 1, 2], (index) => start + (words[index] ?? 0));
  const at = (index: number): number => state[index % 3] ?? 0;
  for (const [round, bits] of mixBits.entries()) {
    state[round % 3] = (at(round) - at(round + 2)) ^ rotated(at(round + 2), bits);
    state[(round + 2) % 3] = at(round + 2) + at(round + 1);
  }
  for (const index of [0, 1, 2]) state[index] = at(index) + (words[3 + index] ?? 0);
  for (const [round, bits] of finalBits.entries()) {
    state[(round + 2) % 3] = (at(round + 2) ^ at(round + 1)) - rotated(at(round + 1), bits);
  }
  return at(2) >>> 0;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
